"""How large a question may be: refused with a clear code, quickly, and before anything is done."""

import asyncio
import json
from typing import Any

import pytest

from tests.people import Answer, People, Person
from tests.sockets import EVENTS

LEVELS = 25
FOUND = "{ tasks(first: 1) { totalCount } }"


def nested(field: str, levels: int, leaf: str = "id") -> str:
    return f"{field} {{ " * levels + leaf + " }" * levels


def bomb(fragment: str, leaf: str = "id") -> str:
    """Fragments of Task, each of which spreads the next one twice; `fragment` has a %s for each spread."""
    spread = [f"fragment f{i} on Task {{ {fragment.replace('%s', f'...f{i + 1}')} }}" for i in range(LEVELS)]
    return " ".join([*spread, f"fragment f{LEVELS} on Task {{ {leaf} }}"])


async def within_a_second(person: Person, query: str, **variables: Any) -> Answer:
    async with asyncio.timeout(1):
        return await person.ask(query, **variables)


async def test_a_query_may_be_nested_twelve_levels_and_no_deeper(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    asked = "query ($id: ID!) { task(id: $id) { %s } }"
    assert (await dora.ask(asked % nested("parent", 11), id=task["id"])).data == {"task": {"parent": None}}
    refused = await dora.ask(asked % nested("parent", 12), id=task["id"])
    assert refused.code == "QUERY_TOO_COMPLEX"
    assert refused.error["message"] == "The query is nested deeper than 12 levels"
    assert refused.body.get("data") is None


async def test_connections_and_fragments_count_as_levels(people: People) -> None:
    dora = await people.one()
    deep = nested("subtasks { nodes", 6).replace("}", "} }", 6)
    assert (await dora.ask(f"{{ tasks {{ nodes {{ {deep} }} }} }}")).code == "QUERY_TOO_COMPLEX"
    spread = f"{{ tasks {{ nodes {{ ...A }} }} }} fragment A on Task {{ {nested('parent', 12)} }}"
    assert (await dora.ask(spread)).code == "QUERY_TOO_COMPLEX"


async def test_a_query_may_ask_for_500_fields_and_no_more(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    asked = "query ($id: ID!) { task(id: $id) { %s } }"
    parents = [f"a{i}: parent {{ {' '.join(f'b{j}: id' for j in range(11))} }}" for i in range(41)]
    answered = await dora.ask(
        asked % f"{' '.join(parents)} x: id y: id z: id u: id v: id w: id q: id o: id", id=task["id"]
    )
    assert len(answered.data["task"]) == 49
    refused = await dora.ask(asked % f"{' '.join(parents)} {' '.join(f'x{i}: id' for i in range(9))}", id=task["id"])
    assert refused.code == "QUERY_TOO_COMPLEX"
    assert refused.error["message"] == "The query asks for more than 500 fields"
    assert (refused.error["extensions"]["fields"], refused.error["extensions"]["limit"]) == (501, 500)


async def test_a_field_may_have_50_names_and_no_more(people: People) -> None:
    dora = await people.one()
    names = [f"a{i}: id" for i in range(51)]
    assert len((await dora.ask(f"{{ me {{ {' '.join(names[:50])} }} }}")).data["me"]) == 50
    refused = await dora.ask(f"{{ me {{ {' '.join(names)} }} }}")
    assert refused.code == "QUERY_TOO_COMPLEX"
    assert refused.error["message"] == "The query asks for more than 50 aliases of one field"


async def test_the_same_field_may_be_asked_a_hundred_times_and_counts_once(people: People) -> None:
    dora = await people.one()
    assert (await dora.ask("{ me { " + "id " * 100 + "} }")).data == {"me": {"id": dora.id}}
    assert (await dora.ask("{ me { " + "id " * 101 + "} }")).code == "QUERY_TOO_COMPLEX"


async def test_pages_within_pages_are_refused_with_their_cost_before_anything_is_read(people: People) -> None:
    dora = await people.one()
    query = "query ($n: Int) { tasks(first: $n) { nodes { subtasks(first: $n) { nodes { labels { id } } } } } }"
    assert (await dora.ask(query, n=50)).data == {"tasks": {"nodes": []}}
    refused = await dora.ask(query, n=100)
    assert refused.code == "QUERY_TOO_COMPLEX"
    assert (refused.error["extensions"]["cost"], refused.error["extensions"]["limit"]) == (110_201, 50_000)


async def test_a_document_of_more_than_5000_tokens_is_refused(people: People) -> None:
    dora = await people.one()
    refused = await within_a_second(dora, "{ me { " + "id " * 5_000 + "} }")
    assert refused.code == "VALIDATION_ERROR"
    assert refused.error["message"] == "Syntax Error: Document contains more than 5000 tokens. Parsing aborted."


@pytest.mark.parametrize(
    "fragment", ["parent { %s %s }", "a: parent { %s } b: parent { %s }", "subtasks { nodes { %s } a: nodes { %s } }"]
)
async def test_fragments_that_double_at_each_level_are_refused_at_once(people: People, fragment: str) -> None:
    dora = await people.one()
    task = await dora.task()
    refused = await within_a_second(
        dora, f"query ($id: ID!) {{ task(id: $id) {{ ...f0 }} }} {bomb(fragment)}", id=task["id"]
    )
    assert refused.code == "QUERY_TOO_COMPLEX"


async def test_fragments_that_double_and_say_nothing_new_are_answered_at_once(people: People) -> None:
    dora = await people.one()
    task = await dora.task()
    query = f"query ($id: ID!) {{ task(id: $id) {{ ...f0 }} }} {bomb('%s %s')}"
    assert (await within_a_second(dora, query, id=task["id"])).data == {"task": {"id": task["id"]}}


async def test_fragments_that_go_in_a_circle_are_refused(people: People) -> None:
    dora = await people.one()
    answer = await within_a_second(
        dora,
        "{ tasks { nodes { ...A } } } fragment A on Task { parent { ...B } } fragment B on Task { parent { ...A } }",
    )
    assert answer.code == "VALIDATION_ERROR"


async def test_introspection_cannot_be_nested_without_end(people: People) -> None:
    dora = await people.one()
    deep = nested("fields { type", 20, "name").replace("}", "} }", 20)
    assert (await within_a_second(dora, f"{{ __schema {{ types {{ {deep} }} }} }}")).code == "QUERY_TOO_COMPLEX"


SELECTIONS = {
    "too deep": (nested("parent", 12), "QUERY_TOO_COMPLEX"),
    "too wide": (" ".join(f"a{i}: id" for i in range(51)), "QUERY_TOO_COMPLEX"),
    "bad paging": ("subtasks(first: 0) { totalCount }", "VALIDATION_ERROR"),
}


@pytest.mark.parametrize(("selection", "code"), SELECTIONS.values(), ids=SELECTIONS)
async def test_a_mutation_whose_answer_would_be_refused_does_nothing(people: People, selection: str, code: str) -> None:
    dora = await people.one()
    refused = await dora.ask(f'mutation {{ createTask(input: {{title: "x"}}) {{ {selection} }} }}')
    assert refused.code == code
    assert (await dora.ask(FOUND)).data == {"tasks": {"totalCount": 0}}


@pytest.mark.parametrize(("selection", "code"), SELECTIONS.values(), ids=SELECTIONS)
async def test_a_subscription_whose_events_would_be_refused_is_refused_at_once(
    people: People, selection: str, code: str
) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        payload = await socket.ask(EVENTS.replace("id title completed", selection), after=None)
        assert [error["extensions"]["code"] for error in payload] == [code]


@pytest.mark.parametrize(
    "query",
    [
        "{ me { %s: id } }",
        "{ me { %s: __typename } }",
        "{ tasks { %s: nodes { id } } }",
        "{ tasks { edges { %s: node { id } } } }",
        "{ tasks { nodes { %s: parent { id } } } }",
        "{ tasks { nodes { %s: subtasks { totalCount } } } }",
        "{ tasks { pageInfo { %s: hasNextPage } } }",
        "{ taskCounts { %s: open } }",
    ],
)
async def test_an_alias_may_be_longer_than_a_name_in_postgresql(people: People, query: str) -> None:
    dora = await people.one()
    await dora.task()
    short = await dora.ask(query % "a")
    for length in (62, 63, 64, 65, 200):
        long = json.dumps((await dora.ask(query % ("a" * length))).data)
        assert long.replace("a" * length, "a") == json.dumps(short.data)


async def test_aliases_that_differ_only_at_their_end_stay_apart(people: People) -> None:
    dora = await people.one()
    long = "a" * 80
    answer = await dora.ask(f"{{ me {{ {long}x: id {long}y: email }} }}")
    assert dora.user is not None
    assert answer.data == {"me": {f"{long}x": dora.id, f"{long}y": dora.user.email}}
