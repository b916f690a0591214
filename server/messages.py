"""The messages of graphql-transport-ws (PROTOCOL.md of enisdenjo/graphql-ws): which are well formed, and the codes."""

from enum import IntEnum
from typing import Any


class Close(IntEnum):
    """Why a socket is closed. Clients of graphql-ws try again after GOING and TRY_AGAIN, and give up after others."""

    GOING = 1012
    TRY_AGAIN = 1013
    BAD_REQUEST = 4400
    UNAUTHORIZED = 4401
    NOT_ACCEPTABLE = 4406
    INIT_TIMEOUT = 4408
    ALREADY_EXISTS = 4409
    TOO_MANY = 4429


LONGEST_ID = 128  # characters; it is written into every message of its operation, and clients send a UUID or a number
LONGEST_REASON = 123  # bytes that a close frame has room for


def reason_of(text: str) -> str:
    """What fits into a close frame."""
    return text.encode()[:LONGEST_REASON].decode(errors="ignore")


def amiss(message: Any) -> str | None:
    """What is wrong with a message, by the protocol."""
    if not isinstance(message, dict):
        return "A message must be a JSON object"
    kind, id, payload = message.get("type"), message.get("id"), message.get("payload")
    if not isinstance(kind, str):
        return "A message must have a type"
    if kind in ("subscribe", "complete") and (reason := _amiss_in_id(id)):
        return reason
    if kind == "subscribe":
        return _amiss_in_payload(payload)
    if payload is not None and not isinstance(payload, dict):
        return "The payload must be an object"
    return None


def _amiss_in_id(id: Any) -> str | None:
    if not isinstance(id, str) or not id:
        return "The id must be a string that is not empty"
    return None if len(id) <= LONGEST_ID else f"The id must have at most {LONGEST_ID} characters"


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
