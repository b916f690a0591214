"""Which kind of answer a client would like best: the Accept header (RFC 9110, 12.5.1).

A stream is only for those who name one and prefer it to the JSON that they name too: urql names streams last even when
it asks a plain query, and `*/*` is what clients say that have no wish at all.
"""

import re
from functools import lru_cache
from typing import NamedTuple

from server.formats import EVENT_STREAM, MULTIPART, Format
from server.patches import DEFER, INCREMENTAL, Patches

GRAPHQL_RESPONSE = b"application/graphql-response+json; charset=utf-8"
JSON = b"application/json; charset=utf-8"
ANSWERS = {b"application/graphql-response+json": GRAPHQL_RESPONSE} | dict.fromkeys(
    (b"application/json", b"application/*", b"*/*"), JSON
)
STREAMS: dict[bytes, Format] = {
    b"text/event-stream": EVENT_STREAM,
    b"multipart/mixed;subscriptionspec=1.0": MULTIPART,
}
PATCHES: dict[bytes, Patches] = {
    b"multipart/mixed;deferspec=20220824": DEFER,
    b"multipart/mixed;incrementalspec=v0.2": INCREMENTAL,
}
SPECS = (b"subscriptionspec", b"deferspec", b"incrementalspec")
REMEMBERED = 256  # headers; there are about as many as there are kinds of clients
LONGEST = 1_000  # bytes of a header that are looked at; a browser sends 150

_QUOTED = rb'"(?:\\.|[^"\\])*"?'
_RANGES = re.compile(rb'(?:[^,"]|%b)+' % _QUOTED)
_PARAMETERS = re.compile(rb'(?:[^;"]|%b)+' % _QUOTED)
_QUALITY = re.compile(rb"0(\.\d{0,3})?|1(\.0{0,3})?")


class Accepted(NamedTuple):
    """`json` is the type of an answer in one piece, None where nothing is accepted that there is.

    Beside an event stream it is the one whose status says nothing of the document: what is amiss is told in the stream.
    """

    json: bytes | None
    stream: Format | None = None  # of a subscription
    patches: Patches | None = None  # of a query with @defer


class _Wish(NamedTuple):
    quality: float
    named: bool  # and not only included
    kind: bytes


def accepted(header: bytes | None) -> Accepted:
    """Of equal wishes for JSON and a stream the one that is named first counts. Without a header, or with one that says
    nothing, it is JSON as it was before the specification.
    """
    return _accepted((header or b"")[:LONGEST])


@lru_cache(REMEMBERED)
def _accepted(header: bytes) -> Accepted:
    ranges = [text for text in _RANGES.findall(header) if text.strip()]
    if not ranges:
        return Accepted(JSON)
    wishes = sorted(filter(None, map(_wish, ranges)), key=lambda wish: wish[:2], reverse=True)
    if not wishes:
        return Accepted(None)
    best = wishes[0].kind
    plain = [(*wish[:2], wish.kind is GRAPHQL_RESPONSE) for wish in wishes if wish.kind in (GRAPHQL_RESPONSE, JSON)]
    by_spec = bool(plain) and max(plain)[2] and best != b"text/event-stream"
    return Accepted(GRAPHQL_RESPONSE if by_spec else JSON, STREAMS.get(best), PATCHES.get(best))


def _wish(text: bytes) -> _Wish | None:
    """None for what is never answered, or not wanted at all."""
    kind, *rest = (part.strip().lower() for part in _PARAMETERS.findall(text) or [b""])
    given = {name.strip(): value.strip(b' "') for name, _, value in (part.partition(b"=") for part in rest)}
    quality = given.get(b"q", b"1")
    if not _QUALITY.fullmatch(quality) or not float(quality):
        return None
    if kind in ANSWERS and given.get(b"charset", b"utf-8") in (b"utf-8", b"utf8", b"*"):
        return _Wish(float(quality), named=b"*" not in kind, kind=ANSWERS[kind])
    if kind == b"multipart/mixed":
        specs = (b"%b;%b=%b" % (kind, name, given[name]) for name in SPECS if name in given)
        kind = next(specs, kind)
    if kind not in (*STREAMS, *PATCHES):
        return None
    return _Wish(float(quality), named=True, kind=kind)
