"""The catalogue of a family: which gifts, and what may be done with them. What is kept from whom, the policy says."""

from typing import Annotated, Any

from sqlalchemy import Select, case, false, literal_column, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from db.gifts.families import Family
from db.gifts.gifts import Gift, PageState
from db.gifts.persons import Person
from db.selection import Listing, Order, Reached
from db.slots import VIEWER_ID
from kit.errors import Invalid
from kit.ids import Id
from live.log import Kind
from live.topics import family
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import keeping, pages, prices
from resolvers.gifts.keeping import Secret
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.named import named, of_family
from resolvers.gifts.rules.gifts import (
    CreateGift,
    GiftFilter,
    GiftOrder,
    GiftOrderField,
    UpdateGift,
    Wanted,
    WantedAddress,
    host_of,
)
from resolvers.matching import alike, likeness, matches, nearly, nearness
from resolvers.orders import ordered
from resolvers.rules import SearchWords
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

GiftId = Annotated[Id, Doc("The gift's id.")]
FamilyId = Annotated[Id | None, Doc("Of this family. Default: of all that are the viewer's.")]
ExpectedVersion = Annotated[int | None, Doc("Refused with CONFLICT when the gift is no longer of this version.")]

MOST = 10_000  # gifts of a family that one user added, also such as they took off and may bring back
FROM_PAGE = frozenset({"name", "description", "image_url", "source"}) | prices.COLUMNS  # what a page may say

ORDERS: dict[GiftOrderField, InstrumentedAttribute[Any]] = {
    GiftOrderField.NAME: Gift.name,
    GiftOrderField.CREATED_AT: Gift.created_at,
    GiftOrderField.UPDATED_AT: Gift.updated_at,
    GiftOrderField.PRICE: Gift.price_minor,
}


def by_id(id: GiftId) -> Select[Gift]:
    return select(Gift).where(Gift.id == id)


def listed(
    family_id: FamilyId = None,
    filter: Annotated[GiftFilter | None, Doc("Which gifts.")] = None,
    order_by: Annotated[GiftOrder | None, Doc("Default: by name; of a search, what comes nearest first.")] = None,
) -> Listing:
    filter = filter or GiftFilter()
    rows = _filtered(_of(family_id), filter)
    usual = Order(Gift.name)
    if filter.search is not None:
        usual = Order(Reached(nearness(Gift.name, filter.search), "nearness"), descending=True)
    return ordered(rows, ORDERS, order_by, usual=usual)


def found(
    q: Annotated[SearchWords, Doc("Words that begin words of it, in any order, or nearly those of its name.")],
    family_id: FamilyId = None,
) -> Listing:
    return listed(family_id, GiftFilter.model_construct(search=q))


def similar(
    family_id: Annotated[Id, Doc("In this family.")],
    name: Annotated[Wanted, Doc("Of what is to be added.")] = None,
    url: Annotated[WantedAddress, Doc("Of what is to be added.")] = None,
) -> Listing:
    """Of the same address first, then what is called most alike."""
    same = false() if url is None else Gift.url == url
    called = false() if name is None else alike(Gift.name, name)
    rows = _of(family_id).where(Gift.removed_at.is_(None), or_(same, called))
    first = case((same, literal_column("2000")), else_=literal_column("0"))
    near = first if name is None else first + likeness(Gift.name, name)
    return Listing(rows, (Order(Reached(near, "likeness"), descending=True),))


def _of(family_id: Id | None) -> Select[Gift]:
    return select(Gift) if family_id is None else select(Gift).where(Gift.family_id == family_id)


def _filtered(rows: Select[Gift], filter: GiftFilter) -> Select[Gift]:
    if filter.removed:
        rows = rows.where(Gift.removed_at.is_not(None), Gift.added_by_id == VIEWER_ID)
    else:
        rows = rows.where(Gift.removed_at.is_(None))
    if filter.search is not None:
        rows = rows.where(or_(matches(Gift, filter.search), nearly(Gift.name, filter.search)))
    if filter.tags is not None:
        rows = rows.where(Gift.tags.op("&&")(filter.tags))
    if filter.min_price_minor is not None:
        rows = rows.where(Gift.price_minor >= filter.min_price_minor)
    if filter.max_price_minor is not None:
        rows = rows.where(Gift.price_minor <= filter.max_price_minor)
    if filter.currency is not None:
        rows = rows.where(Gift.currency == filter.currency)
    if filter.added_by_id is not None:
        rows = rows.where(Gift.added_by_id == filter.added_by_id)
    return rows


def followed(ctx: Context, family_id: Annotated[Id, Doc("Of which family.")]) -> Followed:
    return Followed((family(family_id),), types=frozenset({"Gift"}))


async def create(ctx: Context, input: Annotated[CreateGift, Doc("The new gift.")]) -> Gift:
    async with ctx.work(alone="gifts") as work:
        of = await named(work, Family, input.family_id)
        secret = await _kept_from(work, of.id, input.person_id)
        return await made(work, of.id, input.given("family_id", "person_id"), secret)


async def _kept_from(work: Work, family_id: Id, person_id: Id | None) -> Secret:
    if person_id is None:
        return keeping.OPEN
    person = await named(work, Person, person_id, still=True)
    of_family(person, family_id, "personId")
    if person.user_id == work.ctx.viewer.id:
        raise Invalid({"personId": ["must be somebody else: nothing of one's own is kept from oneself"]})
    return keeping.from_person(person.id)


async def made(work: Work, family_id: Id, values: dict[str, Any], secret: Secret, *, unlisted: bool = False) -> Gift:
    """A new gift of the family; `values` are those columns that the client gave. Raises Invalid, and Conflict where
    the viewer has added too many. Of works that are alone with the viewer's gifts.
    """
    given = {name: value for name, value in values.items() if value is not None}
    _check_price(given)
    host = host_of(given["url"]) if "url" in given else None
    if host is None and "name" not in given:
        raise Invalid({"name": ["must be given where there is no url"]})
    own = select(Gift.id).where(Gift.added_by_id == work.ctx.viewer.id, Gift.family_id == family_id)
    await refuse_beyond(work, MOST, own, f"Of one user a family has at most {MOST:,} gifts", "TOO_MANY_GIFTS")
    columns = {"name": host, "source": host, "url": None, "tags": []} | given
    gift = Gift(family_id=family_id, added_by_id=work.ctx.viewer.id, typed=_typed(given), **columns, **secret)
    gift.unlisted = unlisted
    gift.page_state = PageState.NONE if host is None else PageState.PENDING
    await work.add(gift)
    await prices.record(work, gift)
    await pages.wanted(work, gift)
    return gift


async def update(
    ctx: Context,
    id: GiftId,
    input: Annotated[UpdateGift, Doc("What to change.")],
    expected_version: ExpectedVersion = None,
) -> Gift:
    async with ctx.work() as work:
        gift = await work.lock(Gift, id, version=expected_version, removed_at=None)
        values, price, url = input.given(), prices.of(gift), gift.url
        _check_price(price | values)
        values["typed"] = _typed(dict.fromkeys(gift.typed, True) | values)
        if "url" in values and values["url"] != url:
            values = _of_page(values["url"], values["typed"]) | values
        work.change(gift, **values)
        await prices.record(work, gift, before=price)
        if gift.url != url:
            await pages.wanted(work, gift)
        return gift


async def delete(ctx: Context, id: GiftId) -> Deleted:
    """Takes it from the catalogue. Those who see an item with it go on seeing it; nothing asks whether there is one."""
    async with ctx.work() as work:
        gift = await work.lock(Gift, id, removed_at=None)
        await take_off(work, gift)
        return Deleted(id)


async def take_off(work: Work, gift: Gift, **values: Any) -> None:
    """The catalogue; one that is locked. `values` are what else changes with it."""
    work.tell(gift, Kind.DELETED)
    await work.decide()  # all who see it until now hear that; those who still do, of the change
    work.change(gift, removed_at=gift.removed_at or work.ctx.now(), **values)


async def restore(ctx: Context, id: GiftId) -> Gift:
    """Brings it back; one that is not removed is answered as it is."""
    async with ctx.work() as work:
        gift = await work.lock(Gift, id)
        return work.change(gift, Kind.ADDED, removed_at=None)


def _check_price(values: dict[str, Any]) -> None:
    if values.get("price_minor") is not None and values.get("currency") is None:
        raise Invalid({"currency": ["must be given with a price"]})
    if values.get("currency") is not None and values.get("price_minor") is None:
        raise Invalid({"priceMinor": ["must be given with a currency"]})


def _typed(values: dict[str, Any]) -> list[str]:
    """What somebody has filled in by hand; what they have cleared, its page may fill."""
    return sorted(name for name, value in values.items() if name in FROM_PAGE and value is not None)


def _of_page(url: str | None, typed: list[str]) -> dict[str, Any]:
    """What is so of a new address, before its page is read: what the one before said, but for the name, is not so."""
    state, source = (PageState.NONE, None) if url is None else (PageState.PENDING, host_of(url))
    said = () if url is None else FROM_PAGE - {"name"}
    by_hand = {*typed} if prices.COLUMNS.isdisjoint(typed) else prices.COLUMNS.union(typed)
    left = {name: value for name, value in (dict.fromkeys(said) | {"source": source}).items() if name not in by_hand}
    return {"page_state": state, "page_warnings": [], "page_read_at": None} | left
