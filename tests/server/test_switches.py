"""@skip, @include and types choose what is asked for; of the rest nothing matters, and no choice may be null."""

import pytest

from tests.people import People


@pytest.mark.parametrize(
    "selection",
    [
        pytest.param("subtasks(first: 0) @skip(if: true) { totalCount }", id="skipped"),
        pytest.param("... @include(if: $no) { occurrences(first: 11) }", id="in a fragment that is not included"),
        pytest.param('labels { id tasks(after: "x") @skip(if: true) { totalCount } }', id="two levels deep"),
        pytest.param("... on Node { ... on Label { tasks(first: 0) { totalCount } } }", id="of another type"),
    ],
)
async def test_the_arguments_of_what_is_not_asked_for_do_not_matter(people: People, selection: str) -> None:
    dora = await people.one()
    await dora.task("A", labelIds=[(await dora.label())["id"]])
    query = f"query ($no: Boolean!) {{ me @skip(if: $no) {{ id }} tasks {{ nodes {{ title {selection} }} }} }}"
    assert (await dora.ask(query, no=False)).data["tasks"]["nodes"][0]["title"] == "A"


async def test_of_several_nodes_only_the_arguments_for_their_types_matter(people: People) -> None:
    dora = await people.one()
    task, label = await dora.task("A"), await dora.label("home")
    query = """query ($ids: [ID!]!, $first: Int!) { nodes(ids: $ids) {
      ... on Task { subtasks(first: $first) { totalCount } } ... on Label { name } } }"""
    assert (await dora.ask(query, ids=[label["id"]], first=0)).data == {"nodes": [{"name": "home"}]}
    assert (await dora.ask(query, ids=[label["id"], task["id"]], first=0)).code == "VALIDATION_ERROR"
    both = (await dora.ask(query, ids=[label["id"], task["id"]], first=1)).data
    assert both == {"nodes": [{"name": "home"}, {"subtasks": {"totalCount": 0}}]}


@pytest.mark.parametrize("switch", ["skip", "include"])
@pytest.mark.parametrize(
    "selection",
    [
        pytest.param("me { id name @%s }", id="a field"),
        pytest.param("me { id ... @%s { name } }", id="a fragment"),
        pytest.param("tasks { nodes { id @%s } }", id="a field of rows that are not there"),
        pytest.param("me @%s { id }", id="a root field"),
    ],
)
async def test_a_switch_must_not_be_null(people: People, selection: str, switch: str) -> None:
    dora = await people.one()
    query = f"query ($it: Boolean = true) {{ {selection % f'{switch}(if: $it)'} }}"
    for _ in range(2):  # what was kept for the one does not answer the other
        assert (await dora.ask(query, it=None)).code == "VALIDATION_ERROR"
        assert "errors" not in (await dora.ask(query, it=False)).body


async def test_a_switch_that_nobody_looks_at_may_be_null(people: People) -> None:
    dora = await people.one()
    query = """query ($it: Boolean = true) { me {
      role name @include(if: $it) @skip(if: true) ... @skip(if: true) { email @skip(if: $it) } } }"""
    assert (await dora.ask(query, it=None)).data == {"me": {"role": "USER"}}


async def test_a_verb_is_not_done_where_a_switch_is_null(people: People) -> None:
    dora = await people.one()
    task = await dora.task("A")
    query = """mutation ($id: ID!, $it: Boolean = true) {
      updateTask(id: $id, input: {title: "B"}) { title @skip(if: $it) } }"""
    assert (await dora.ask(query, id=task["id"], it=None)).code == "VALIDATION_ERROR"
    assert (await dora.ask("query ($id: ID!) { task(id: $id) { title } }", id=task["id"])).data == {
        "task": {"title": "A"}
    }
