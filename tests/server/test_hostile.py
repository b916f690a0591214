"""Questions that are valid and meant ill, or only unlucky."""

import asyncio
from typing import Any

import pytest
from graphql import parse

from schema import errors
from tests.people import People, Person

NEST = "{ nodes { parent { subtasks(first: 100) "


@pytest.mark.parametrize("alias", ["n", "cursor", "more", "near", "far", "row", "nothing", "part0", "anon_1", "anon_2"])
async def test_no_alias_meets_a_name_of_the_readers_own(people: People, alias: str) -> None:
    dora = await people.one()
    task = await dora.task("A task")
    query = """{ me { X: name }
      tasks { X: nodes { X: id } b: edges { X: node { id } } c: pageInfo { X: hasNextPage } }
      t: tasks { X: totalCount nodes { labels { X: id } } } }""".replace("X", alias)
    told = (await dora.ask(query)).data
    assert told["me"] == {alias: dora.user.name if dora.user else None}
    edges, info = [{alias: {"id": task["id"]}}], {alias: False}
    assert told["tasks"] == {alias: [{alias: task["id"]}], "b": edges, "c": info}
    assert told["t"] == {alias: 1, "nodes": [{"labels": []}]}


async def test_aliases_that_differ_only_at_the_end_stay_apart(people: People) -> None:
    dora = await people.one()
    task = await dora.task("A task")
    one, two = "a" * 62 + "1", "a" * 62 + "2"
    query = f"{{ tasks {{ {one}: nodes {{ id }} {two}: nodes {{ title }} }} }}"
    assert (await dora.ask(query)).data["tasks"] == {one: [{"id": task["id"]}], two: [{"title": "A task"}]}


async def test_page_sizes_multiply_into_a_limit(people: People) -> None:
    dora = await people.one()
    query = "{ tasks(first: 100) " + NEST * 2 + "{ totalCount }" + " } } }" * 2 + " }"
    answer = await dora.ask(query)
    assert answer.code == "QUERY_TOO_COMPLEX"
    assert answer.error["message"] == (
        "The query costs up to 130,301, more than 50,000: ask for smaller pages or fewer fields"
    )
    assert (answer.error["extensions"]["cost"], answer.error["extensions"]["limit"]) == (130_301, 50_000)
    assert (await dora.ask(query.replace("first: 100", "first: 20"))).data == {"tasks": {"nodes": []}}


async def test_the_same_document_is_refused_with_large_pages_and_answered_with_small_ones(people: People) -> None:
    dora = await people.one()
    query = """query ($n: Int) { tasks(first: $n) { nodes { subtasks(first: $n) { nodes {
      subtasks(first: $n) { totalCount } } } } } }"""
    assert (await dora.ask(query, n=10)).data == {"tasks": {"nodes": []}}
    assert (await dora.ask(query, n=100)).code == "QUERY_TOO_COMPLEX"
    assert (await dora.ask(query, n=10)).data == {"tasks": {"nodes": []}}


@pytest.mark.parametrize("spread", [False, True])
async def test_an_operation_has_so_many_root_fields(people: People, *, spread: bool) -> None:
    dora = await people.one()

    def document(number: int) -> str:
        fields = " ".join(f"a{n}: me {{ id }}" for n in range(number))
        return f"{{ ...F }} fragment F on Query {{ {fields} }}" if spread else f"{{ {fields} }}"

    assert len((await dora.ask(document(50))).data) == 50
    answer = await dora.ask(document(51))
    assert (answer.code, answer.error["message"]) == (
        "QUERY_TOO_COMPLEX",
        "The query asks for more than 50 root fields",
    )


async def test_many_mistakes_in_one_document_cost_one_more_reading(
    people: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    readings: list[object] = []

    def counted(source: Any) -> Any:
        readings.append(source)
        return parse(source)

    monkeypatch.setattr(errors, "parse", counted)
    query = "{ " + " ".join(f'a{n}: tasks(first: "x") {{ totalCount }}' for n in range(45)) + " }"
    answer = await people.nobody.ask(query)
    assert len(answer.body["errors"]) == errors.MOST_TOLD
    assert [list(e["extensions"]["details"]) for e in answer.body["errors"]] == [["first"]] * errors.MOST_TOLD
    assert len(readings) == 1


async def test_a_password_in_an_input_with_a_slip_is_not_repeated(people: People) -> None:
    query = "mutation ($input: RegisterInput!) { register(input: $input) { id } }"
    input = {"emaill": "a@example.org", "name": "A", "password": "secret-1234"}
    assert "secret-1234" not in str((await people.nobody.ask(query, input=input)).body)


@pytest.mark.parametrize(
    "moment", ["0001-01-01T00:00:00Z", "0999-12-31T00:00:00Z", "9900-01-01T00:00:00Z", "9999-12-31T23:59:59.999999Z"]
)
async def test_a_moment_at_the_ends_of_the_calendar_is_refused(people: People, moment: str) -> None:
    query = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
    answer = await (await people.one()).ask(query, input={"title": "Late", "dueAt": moment})
    assert (answer.code, list(answer.details)) == ("VALIDATION_ERROR", ["dueAt"])


async def test_deleting_oneself_while_one_writes_is_no_surprise(people: People) -> None:
    expected = {"UNAUTHENTICATED", "USER_NOT_FOUND", "TASK_NOT_FOUND", "CONFLICT"}

    async def everything(dora: Person, task: str) -> set[str]:
        answers = await asyncio.gather(
            dora.ask("mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }", id=dora.id),
            dora.ask("mutation ($id: ID!) { completeTask(id: $id) { id } }", id=task),
            dora.ask('mutation { createTask(input: {title: "Last"}) { id } }'),
            dora.ask('mutation { createLabel(input: {name: "last"}) { id } }'),
        )
        return {e["extensions"]["code"] for answer in answers for e in answer.body.get("errors", [])}

    for _ in range(10):
        dora = await people.one()
        task = await dora.task()
        assert await everything(dora, task["id"]) <= expected
        assert await people.row(dora.id) == {}
        assert await people.row(task["id"]) == {}
