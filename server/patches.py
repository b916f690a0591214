"""How the parts of a query with @defer are written, so that clients can put them together.

There are two protocols. What a part is and where it belongs is said with the part in the older one; in the newer one it
is announced with the first answer, and the part refers to it.
"""

from collections.abc import Sequence
from typing import Protocol

import orjson

from schema.defer import Part
from server.formats import part


class Patches(Protocol):
    """Data and errors are JSON; errors are None where there are none, data where the part has failed."""

    kind: bytes  # of content

    def first(self, json: bytes, pending: Sequence[Part]) -> bytes:
        """The first answer, and what is still to come."""

    def next(self, id: int, which: Part, data: bytes | None, errors: bytes | None, *, more: bool) -> bytes:
        """One of those, by its index."""


class Incremental:
    """Apollo's incremental delivery v0.2: what graphql-js 17 and the draft of the specification say."""

    kind = b'multipart/mixed;boundary="graphql";incrementalSpec=v0.2'

    def first(self, json: bytes, pending: Sequence[Part]) -> bytes:
        told = orjson.dumps([{"id": str(id), **_place(which)} for id, which in enumerate(pending)])
        return part(_and(json, b'"pending":%b,"hasNext":true' % told if pending else b'"hasNext":false'))

    def next(self, id: int, which: Part, data: bytes | None, errors: bytes | None, *, more: bool) -> bytes:
        failed = b"" if errors is None else b',"errors":%b' % errors
        if data is None:
            return part(b'{"completed":[{"id":"%d"%b}],"hasNext":%b}' % (id, failed, _bool(more)))
        told = b"" if data == b"{}" else b'"incremental":[{"id":"%d","data":%b%b}],' % (id, data, failed)
        return part(b'{%b"completed":[{"id":"%d"}],"hasNext":%b}' % (told, id, _bool(more)))


class Defer:
    """deferSpec=20220824, which is what Apollo's clients have asked for since 2022."""

    kind = b'multipart/mixed;boundary="graphql";deferSpec=20220824'

    def first(self, json: bytes, pending: Sequence[Part]) -> bytes:
        return part(_and(json, b'"hasNext":%b' % _bool(bool(pending))))

    def next(self, id: int, which: Part, data: bytes | None, errors: bytes | None, *, more: bool) -> bytes:
        if data == b"{}":
            return part(b'{"hasNext":%b}' % _bool(more))
        failed = b"" if errors is None else b'"errors":%b,' % errors
        told = b'{"data":%b,%b%b' % (b"null" if data is None else data, failed, orjson.dumps(_place(which))[1:])
        return part(b'{"incremental":[%b],"hasNext":%b}' % (told, _bool(more)))


def _place(which: Part) -> dict[str, object]:
    return {"path": which.path} | ({} if which.label is None else {"label": which.label})


def _and(json: bytes, more: bytes) -> bytes:
    """An object that is not empty, and what is in it too."""
    return b"%b,%b}" % (json[:-1], more)


def _bool(value: bool) -> bytes:
    return b"true" if value else b"false"


INCREMENTAL = Incremental()
DEFER = Defer()
