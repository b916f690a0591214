"""What clients are told of errors: the tree of kit/errors.py, what graphql-core finds amiss, nothing else."""

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import structlog
from graphql import ArgumentNode, GraphQLError, Node, ObjectFieldNode, ValueNode, Visitor, parse, visit
from strawberry.exceptions import MissingQueryError
from strawberry.pydantic.error import InputValidationError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from kit.clock import written
from kit.errors import Invalid, ParlorError
from kit.ids import Id

log = structlog.get_logger()

# What graphql-core finds, and what Strawberry says when it cannot tell which operation is meant.
OF_THE_REQUEST = (GraphQLError, MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)
MOST_TOLD = 20  # errors of one answer
LONGEST = 1_000  # characters of what is said of a document
LONGEST_KEY = 100  # characters of an alias that are logged
UNFORESEEN = ParlorError.code
MASKED: tuple[str, dict[str, Any]] = ("An unexpected error occurred", {"code": UNFORESEEN})


def all_exposed(
    errors: Sequence[GraphQLError], *, trace_id: str, now: datetime, user: Id | None = None
) -> list[GraphQLError]:
    """The errors of one result as a client may see them, at most MOST_TOLD: a code always, and never the text of
    something unforeseen, which is logged, once for all of them."""
    places, shown = Places(), errors[:MOST_TOLD]
    found = [_told(error, places) for error in shown]
    unforeseen = [error for error, told in zip(shown, found, strict=True) if told is None]
    if unforeseen:
        first, others = unforeseen[0], len(unforeseen) - 1
        cause = first.original_error or first
        log.error(
            "request.failed", path=_bounded(first.path), others=others, user=user, trace_id=trace_id, exc_info=cause
        )
    stamp = {"traceId": trace_id, "timestamp": written(now)}
    return [_exposed(error, *(told or MASKED), stamp) for error, told in zip(shown, found, strict=True)]


def _bounded(path: Sequence[str | int] | None) -> list[str | int]:
    """Clients choose the aliases."""
    return [key[:LONGEST_KEY] if isinstance(key, str) else key for key in path or ()]


def _exposed(error: GraphQLError, message: str, extensions: dict[str, Any], stamp: dict[str, str]) -> GraphQLError:
    return GraphQLError(
        message,
        nodes=error.nodes,
        source=error.source,
        positions=error.positions,
        path=error.path,
        original_error=error.original_error,
        extensions=extensions | stamp,
    )


def _told(error: GraphQLError, places: "Places") -> tuple[str, dict[str, Any]] | None:
    cause = error.original_error
    if isinstance(cause, ParlorError):
        return cause.message, cause.extensions()
    if isinstance(cause, InputValidationError):
        return _of_rules(cause)
    if cause is None or isinstance(cause, OF_THE_REQUEST) or _is_literal(error):
        return _of_document(error, places)
    return None


def _is_literal(error: GraphQLError) -> bool:
    """A scalar that could not be read from the document; once something runs, errors have a path."""
    return error.path is None and isinstance(next(iter(error.nodes or ()), None), ValueNode | ObjectFieldNode)


def _of_rules(cause: InputValidationError) -> tuple[str, dict[str, Any]]:
    details: dict[str, list[str]] = {}
    for found in cause.errors:
        details.setdefault(_field(found.location), []).append(found.message)
    invalid = Invalid(details)
    return invalid.message, invalid.extensions()


def _field(location: list[str]) -> str:
    """As the client knows it; the argument `input`, or the variable that holds it, goes without saying."""
    return ".".join(location[1:] if len(location) > 1 else location)


def _of_document(error: GraphQLError, places: "Places") -> tuple[str, dict[str, Any]]:
    """What graphql-core says of a document or of its variables, with the field that it is about."""
    extensions: dict[str, Any] = {"code": Invalid.code}
    inner = error.original_error.message if isinstance(error.original_error, GraphQLError) else error.message
    place = _of_variable(error.message) or (places.of(error) if _is_literal(error) else [])
    if place and (missing := _INNER_FIELD.search(inner)):
        place = [*place, missing[1]]
    if place:
        extensions["details"] = {_field(place): [_without_value(inner)]}
    return _without_value(error.message), extensions


def _without_value(message: str) -> str:
    """graphql-core repeats a whole input in which it misses a field, where there may be a password, what Python says of
    a number that is too long, and any value that is wrong, however long. Its None is a client's null.
    """
    told = _FOUND.split(message)[0].replace("' not to be None.", "' not to be null.")
    return told if len(told) <= LONGEST else f"{told[:LONGEST]} …"


_FOUND = re.compile(r",? found: \{|, but encountered error '", re.IGNORECASE)
_INNER_FIELD = re.compile(r"(?:required|unknown) field '(\w+)'")
_VARIABLE = re.compile(r"Variable '\$(\w+)' has invalid value(?: at ([^:]*))?:")


def _of_variable(message: str) -> list[str]:
    found = _VARIABLE.match(message)
    if not found:
        return []
    return [found[1], *re.findall(r"\w+", found[2])] if found[2] else [found[1]]


class Places:
    """The arguments and input fields that the values of a document stand in; the document is read once, if at all."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int], list[str]] | None = None

    def of(self, error: GraphQLError) -> list[str]:
        if not error.nodes or not error.source:
            return []
        if self._found is None:
            finder = _Finder()
            visit(parse(error.source), finder)
            self._found = finder.found
        return self._found.get(_key(error.nodes[0]), [])


def _key(node: Node) -> tuple[str, int]:
    return node.kind, node.loc.start if node.loc else -1


class _Finder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: dict[tuple[str, int], list[str]] = {}

    def enter(self, node: Node, _key_: Any, parent: Any, _path: Any, ancestors: list[Any]) -> None:
        if isinstance(node, ValueNode | ObjectFieldNode):
            holders = [*ancestors, parent]
            self.found[_key(node)] = [a.name.value for a in holders if isinstance(a, ArgumentNode | ObjectFieldNode)]
