"""JSON-LD: the product that a page is about, in whatever way it is wrapped."""

import json
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from html import unescape
from typing import Any

from kit.money import Money, price

NODES = 5_000  # looked at, of all scripts together
TEXT = 50_000  # characters of one that are looked at: to decode two million entities takes 2 s
PRODUCTS = {"product", "productgroup", "productmodel", "individualproduct", "somproducts", "vehicle", "book"}

Node = Mapping[str, Any]


def product(scripts: Iterable[str]) -> Node | None:
    """The outermost node that is a product, the first of several; those with an offer come before those without."""
    first = None
    for node in _nodes(scripts):
        if _types(node) & PRODUCTS:
            if node.get("offers"):
                return node
            first = first or node
    return first


def _nodes(scripts: Iterable[str]) -> Iterator[Node]:
    waiting = deque[Any]()
    for script in scripts:
        with suppress(ValueError, RecursionError):
            waiting.append(json.loads(script, strict=False))
    for _ in range(NODES):
        if not waiting:
            return
        node = waiting.popleft()
        if isinstance(node, dict):
            yield node
            waiting.extend(value for value in node.values() if isinstance(value, dict | list))
        elif isinstance(node, list):
            waiting.extend(value for value in node if isinstance(value, dict | list))


def _types(node: Node) -> set[str]:
    return {str(name).rpartition("/")[2].lower() for name in _several(node.get("@type")) if isinstance(name, str)}


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def text(value: Any) -> str | None:
    """The first text there is; what HTML would have said with entities stands in JSON-LD as it is, or so it should."""
    for one in _several(value):
        if isinstance(one, dict):
            one = one.get("@value") or one.get("name")
        if isinstance(one, str) and one.strip():
            return unescape(one[:TEXT])
    return None


def image(value: Any) -> str | None:
    for one in _several(value):
        if isinstance(one, dict):
            one = one.get("url") or one.get("contentUrl") or one.get("@id")
            one = one[0] if isinstance(one, list) and one else one
        if isinstance(one, str) and one.strip():
            return unescape(one[:TEXT].strip())
    return None


def prices(offers: Any, currency: Any = None) -> Iterator[Money | None]:
    """What is asked for it, each way of buying it by itself; None for a price that is not clear."""
    for offer in _several(offers)[:100]:
        if not isinstance(offer, dict):
            continue
        meant = offer.get("priceCurrency", currency)
        written = [offer[key] for key in ("price", "lowPrice", "highPrice") if offer.get(key) not in (None, "")]
        if written:
            yield from (price(one, meant if isinstance(meant, str) else None) for one in written)
        elif "priceSpecification" in offer:
            yield from prices(offer["priceSpecification"], meant)
        elif "offers" in offer:
            yield from prices(offer["offers"], meant)
