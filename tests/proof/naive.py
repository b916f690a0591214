"""The specification in code: graphql-core over lists of rows, with nothing of resolvers/ or of the reader.

A new field of the schema is a function here, called `Type.field`; one without a function is an attribute of its row.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from graphql import (
    SKIP,
    DocumentNode,
    ExecutionResult,
    FieldDefinitionNode,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    Visitor,
    build_ast_schema,
    execute_sync,
    get_named_type,
    parse,
    visit,
)

from db.models import Label, Role, Session, Task, User
from tests.proof.faults import Fault, imitates
from tests.proof.filters import is_due, keeps_task, keeps_user
from tests.proof.lists import Page, moment
from tests.proof.refusals import Refusal, order_of, refusals
from tests.proof.world import World

PRINTED = (Path(__file__).parents[2] / "schema" / "schema.graphql").read_text()
KINDS = {"user": "User", "session": "Session", "label": "Label", "task": "Task"}
Given = dict[str, Any]
FIELDS: dict[str, Callable[..., Any]] = {}


class Refused(Exception):
    """Kept by the key of the root field in `Asked.refused`."""


@dataclass
class Asked:
    """Who asks of which world, and when; what came of each root field.

    `refused` has all that may be told of a field, by its key; `nothing` says that one of them must not be null.
    """

    world: World
    viewer: User | None
    session_id: str | None
    now: datetime
    refused: dict[str, list[Refusal]] = field(default_factory=dict)
    nothing: bool = False
    statements: int = 0

    def sees(self, row: Any) -> bool:
        """The policies."""
        assert self.viewer is not None
        match row:
            case User():
                return row.id == self.viewer.id or self.viewer.role in (Role.ADMIN, Role.SUPER_ADMIN)
            case Session():
                return bool(row.user_id == self.viewer.id)
            case Task() | Label():
                return bool(row.owner_id == self.viewer.id)
        return False

    def all(self, rows: dict[str, Any]) -> list[Any]:
        return [row for row in rows.values() if self.sees(row)]

    def one(self, rows: dict[str, Any], id: str | None) -> Any:
        row = rows.get(id) if id is not None else None
        return row if row is not None and self.sees(row) else None

    def labels_of(self, task: Task) -> list[Label]:
        worn = [self.one(self.world.labels, label) for id, label in self.world.worn if id == task.id]
        return sorted((label for label in worn if label), key=lambda label: (label.name, label.id))

    def _labels_for_filter(self, task: Task) -> set[str]:
        if imitates(Fault.HIDDEN_LABELS):
            return {label for id, label in self.world.worn if id == task.id}
        return {label.id for label in self.labels_of(task)}

    def _parents_for_filter(self, task: Task) -> set[str | None]:
        if imitates(Fault.HIDDEN_PARENTS):
            return {task.parent_id}
        parent = self.one(self.world.tasks, task.parent_id)
        return {parent.id} if parent else set()

    def filtered(self, tasks: Iterable[Task], filter: Given | None) -> list[Task]:
        assert self.viewer is not None
        return [
            task
            for task in tasks
            if keeps_task(
                task,
                filter or {},
                labels=self._labels_for_filter(task),
                parts_of=self._parents_for_filter(task),
                zone=self.viewer.time_zone,
                now=self.now,
            )
        ]


def answers(name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    def keep(function: Callable[..., Any]) -> Callable[..., Any]:
        FIELDS[name] = function
        return function

    return keep


@answers("Query.me")
def _(asked: Asked, _: None) -> Any:
    return asked.viewer


@answers("Query.user")
def _(asked: Asked, _: None, id: str) -> Any:
    return asked.one(asked.world.users, id)


@answers("Query.users")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = [user for user in asked.all(asked.world.users) if keeps_user(user, given.get("filter") or {})]
    return Page(rows, order_of("users", given), given)


@answers("Query.sessions")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return Page(_sessions(asked), order_of("sessions", given), given)


def _sessions(asked: Asked) -> list[Session]:
    return [s for s in asked.all(asked.world.sessions) if s.revoked_at is None and s.expires_at > asked.now]


@answers("Query.task")
def _(asked: Asked, _: None, id: str) -> Any:
    task = asked.one(asked.world.tasks, id)
    return task if task and task.trashed_at is None else None


@answers("Query.tasks")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = asked.filtered(asked.all(asked.world.tasks), given.get("filter"))
    return Page(rows, order_of("tasks", given), given)


@answers("Query.taskCounts")
def _(asked: Asked, _: None, filter: Given | None = None) -> Given:
    assert asked.viewer is not None
    rows = asked.filtered(asked.all(asked.world.tasks), filter)
    zone = (filter or {}).get("timeZone") or asked.viewer.time_zone
    dues = ("TODAY", "OVERDUE", "UPCOMING")
    done = sum(task.completed for task in rows)
    counts = {"total": len(rows), "open": len(rows) - done, "completed": done}
    return counts | {due.lower(): sum(is_due(task, due, zone, asked.now) for task in rows) for due in dues}


@answers("Query.label")
def _(asked: Asked, _: None, id: str) -> Any:
    return asked.one(asked.world.labels, id)


@answers("Query.labels")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return Page(asked.all(asked.world.labels), order_of("labels", given), given)


@answers("Query.node")
def _(asked: Asked, _: None, id: str) -> Any:
    if (kind := _kind_of(id)) == "Session":
        return next((session for session in _sessions(asked) if session.id == id), None)
    return FIELDS[f"Query.{kind.lower()}"](asked, None, id) if kind else None


def _kind_of(id: str) -> str | None:
    return KINDS.get(id.partition("_")[0]) if re.fullmatch("[a-z]+_[0-9a-f]{32}", id) else None


@answers("Session.current")
def _(asked: Asked, session: Session) -> bool:
    return bool(session.id == asked.session_id)


@answers("Label.owner")
@answers("Task.owner")
def _(asked: Asked, row: Task | Label) -> Any:
    return asked.one(asked.world.users, row.owner_id)


@answers("Task.parent")
def _(asked: Asked, task: Task) -> Any:
    return asked.one(asked.world.tasks, task.parent_id)


@answers("Task.previous")
def _(asked: Asked, task: Task) -> Any:
    found = asked.one(asked.world.tasks, task.previous_id)
    return found if found and found.trashed_at is None else None


@answers("Task.next")
def _(asked: Asked, task: Task) -> Any:
    rows = asked.all(asked.world.tasks)
    return next((row for row in rows if row.previous_id == task.id and row.trashed_at is None), None)


@answers("Task.labels")
def _(asked: Asked, task: Task) -> list[Label]:
    return asked.labels_of(task)


@answers("Task.subtasks")
def _(asked: Asked, task: Task, **given: Any) -> Page:
    rows = [row for row in asked.all(asked.world.tasks) if row.parent_id == task.id]
    return Page(asked.filtered(rows, given.get("filter")), order_of("subtasks", given), given)


# What stands around them: root fields are refused or answered, all else is looked up.


class _Nullable(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def enter_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: Any) -> Any:
        return None if node.name.value == "Query" else SKIP

    def leave_field_definition(self, node: FieldDefinitionNode, *_: Any) -> Any:
        if not isinstance(node.type, NonNullTypeNode):
            return None
        self.found.add(node.name.value)
        return replace(node, type=node.type.type)


_NULLABLE = _Nullable()


def schema() -> GraphQLSchema:
    """The printed one. Its root fields may be null here, so that each tells its own error."""
    made = build_ast_schema(visit(parse(PRINTED), _NULLABLE))
    moments: Any = made.type_map["DateTime"]
    moments.parse_value = moments.coerce_input_value = _moment
    moments.serialize = moments.coerce_output_value = moment
    made.type_map["Node"].resolve_type = lambda row, *_: type(row).__name__  # type: ignore[union-attr]
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
    attribute = re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), name)
    if function:
        return lambda source, info, **given: function(info.context, source, **given)
    return lambda source, info: source[name] if isinstance(source, dict) else getattr(source, attribute)


def _root(function: Callable[..., Any]) -> Callable[..., Any]:
    def resolve(source: None, info: GraphQLResolveInfo, **given: Any) -> Any:
        asked: Asked = info.context
        kind = get_named_type(info.return_type)
        if kind.name == "Node":
            if asked.viewer is not None and _kind_of(given["id"]) is None:
                return None
            kind = info.schema.type_map[_kind_of(given["id"]) or "Node"]
        if found := _refusals(asked, info, given, kind):
            return _refuse(info, found)
        asked.statements += 1
        row = function(asked, source, **given)
        if row is None and info.field_name != "node":
            return _refuse(info, [Refusal(f"{kind.name.upper()}_NOT_FOUND")])
        return row

    return resolve


def _refusals(asked: Asked, info: GraphQLResolveInfo, given: Given, kind: GraphQLNamedType) -> list[Refusal]:
    found = refusals(info, given, kind)
    if asked.viewer is None:
        return [Refusal("UNAUTHENTICATED"), *found]
    if info.field_name == "users" and asked.viewer.role not in (Role.ADMIN, Role.SUPER_ADMIN):
        return [Refusal("FORBIDDEN"), *found]
    return found


def _refuse(info: GraphQLResolveInfo, found: list[Refusal]) -> None:
    info.context.refused[str(info.path.key)] = found
    info.context.nothing |= info.field_name in _NULLABLE.found
    raise Refused


SCHEMA = schema()


def answer(asked: Asked, document: DocumentNode, variables: Given, operation: str | None) -> ExecutionResult:
    result = execute_sync(SCHEMA, document, context_value=asked, variable_values=variables, operation_name=operation)
    unforeseen = [e.original_error for e in result.errors or () if e.path and not isinstance(e.original_error, Refused)]
    for error in unforeseen:
        raise error or AssertionError(result.errors)
    return result
