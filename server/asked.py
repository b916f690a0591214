"""From an HTTP request to a question: a JSON object by POST, parameters by GET, or a clear refusal."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl

import orjson
from starlette.requests import ClientDisconnect
from starlette.types import Receive, Scope

from server.requests import Refusal, headers_of, text_of

MOST_PARAMETERS = 20  # of a GET; four mean something
MISSING = "No GraphQL query found in the request"
METHODS = "GET, HEAD, POST, OPTIONS"
ALLOW = (b"allow", METHODS.encode())
KINDS: dict[str, type] = {
    "query": str,
    "documentId": str,
    "variables": dict,
    "operationName": str,
    "extensions": dict,
}
_CHARSET = re.compile(rb'(?:\A|;)\s*charset\s*=\s*"?([^";\s]*)', re.IGNORECASE)


class Asked(NamedTuple):
    query: str | None
    document_id: str | None
    variables: dict[str, Any]
    operation_name: str | None
    extensions: dict[str, Any]
    idempotency_key: object = None


async def asked_of(scope: Scope, receive: Receive) -> Asked:
    """Raises Refusal, and ClientDisconnect where the client left in the middle of its body."""
    match scope["method"]:
        case "POST":
            _check_type(scope)
            given = _json(await _body(receive), "request body")
            if not isinstance(given, dict):
                raise Refusal(400, "The request must be one JSON object")
            return _checked(given, _key(scope))
        case "GET" | "HEAD":
            return _checked(_parameters(scope["query_string"]))
    raise Refusal(405, "GraphQL only supports GET and POST requests.", ALLOW)


def _check_type(scope: Scope) -> None:
    """Only JSON: the types that pages of others can send without asking beforehand are none of it. Raises Refusal."""
    headers = headers_of(scope)
    kind = headers.get(b"content-type", b"")
    if kind != b"application/json" and not _is_json(kind):
        raise Refusal(415, "Only application/json in UTF-8 is understood", (b"accept", b"application/json"))
    coding = headers.get(b"content-encoding")
    if coding is not None and coding.strip().lower() not in (b"", b"identity"):
        raise Refusal(415, "A body must come without content coding", (b"accept-encoding", b"identity"))
    if headers.get(b"transfer-encoding") not in (None, b"chunked"):
        raise Refusal(400, "Of the transfer codings only chunked is understood")


def _is_json(kind: bytes) -> bool:
    name, _, parameters = kind.partition(b";")
    charset = _CHARSET.search(parameters)
    return name.strip().lower() == b"application/json" and (not charset or charset[1].lower() in (b"utf-8", b"utf8"))


def _key(scope: Scope) -> str | None:
    """The Idempotency-Key; quotes around it, as the IETF's draft has them, are no part of it."""
    found = text_of(scope, b"idempotency-key")
    return None if found is None else found.strip('"')


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


def _json(text: bytes | str, name: str) -> Any:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        raise Refusal(400, f"Unable to parse {name} as JSON") from None


def _parameters(query_string: bytes) -> dict[str, Any]:
    try:
        given = parse_qsl(query_string.decode(), errors="strict", max_num_fields=MOST_PARAMETERS)
    except ValueError:
        raise Refusal(400, "Unable to parse the parameters of the request") from None
    found: dict[str, Any] = dict(given)  # without those that are empty
    if len(found) < len(given):
        raise Refusal(400, "A parameter of the request is given twice")
    for name in ("variables", "extensions"):
        if name in found:
            found[name] = _json(found[name], name)
    return found


def _checked(given: Mapping[str, Any], key: str | None = None) -> Asked:
    for name, value in given.items():
        if value is not None and not isinstance(value, KINDS.get(name, object)):
            said = "a string" if KINDS[name] is str else "an object"
            raise Refusal(400, f"The GraphQL operation's `{name}` must be {said} or null, if provided.")
    extensions = given.get("extensions") or {}
    extended = extensions.get("idempotencyKey")
    return Asked(
        given.get("query"),
        given.get("documentId"),
        given.get("variables") or {},
        given.get("operationName"),
        extensions,
        key if extended is None else extended,
    )
