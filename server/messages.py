"""The messages of graphql-transport-ws (PROTOCOL.md of enisdenjo/graphql-ws): which are well formed, and the codes."""

from enum import IntEnum
from typing import Any

import orjson


class Close(IntEnum):
    """Why a socket is closed. By themselves clients of graphql-ws try again after GOING, TRY_AGAIN, FORBIDDEN and
    INIT_TIMEOUT, and give up after the others.
    """

    GOING = 1012
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    ALREADY_EXISTS = 4409
    TOO_MANY = 4429


OF_CLIENTS = frozenset(("connection_init", "ping", "pong", "subscribe", "complete"))
LONGEST_ID = 128  # characters; it is written into every message of its operation, and clients send a UUID or a number
LONGEST_REASON = 123  # bytes that a close frame has room for


def reason_of(text: str) -> str:
    """What fits into a close frame."""
    return text.encode()[:LONGEST_REASON].decode(errors="ignore")


class Malformed(Exception):
    """It is none of the protocol's messages; says why."""


def parsed(text: str | None) -> dict[str, Any]:
    """A message that the protocol allows to clients. Raises Malformed."""
    if text is None:
        raise Malformed("WebSocket message type must be text")
    try:
        message = orjson.loads(text)
        orjson.dumps(message)  # which takes less nesting: what came in may have to go out, as the payload of a pong
    except orjson.JSONDecodeError:
        raise Malformed("WebSocket message must be valid JSON") from None
    except orjson.JSONEncodeError:
        raise Malformed("WebSocket message is nested too deeply") from None
    if reason := _amiss(message):
        raise Malformed(reason)
    found: dict[str, Any] = message
    return found


def _amiss(message: Any) -> str | None:
    if not isinstance(message, dict):
        return "A message must be a JSON object"
    kind, id, payload = message.get("type"), message.get("id"), message.get("payload")
    if not isinstance(kind, str):
        return "A message must have a type"
    if kind not in OF_CLIENTS:
        return f"Unknown message type: {kind}"
    if kind in ("subscribe", "complete"):
        if not isinstance(id, str) or not id:
            return "The id must be a string that is not empty"
        if len(id) > LONGEST_ID:
            return f"The id must have at most {LONGEST_ID} characters"
    if kind == "subscribe":
        return _amiss_in_payload(payload)
    if payload is not None and not isinstance(payload, dict):
        return "The payload must be an object"
    return None


def _amiss_in_payload(payload: Any) -> str | None:
    by_id = isinstance(payload, dict) and (payload.get("documentId") or _persisted(payload))
    if not isinstance(payload, dict) or not (isinstance(payload.get("query"), str) or by_id):
        return "The payload must have a query"
    for name, kind in (
        ("query", str),
        ("variables", dict),
        ("extensions", dict),
        ("operationName", str),
        ("documentId", str),
    ):
        if payload.get(name) is not None and not isinstance(payload[name], kind):
            return f"{name} has the wrong type"
    return None


def _persisted(payload: dict[str, Any]) -> bool:
    extensions = payload.get("extensions")
    return isinstance(extensions, dict) and extensions.get("persistedQuery") is not None
