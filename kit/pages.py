"""What a page says of the thing it shows: JSON-LD first, then Open Graph, then Twitter's cards, then plain HTML.

All of it is optional, and written by strangers: what is missing or contradicts itself becomes a warning.
"""

import asyncio
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urljoin, urlsplit

from selectolax.lexbor import LexborHTMLParser

from kit import linked
from kit.money import Money, price
from kit.outside import Page
from kit.tags import Picked, picked

TITLE, DESCRIPTION, SITE, URL = 200, 2_000, 100, 2_000  # characters kept
SCRIPTS = 50
THREAD_BYTES = 50_000  # of a larger page the event loop would feel the parsing
DEFAULT_CHARSET = "utf-8"
_CHARSETS = re.compile(
    r"utf-?8|utf-?16(le|be)?|us-ascii|iso-?8859-\d+|latin-?1|windows-\d+|cp\d+|koi8-[ru]|shift[_-]jis|euc-(jp|kr)"
    r"|iso-2022-jp|gb(k|2312|18030)|big5"
)
_IN_META = re.compile(rb"<meta[^>]{0,200}charset\s*=\s*[\"']?\s*([\w-]{1,40})", re.IGNORECASE)
_DROPPED = {"Cc", "Cs", "Co", "Cn"}
_TURNING = {*"\u200b\u200e\u200f\u2060\ufeff\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"}  # of direction


class Doubt(StrEnum):
    """What a page left open."""

    NO_TITLE = "NO_TITLE"
    NO_PRICE = "NO_PRICE"
    PRICE_UNCLEAR = "PRICE_UNCLEAR"  # not understood, or several that differ: then the lowest of the first place
    NO_IMAGE = "NO_IMAGE"
    NO_DESCRIPTION = "NO_DESCRIPTION"


@dataclass(frozen=True, slots=True)
class Found:
    """`image` and `url`, the canonical one, are absolute http(s) URLs; `site` is its name, or else its host."""

    title: str | None
    price: Money | None
    image: str | None
    description: str | None
    site: str
    url: str
    warnings: tuple[Doubt, ...]


async def understood(page: Page) -> Found:
    """Whatever it is made of; it raises nothing."""
    if len(page.body) < THREAD_BYTES:
        return found(page)
    return await asyncio.to_thread(found, page)


def found(page: Page) -> Found:
    said = Said(picked(_decoded(page)), page.url)
    money, unclear = said.price()
    title, image, description = said.title(), said.image(), said.description()
    missing = {
        Doubt.NO_TITLE: title is None,
        Doubt.NO_PRICE: money is None and not unclear,
        Doubt.PRICE_UNCLEAR: unclear,
        Doubt.NO_IMAGE: image is None,
        Doubt.NO_DESCRIPTION: description is None,
    }
    warnings = tuple(warning for warning, so in missing.items() if so)
    return Found(title, money, image, description, said.site(), said.canonical(), warnings)


class Said:
    """One page, and what its parts say, in the order in which they are believed."""

    def __init__(self, parts: Picked, url: str) -> None:
        self._tree = parts.tree
        self._url = url
        self._meta = _meta(self._tree)
        self._product = linked.product(parts.scripts[:SCRIPTS]) or {}

    def title(self) -> str | None:
        heading = self._tree.css_first("title")
        plain = heading.text() if heading is not None else None
        return self._first(TITLE, linked.text(self._product.get("name")), "og:title", "twitter:title", plain=plain)

    def description(self) -> str | None:
        own = linked.text(self._product.get("description"))
        return self._first(DESCRIPTION, own, "og:description", "twitter:description", "description")

    def site(self) -> str:
        return (
            self._first(SITE, None, "og:site_name", "application-name") or (urlsplit(self._url).hostname or "")[:SITE]
        )

    def image(self) -> str | None:
        named = ("og:image:secure_url", "og:image", "og:image:url", "twitter:image", "twitter:image:src")
        given = [linked.image(self._product.get("image")), *map(self._meta.get, named)]
        return next(filter(None, (self._absolute(one) for one in given)), None)

    def canonical(self) -> str:
        link = self._tree.css_first('link[rel="canonical" i]')
        given = link.attributes.get("href") if link is not None else None
        return self._absolute(given) or self._absolute(self._meta.get("og:url")) or self._url

    def price(self) -> tuple[Money | None, bool]:
        """With whether something about it is unclear."""
        places = [
            [*place] for place in (linked.prices(self._product.get("offers")), self._og(), self._card(), self._items())
        ]
        told = [one for place in places for one in place]
        clear = [money for place in places if any(place) for money in place if money is not None]
        if not clear:
            return None, bool(told)
        first = next([money for money in place if money is not None] for place in places if any(place))
        return min(first), len({*told}) > 1

    def _og(self) -> Iterator[Money | None]:
        for prefix in ("product:price", "og:price", "product:sale_price"):
            if amount := self._meta.get(f"{prefix}:amount"):
                yield price(amount, self._meta.get(f"{prefix}:currency"))
                return

    def _card(self) -> Iterator[Money | None]:
        for number in "12":
            if self._meta.get(f"twitter:label{number}", "").strip().lower() == "price":
                yield price(self._meta.get(f"twitter:data{number}", ""))

    def _items(self) -> Iterator[Money | None]:
        """Microdata, of which the first is the page's own."""
        amount, currency = (self._tree.css_first(f'[itemprop="{name}"]') for name in ("price", "priceCurrency"))
        if amount is not None:
            named = None if currency is None else currency.attributes.get("content") or currency.text()
            yield price(amount.attributes.get("content") or amount.text(), named)

    def _first(self, length: int, own: str | None, *names: str, plain: str | None = None) -> str | None:
        given = [own, *map(self._meta.get, names), plain]
        return next(filter(None, (cleaned(one, length) for one in given)), None)

    def _absolute(self, url: str | None) -> str | None:
        try:
            whole = urljoin(self._url, cleaned(url, URL + 1) or "")
            parts = urlsplit(whole)
            safe = parts.scheme in ("http", "https") and parts.hostname and parts.username is None
        except ValueError:
            return None
        return whole if url and safe and len(whole) <= URL else None


def cleaned(text: str | None, length: int) -> str | None:
    """On one line, without what cannot be seen or turns the direction of writing, and no longer than that."""
    kept = "".join(" " if one.isspace() else one for one in (text or "")[: 20 * length] if _visible(one))
    line = " ".join(kept.split())
    return (line if len(line) <= length else line[: length - 1].rstrip() + "…") or None


def _visible(one: str) -> bool:
    return one.isspace() or (one not in _TURNING and unicodedata.category(one) not in _DROPPED)


def _meta(tree: LexborHTMLParser) -> dict[str, str]:
    """By name, each the first that says something."""
    said: dict[str, str] = {}
    for node in tree.css("meta[content]"):
        name = node.attributes.get("property") or node.attributes.get("name")
        content = node.attributes.get("content")
        if name and content:
            said.setdefault(name.strip().lower(), content)
    return said


def _decoded(page: Page) -> str:
    """By the header, by what the page says, or else as UTF-8. Only by charsets of pages: some codecs are slow."""
    in_meta = _IN_META.search(page.body[:2_048])
    for name in (page.charset, in_meta[1].decode() if in_meta else None):
        if name and _CHARSETS.fullmatch(name.lower()):
            try:
                return page.body.decode(name, errors="replace")
            except LookupError:
                continue
    return page.body.decode(DEFAULT_CHARSET, errors="replace")
