"""How results are written into one long response, so that clients can tell them apart."""

from typing import Protocol

RETRY_MS = 1_000  # before an EventSource comes back; a browser's own would be 3 to 5 s

BEGIN, END = b"\r\n--graphql", b"--\r\n"  # of a multipart response
_ONE_LINE = bytes.maketrans(b"\r\n", b"  ")


class Format(Protocol):
    """Errors come as JSON: a list of GraphQL errors, as the client may see them."""

    kind: bytes  # of content
    begin: bytes
    beat: bytes  # what clients overlook, and what keeps proxies from closing

    def next(self, json: bytes, cursor: str | None) -> bytes:
        """A result, with the cursor after which the client may come back."""

    def last(self, errors: bytes | None) -> bytes:
        """The end: what went wrong, or that it is complete."""

    def adjourned(self, errors: bytes) -> bytes:
        """The end for now: clients should come back."""


def part(json: bytes) -> bytes:
    """Of a multipart response, with the boundary that follows it."""
    return b"\r\ncontent-type: application/json\r\n\r\n%b\r\n--graphql" % json


class EventStream:
    """graphql-sse, "distinct connections mode" (PROTOCOL.md of enisdenjo/graphql-sse)."""

    kind = b"text/event-stream"
    begin = b"retry: %d\n\n" % RETRY_MS
    beat = b":\n\n"

    def next(self, json: bytes, cursor: str | None) -> bytes:
        """In one line of data: between two tokens of JSON there may be new lines, within one there are none."""
        id = b"" if cursor is None else b"id: %b\n" % cursor.encode()
        return b"event: next\n%bdata: %b\n\n" % (id, json.translate(_ONE_LINE))

    def last(self, errors: bytes | None) -> bytes:
        told = b"" if errors is None else self.next(b'{"errors":%b}' % errors, None)
        return told + b"event: complete\ndata:\n\n"

    def adjourned(self, errors: bytes) -> bytes:
        """Nothing: who hears neither `complete` nor errors comes back by itself."""
        return b""


class Multipart:
    """Apollo's multipart protocol for subscriptions, as its router and its clients have it (subscriptionSpec 1.0).

    Each part is followed by the boundary at once: until they see it clients cannot know that a part is complete.
    """

    kind = b'multipart/mixed;boundary="graphql";subscriptionSpec=1.0'
    begin = BEGIN
    beat = part(b"{}")

    def next(self, json: bytes, cursor: str | None) -> bytes:
        return part(b'{"payload":%b}' % json)

    def last(self, errors: bytes | None) -> bytes:
        told = b"" if errors is None else part(b'{"payload":null,"errors":%b}' % errors)
        return told + END

    def adjourned(self, errors: bytes) -> bytes:
        return self.last(errors)


EVENT_STREAM = EventStream()
MULTIPART = Multipart()
