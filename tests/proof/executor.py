"""graphql-core answers as `naive` says. Root fields are refused or answered; all else is looked up."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from graphql import (
    SKIP,
    DocumentNode,
    ExecutionResult,
    FieldDefinitionNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    Visitor,
    build_ast_schema,
    execute_sync,
    get_named_type,
    visit,
)

from db.models import Role
from tests.proof.known import PRINTED, attribute, known
from tests.proof.lists import moment
from tests.proof.naive import FIELDS, Asked, Given, kind_of
from tests.proof.refusals import INVALID, Info, Refusal, refusals


class Refused(Exception):
    """Kept by the key of the root field in `Asked.refused`."""


class _Nullable(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: Any) -> Any:
        return None if node.name.value == "Query" else SKIP

    def enter_interface_type_definition(self, *_: Any) -> Any:
        return SKIP

    def leave_field_definition(self, node: FieldDefinitionNode, *_: Any) -> Any:
        if not isinstance(node.type, NonNullTypeNode):
            return None
        self.found.add(node.name.value)
        return replace(node, type=node.type.type)


_NULLABLE = _Nullable()


def schema() -> GraphQLSchema:
    """What is known of the printed one. Its root fields may be null here, so that each tells its own error."""
    made = build_ast_schema(visit(known(PRINTED), _NULLABLE))
    moments: Any = made.type_map["DateTime"]
    moments.parse_value = moments.coerce_input_value = _moment
    moments.serialize = moments.coerce_output_value = lambda at: at if isinstance(at, str) else moment(at)
    days: Any = made.type_map["Date"]
    days.parse_value = days.coerce_input_value = date.fromisoformat
    days.serialize = days.coerce_output_value = date.isoformat
    for kind in made.type_map.values():
        if isinstance(kind, GraphQLInterfaceType | GraphQLUnionType):
            kind.resolve_type = lambda row, *_: type(row).__name__
    for kind in made.type_map.values():
        if isinstance(kind, GraphQLObjectType) and not kind.name.startswith("__"):
            for name, found in kind.fields.items():
                found.resolve = _root(FIELDS[f"Query.{name}"]) if kind.name == "Query" else _below(kind.name, name)
    return made


def _moment(value: Any) -> datetime:
    at = datetime.fromisoformat(value)
    if at.tzinfo is None or not 1000 <= at.year < 9900 or len(value) < 11:
        raise ValueError("not a moment")
    return at.astimezone(UTC)


def _below(kind: str, name: str) -> Callable[..., Any]:
    function = FIELDS.get(f"{kind}.{name}")
    called = attribute(name)
    if function:
        return lambda source, info, **given: function(info.context, source, **given)
    return lambda source, info: source[name] if isinstance(source, dict) else getattr(source, called)


def _root(function: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(source: None, info: Info, **given: Any) -> Any:
        asked: Asked = info.context
        kinds = _kinds(asked, info, given)
        if found := [refusal for kind in kinds for refusal in _refusals(asked, info, given, kind)]:
            return _refuse(info, found)
        asked.statements += bool(kinds) or "ids" in given
        row = function(asked, source, **given)
        if row is None and info.field_name not in ("node", "me"):
            return _refuse(info, [Refusal(f"{_called(kinds[0].name)}_NOT_FOUND")])
        return row

    return resolve


def _called(kind: str) -> str:
    of = {"Dashboard": "Family", "OccasionSummary": "Occasion"}.get(kind, kind)
    return re.sub("(?<=.)([A-Z])", r"_\1", of).upper()


def _kinds(asked: Asked, info: Info, given: Given) -> list[GraphQLNamedType]:
    """What the field may answer; of nodes only the types that their ids name."""
    kind = get_named_type(info.return_type)
    if kind.name != "Node" or asked.viewer is None:
        return [kind]
    named = {kind_of(id) for id in given.get("ids", [given.get("id", "")])}
    return [info.schema.type_map[name] for name in sorted(filter(None, named))]


def _refusals(asked: Asked, info: Info, given: Given, kind: GraphQLNamedType) -> list[Refusal]:
    return _at_the_floor(asked, info.field_name) + refusals(info, given, kind)


def _at_the_floor(asked: Asked, field: str) -> list[Refusal]:
    if asked.viewer is None:
        return [Refusal("UNAUTHENTICATED")]
    below = field in ("users", "seanceReports") and asked.viewer.role not in (Role.ADMIN, Role.SUPER_ADMIN)
    return [Refusal("FORBIDDEN")] if below else []


def _refuse(info: Info, found: list[Refusal]) -> None:
    _keep(info.context, str(info.path.key), info.field_name, found)
    raise Refused


def _keep(asked: Asked, key: str, field: str, found: list[Refusal]) -> None:
    asked.refused[key] = found
    asked.nothing |= field in _NULLABLE.found


SCHEMA = schema()


def answer(asked: Asked, document: DocumentNode, variables: Given, operation: str | None) -> ExecutionResult:
    result = execute_sync(SCHEMA, document, context_value=asked, variable_values=variables, operation_name=operation)
    for error in result.errors or ():
        if error.path and not isinstance(error.original_error, Refused):
            _keep_null(asked, document, error)
    return result


def _keep_null(asked: Asked, document: DocumentNode, error: GraphQLError) -> None:
    """A root field with an argument that may not be null, and is by a variable that may, was not resolved at all."""
    key = str((error.path or [""])[0])
    if len(error.path or ()) > 1 or not isinstance(error.original_error, GraphQLError | None):
        raise error.original_error or error
    finder = _Finder(key)
    visit(document, finder)
    _keep(asked, key, finder.name, [*_at_the_floor(asked, finder.name), Refusal(INVALID)])


class _Finder(Visitor):
    """The name of the root field with this key."""

    name = ""

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def enter_fragment_definition(self, node: FragmentDefinitionNode, *_: Any) -> Any:
        return None if node.type_condition.name.value == "Query" else SKIP

    def enter_field(self, node: FieldNode, *_: Any) -> Any:
        if (node.alias or node.name).value == self._key and f"Query.{node.name.value}" in FIELDS:
            self.name = node.name.value
        return SKIP
