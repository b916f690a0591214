"""The cases: what is asked, with which variables, and what counts as the same answer.

Everybody gets Parlor's text but PostGraphile, whose schema is its own. `normalised` brings answers to one shape: names,
the form of a moment, the order of labels, and the opaque (cursors, the moment of a change) to whether it is there.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from benchmarks.rows import Rows

ONE = "id title description completed priority dueAt version createdAt"
LISTED = "id title completed priority dueAt createdAt"
WIDE = (
    "id title description completed completedAt priority dueAt timeZone reminders position version createdAt updatedAt"
)
PAGE_INFO = "pageInfo { hasNextPage endCursor }"


@dataclass(frozen=True, slots=True)
class Case:
    """`generated` is the same question to the schema that PostGraphile makes; `calls` are the variables in turn."""

    name: str
    title: str
    key: str
    text: str
    generated: str
    calls: Callable[[Rows], list[dict[str, Any]]]
    writes: bool = False


def _once(rows: Rows) -> list[dict[str, Any]]:
    return [{}]


def _by_id(rows: Rows) -> list[dict[str, Any]]:
    return [{"id": id} for id in rows.ids]


def _titles(rows: Rows) -> list[dict[str, Any]]:
    """Each call sets another row; the load generator puts a fresh number where {n} stands."""
    return [{"id": id, "input": {"title": "Renamed {n}"}} for id in rows.writable]


def _own(fields: str) -> str:
    """Fields as PostGraphile names them: `id` is Relay's there, and `completed` is for the reader to tell."""
    own = {"id": "rowId", "completed": "completed: completedAt"}
    return " ".join(own.get(name, name) for name in fields.split())


_NEWEST = "orderBy: [CREATED_AT_DESC, ROW_ID_DESC]"

CASES = (
    Case(
        "one",
        "one row by id",
        "task",
        f"query One($id: ID!) {{ task(id: $id) {{ {ONE} }} }}",
        f"query One($id: String!) {{ task: taskByRowId(rowId: $id) {{ {_own(ONE)} }} }}",
        _by_id,
    ),
    Case(
        "page",
        "a page of 20",
        "tasks",
        f"query Page {{ tasks(first: 20) {{ nodes {{ {LISTED} }} {PAGE_INFO} }} }}",
        f"query Page {{ tasks: allTasks(first: 20, {_NEWEST}) {{ nodes {{ {_own(LISTED)} }} {PAGE_INFO} }} }}",
        _once,
    ),
    Case(
        "levels",
        "three levels: 20 x 10 x to-one",
        "tasks",
        "query Levels { tasks(first: 20) { nodes { id title subtasks(first: 10) { nodes"
        " { id title completed owner { id name } } } } } }",
        f"query Levels {{ tasks: allTasks(first: 20, {_NEWEST}) {{ nodes {{ rowId title"
        f" subtasks: tasksByParentId(first: 10, {_NEWEST}) {{ nodes"
        " { rowId title completed: completedAt owner: userAccountByOwnerId { rowId name } } } } } }",
        _once,
    ),
    Case(
        "mutation",
        "a mutation",
        "updateTask",
        "mutation Rename($id: ID!, $input: UpdateTaskInput!) { updateTask(id: $id, input: $input)"
        " { id title version updatedAt } }",
        "mutation Rename($id: String!, $input: TaskPatch!) {"
        " updateTask: updateTaskByRowId(input: { rowId: $id, taskPatch: $input })"
        " { task { rowId title version updatedAt } } }",
        _titles,
        writes=True,
    ),
    Case(
        "wide",
        "a wide list of 100 with counts",
        "tasks",
        f"query Wide {{ tasks(first: 100) {{ totalCount {PAGE_INFO} nodes {{ {WIDE}"
        " labels { id name color } subtasks { totalCount } } } }",
        f"query Wide {{ tasks: allTasks(first: 100, {_NEWEST}) {{ totalCount {PAGE_INFO} nodes {{ {_own(WIDE)}"
        " labels: taskLabelsByTaskId { nodes { label: labelByLabelId { rowId name color } } }"
        " subtasks: tasksByParentId { totalCount } } } }",
        _once,
    ),
)


def normalised(answer: Any, key: str = "") -> Any:
    """An answer of any server, in Parlor's shape."""
    match answer:
        case {"task": {} as inner, **rest} if key == "updateTask" and not rest:
            return normalised(inner)
        case dict():
            return _object(answer, key)
        case list():
            return [normalised(item, key) for item in answer]
        case str() if key.endswith("At"):
            moment = datetime.fromisoformat(answer).astimezone(UTC)
            return "a moment" if key == "updatedAt" else moment.isoformat()
        case str() if key == "endCursor":
            return "a cursor"
        case int() | float() if not isinstance(answer, bool):
            return float(answer)
    return answer


def _object(answer: dict[str, Any], key: str) -> Any:
    if key == "labels" and "nodes" in answer:  # PostGraphile's way to labels leads over the rows that join them
        found = [normalised(row["label"]) for row in answer["nodes"]]
        return sorted(found, key=lambda label: str(label["name"]))
    renamed = {("id" if name == "rowId" else name): value for name, value in answer.items()}
    if "rowId" in answer and "completed" in answer:
        renamed["completed"] = answer["completed"] is not None
    return {name: normalised(value, name) for name, value in sorted(renamed.items())}
