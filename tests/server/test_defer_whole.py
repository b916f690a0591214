"""Whatever is deferred: its parts, put together as clients do it, say what one answer says."""

import json
from typing import Any

import pytest

from tests.people import People
from tests.streams import asked

PARTS = "multipart/mixed;incrementalSpec=v0.2, application/json"


def merged(into: Any, more: Any) -> Any:
    """As clients put parts together."""
    if not (isinstance(into, dict) and isinstance(more, dict)):
        return more
    return into | {key: merged(into.get(key), value) for key, value in more.items()}


@pytest.mark.parametrize(
    ("query", "paths"),
    [
        (
            "query ($id: ID!) { ...Page } fragment Page on Query { task(id: $id) { id ...More @defer } } MORE",
            [["task"]],
        ),
        ("query ($id: ID!) { a: task(id: $id) { ... on Task { title ... @defer { ...More } } } } MORE", [["a"]]),
        ("query ($id: ID!) { task(id: $id) { title ...More @defer ... @defer { title } } } MORE", [["task"]]),
        (
            "query ($id: ID!) { node(id: $id) { ... on Task { ... @defer { title ... @defer { version } } } } }",
            [["node"]],
        ),
        ("query ($id: ID!) { task(id: $id) { ... @defer { title } } again: task(id: $id) { id } }", [["task"]]),
        ("query ($id: ID!) { task(id: $id) { id } ... { ... @defer { task(id: $id) { title } me { id } } } }", []),
        ("query ($id: ID!) { task(id: $id) { ...More @defer } other: task(id: $id) { ...More @defer } } MORE", []),
        ("query ($id: ID!) { task(id: $id) { ... @defer { id } parent { ... @defer { id } } } }", [["task"]]),
        (
            "query ($id: ID!) { task(id: $id) { ... @include(if: false) { ... @defer { title } } } me { id } }",
            [["task"]],
        ),
        ("query ($id: ID!) { ... @defer @skip(if: true) { me { id } } task(id: $id) { id } }", [[]]),
        (
            "query ($id: ID!) { task(id: $id) { subtasks { nodes { id } ... @defer { totalCount } } } }",
            [["task", "subtasks"]],
        ),
        (
            "query ($id: ID!) { task(id: $id) { "
            + "".join(f"... @defer {{ a{n}: title }} " for n in range(11))
            + "} }",
            [["task"]] * 10,
        ),
    ],
)
async def test_the_parts_together_say_what_one_answer_says(people: People, query: str, paths: list[list[str]]) -> None:
    dora = await people.one()
    task = await dora.task("One")
    query = query.replace("MORE", "fragment More on Task { __typename title priority labels { name } }")
    plain = await dora.ask(query, id=task["id"])
    async with asked(dora, query, accept=PARTS, variables={"id": task["id"]}) as response:
        if "multipart" not in response.headers["content-type"]:
            assert (paths, json.loads(await response.rest())) == ([], plain.body)
            return
        first = await response.part()
        assert [pending["path"] for pending in first["pending"]] == paths
        whole, last = first["data"], first
        while last["hasNext"]:
            last = await response.part()
            for patch in last.get("incremental", []):
                more = patch["data"]
                for key in reversed(first["pending"][int(patch["id"])]["path"]):
                    more = {key: more}
                whole = merged(whole, more)
        assert whole == plain.data
