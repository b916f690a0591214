"""What may come in of gifts."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, Field, HttpUrl, StringConstraints, TypeAdapter, ValidationError

from kit.ids import Id
from resolvers.rules import Clean, Direction, Input, NotNull, SearchWords, optional, stripped

LARGEST_PRICE = 1_000_000_000  # minor units
LONGEST_URL = 2_000

_HTTP: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _web_address(text: str) -> str:
    """As browsers write it, so that two ways to write one address are the same."""
    try:
        url = _HTTP.validate_python(text)
    except ValidationError:
        raise ValueError("must be an http or https address") from None
    if url.username or url.password:
        raise ValueError("must not have a user name or password in it")
    if len(str(url)) > LONGEST_URL:
        raise ValueError(f"must be at most {LONGEST_URL:,} characters")
    return str(url)


def _perhaps_an_address(text: str | None) -> str | None:
    """What somebody is still typing is left as it is."""
    try:
        return text and _web_address(text)
    except ValueError:
        return text


def host_of(url: str) -> str:
    """Of a web address, as people write it, without `www.`; at most 200 characters."""
    host = _HTTP.validate_python(url).unicode_host() or ""
    return host.removeprefix("www.")[:200]


GiftName = Annotated[str, stripped(200), Clean]
Description = Annotated[str, StringConstraints(max_length=10_000), Clean]
Source = Annotated[str, stripped(200), Clean]
WebAddress = Annotated[str, StringConstraints(max_length=LONGEST_URL), AfterValidator(_web_address)]
Wanted = Annotated[str | None, Field(max_length=LONGEST_URL)]
WantedAddress = Annotated[str | None, Field(max_length=LONGEST_URL), AfterValidator(_perhaps_an_address)]
Price = Annotated[int, Field(ge=0, le=LARGEST_PRICE)]
Currency = Annotated[str, StringConstraints(pattern="^[A-Z]{3}$")]
Tag = Annotated[str, StringConstraints(strip_whitespace=True, to_lower=True, min_length=1, max_length=30), Clean]
Tags = Annotated[list[Tag], Field(max_length=20), AfterValidator(lambda tags: [*dict.fromkeys(tags)])]


class GiftOrderField(StrEnum):
    """What gifts can be sorted by."""

    NAME = "NAME"
    CREATED_AT = "CREATED_AT"
    UPDATED_AT = "UPDATED_AT"
    PRICE = "PRICE"


class NewGift(Input):
    """What is known of a new gift: its name, or where its page is."""

    name: GiftName | None = optional("1 to 200 characters. Without one, its url's host, until the page is read.")
    url: WebAddress | None = optional("Its page, http or https; what is left out here is read from there.")
    description: Description | None = optional("Up to 10,000 characters.")
    price_minor: Price | None = optional("What it costs, in minor units; needs the currency.")
    currency: Currency | None = optional("ISO 4217.")
    image_url: WebAddress | None = optional("A picture, http or https.")
    source: Source | None = optional("The name of the shop.")
    tags: Tags | None = optional("At most 20 words to sort it by, of up to 30 characters, kept in small letters.")


class CreateGift(NewGift):
    """A new gift of a family."""

    family_id: Id = Field(description="To which family it belongs.")
    person_id: Id | None = optional("It is kept from this person, who cannot be oneself.")


class UpdateGift(Input):
    """What is left out stays as it is; null clears, and leaves it to its page."""

    name: Annotated[GiftName | None, NotNull] = optional("1 to 200 characters.")
    url: WebAddress | None = optional("Its page, http or https; another one is read.")
    description: Description | None = optional("Up to 10,000 characters.")
    price_minor: Price | None = optional("What it costs, in minor units; needs the currency.")
    currency: Currency | None = optional("ISO 4217.")
    image_url: WebAddress | None = optional("A picture, http or https.")
    source: Source | None = optional("The name of the shop.")
    tags: Annotated[Tags | None, NotNull] = optional("All that it is to have.")


class GiftFilter(Input):
    """All that is given must hold."""

    search: SearchWords | None = optional(
        "Words that begin words of its name, shop or description, in any order, or nearly those of its name."
    )
    tags: Tags | None = optional("With at least one of these.")
    min_price_minor: Price | None = optional("At least this much. Say the currency, too.")
    max_price_minor: Price | None = optional("At most this much. Say the currency, too.")
    currency: Currency | None = optional("Priced in this one.")
    added_by_id: Id | None = optional("Added by this user.")
    removed: bool | None = optional("One's own that were removed, instead of the others.")


class GiftOrder(Input):
    """An order of gifts; the id decides between equals."""

    field: GiftOrderField = Field(description="What to sort by.")
    direction: Direction = Field(Direction.ASC, description="Which way.")
