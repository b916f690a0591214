"""A mutation with an Idempotency-Key is done once, however often and wherever it is asked."""

import hashlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any, get_args, get_type_hints

import orjson
import pytest

from db.base import Entity
from kit.settings import Settings
from resolvers.shown import Shown
from resolvers.work import Deleted
from schema.kinds import VerbField
from schema.schema import made
from server.housekeeping import tidy
from tests.clock import Watch
from tests.conftest import Served, served
from tests.people import People
from tests.server.once import CREATE, PASSWORD, REUSED, kept, post, reason, send, titles

LABEL = "mutation ($name: String!) { createLabel(input: {name: $name}) { id } }"
LOGIN = 'mutation ($who: String!) { login(identifier: $who, password: "long enough") { accessToken } }'

# Their answers are secrets: who asks again signs in again.
NEVER_KEPT = {"login", "refreshToken", "renewConnection"}


@pytest.fixture
async def forgetful(settings: Settings) -> AsyncIterator[Served]:
    """A server that keeps what was done, but no answer."""
    async with served(settings.model_copy(update={"idempotency_answer_bytes": 0})) as house:
        yield house


async def test_the_answer_stays_what_it_was(people: People) -> None:
    dora = await people.one()
    first = await post(dora, CREATE, "k", title="Before")
    id = first.json()["data"]["createTask"]["id"]
    await dora.ask('mutation ($id: ID!) { updateTask(id: $id, input: {title: "After"}) { id } }', id=id)
    assert (await post(dora, CREATE, "k", title="Before")).content == first.content
    assert await titles(dora) == ["After"]


async def test_a_key_with_another_body_is_refused_and_changes_nothing(people: People) -> None:
    dora = await people.one()
    body = {"query": CREATE, "variables": {"title": "One"}}
    assert "errors" not in (await send(dora, body, "k")).json()
    named = {"query": "mutation Named " + CREATE.removeprefix("mutation ")}
    for change in ({"variables": {"title": "Two"}}, named, {"query": CREATE + " "}):
        assert reason(await send(dora, body | change, "k")) == REUSED
    assert reason(await post(dora, LABEL, "k", name="home")) == REUSED
    assert await titles(dora) == ["One"]
    assert (await dora.ask("{ labels { totalCount } }")).data["labels"]["totalCount"] == 0


async def test_the_order_of_variables_does_not_matter(people: People) -> None:
    dora = await people.one()
    query = """mutation ($input: CreateTaskInput!, $skip: Boolean!) {
      createTask(input: $input) { id title @skip(if: $skip) } }"""
    given = {"input": {"title": "Once", "description": "More"}, "skip": False}
    turned = {"skip": False, "input": {"description": "More", "title": "Once"}}
    first = await post(dora, query, "k", **given)
    assert (await post(dora, query, "k", **turned)).content == first.content
    assert await titles(dora) == ["Once"]


async def test_a_key_is_its_owners(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    first, second = [await post(who, CREATE, "k", title="Mine") for who in (dora, sam)]
    assert first.json()["data"]["createTask"]["id"] != second.json()["data"]["createTask"]["id"]
    assert (await titles(dora), await titles(sam)) == (["Mine"], ["Mine"])


async def test_what_was_refused_can_be_tried_again(people: People) -> None:
    dora = await people.one()
    taken = await dora.label("home")
    refused = await post(dora, LABEL, "k", name="home")
    assert reason(refused) == ("CONFLICT", "LABEL_EXISTS")
    assert await kept(dora, "k") is None
    await dora.ask("mutation ($id: ID!) { deleteLabel(id: $id) { deletedId } }", id=taken["id"])
    again = await post(dora, LABEL, "k", name="home")
    assert again.json()["data"]["createLabel"]["id"] != taken["id"]
    assert (await post(dora, LABEL, "k", name="home")).content == again.content


async def test_of_two_fields_only_the_one_that_failed_is_done_again(people: People) -> None:
    dora = await people.one()
    taken = await dora.label("home")
    both = """mutation { task: createTask(input: {title: "Once"}) { id }
      label: createLabel(input: {name: "home"}) { id } last: createTask(input: {title: "Last"}) { id } }"""
    assert reason(await post(dora, both, "k")) == ("CONFLICT", "LABEL_EXISTS")
    (task,) = (await dora.ask("{ tasks { nodes { id title } } }")).data["tasks"]["nodes"]
    await dora.ask("mutation ($id: ID!) { deleteLabel(id: $id) { deletedId } }", id=taken["id"])
    again = await post(dora, both, "k")
    assert again.json()["data"]["task"]["id"] == task["id"]
    assert (await post(dora, both, "k")).content == again.content
    assert await titles(dora) == ["Last", "Once"]


async def test_an_answer_that_was_not_kept_is_read_anew(forgetful: Served) -> None:
    dora = await forgetful.people.one()
    id = (await post(dora, CREATE, "k", title="Before")).json()["data"]["createTask"]["id"]
    await dora.ask('mutation ($id: ID!) { updateTask(id: $id, input: {title: "After"}) { id } }', id=id)
    again = await post(dora, CREATE, "k", title="Before")
    assert again.json()["data"]["createTask"] == {"id": id, "title": "After", "version": 2}
    for verb in ("deleteTask", "purgeTask"):
        await dora.ask(f"mutation ($id: ID!) {{ {verb}(id: $id) {{ deletedId }} }}", id=id)
    assert reason(await post(dora, CREATE, "k", title="Before"))[0] == "TASK_NOT_FOUND"
    assert await titles(dora) == []


@pytest.mark.parametrize(
    "verb",
    [
        "deleteTask(id: $id) { deletedId }",
        "deleteTasks(ids: [$id]) { deletedId }",
        "completeTasks(ids: [$id]) { id completed version }",
        "completeTask(id: $id) { id version }",
    ],
)
async def test_whatever_a_verb_answers_is_answered_again(forgetful: Served, verb: str) -> None:
    dora = await forgetful.people.one()
    task = await dora.task(dueAt="2026-03-10T09:00:00Z", recurrence="FREQ=DAILY")
    query = f"mutation ($id: ID!) {{ {verb} }}"
    first = await post(dora, query, "k", id=task["id"])
    assert "errors" not in first.json()
    assert (await post(dora, query, "k", id=task["id"])).content == first.content


async def test_a_number_is_answered_again(forgetful: Served) -> None:
    dora = await forgetful.people.one()
    for task in [await dora.task() for _ in range(2)]:
        await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=task["id"])
    for _ in range(2):
        assert (await post(dora, "mutation { emptyTrash }", "k")).json() == {"data": {"emptyTrash": 2}}


async def test_a_key_has_1_to_255_printable_characters(people: People) -> None:
    dora = await people.one()
    for key in ("", "k" * 256, "tab\tkey"):
        response = await post(dora, CREATE, key, title="No")
        assert response.json()["errors"][0]["extensions"]["code"] == "VALIDATION_ERROR"
        assert "idempotencyKey" in response.json()["errors"][0]["extensions"]["details"]
    for wrong in (5, "é", ["k"]):
        body = {"query": CREATE, "variables": {"title": "No"}, "extensions": {"idempotencyKey": wrong}}
        assert reason(await send(dora, body, None))[0] == "VALIDATION_ERROR"
    assert await titles(dora) == []
    assert "errors" not in (await post(dora, CREATE, "k" * 255, title="Yes")).json()


async def test_a_key_may_come_in_quotes_or_as_an_extension(people: People) -> None:
    dora = await people.one()
    body = {"query": CREATE, "variables": {"title": "Once"}}
    first = await send(dora, body, '"k"')
    extended = body | {"extensions": {"idempotencyKey": "k"}}
    null = body | {"extensions": {"idempotencyKey": None}}
    answers = [await send(dora, body, "k"), await send(dora, extended, None), await send(dora, extended, "other")]
    answers += [await send(dora, null, "k")]
    assert {answer.content for answer in answers} == {first.content}
    assert await titles(dora) == ["Once"]


async def test_a_query_does_not_heed_a_key(people: People) -> None:
    dora = await people.one()
    for title in ("One", "Two"):
        await dora.task(title)
        found = await post(dora, "{ tasks { nodes { title } } }", "k")
        assert title in [node["title"] for node in found.json()["data"]["tasks"]["nodes"]]
    assert reason(await post(dora, "mutation { nothing }", "k"))[0] == "VALIDATION_ERROR"
    assert reason(await post(dora, "mutation {", "k"))[0] == "VALIDATION_ERROR"
    assert await kept(dora, "k") is None


async def test_pages_of_other_origins_may_send_a_key(people: People) -> None:
    asked = {
        "origin": "http://localhost:3000",
        "access-control-request-method": "POST",
        "access-control-request-headers": "authorization,content-type,idempotency-key",
    }
    assert (await people.http.options("/graphql", headers=asked)).status_code == 200


async def test_a_mutation_by_get_stays_refused(people: People) -> None:
    dora = await people.one()
    asked = {"query": 'mutation { createTask(input: {title: "No"}) { id } }', "extensions": '{"idempotencyKey":"k"}'}
    response = await people.http.get("/graphql", params=asked, headers=dora.headers | {"idempotency-key": "k"})
    assert response.status_code == 405
    assert await titles(dora) == []


async def test_variables_that_are_too_deep_are_refused(people: People) -> None:
    dora = await people.one()
    deep: Any = orjson.loads("[" * 300 + "]" * 300)
    assert reason(await post(dora, CREATE, "k", title="No", deep=deep))[0] == "VALIDATION_ERROR"
    assert await titles(dora) == []


async def test_tokens_are_not_kept(people: People) -> None:
    dora = await people.one(password="long enough")
    assert dora.user is not None
    for who in (people.nobody, dora):
        tokens = {(await post(who, LOGIN, "k", who=dora.user.email)).text for _ in range(2)}
        assert len(tokens) == 2
        assert all("accessToken" in token for token in tokens)
    assert await kept(dora, "k") is None


async def test_beside_a_token_the_rest_is_done_once_and_the_answer_not_kept(people: People) -> None:
    dora = await people.one(password="long enough")
    assert dora.user is not None
    query = f'{LOGIN.removesuffix("}")} createTask(input: {{title: "Once"}}) {{ id }} }}'
    first, second = [(await post(dora, query, "k", who=dora.user.email)).json()["data"] for _ in range(2)]
    assert first["createTask"] == second["createTask"]
    assert first["login"] != second["login"]
    row = await kept(dora, "k")
    assert row is not None
    assert (row["answer"], orjson.loads(row["results"])) == (None, {"createTask": first["createTask"]})
    assert await titles(dora) == ["Once"]


async def test_a_password_is_changed_once_and_cannot_be_guessed_from_what_is_kept(people: People) -> None:
    dora = await people.one(password="long enough")
    given = {"old": "long enough", "new": "longer than that"}
    first = await post(dora, PASSWORD, "k", **given)
    assert first.json() == {"data": {"changePassword": {"id": dora.id}}}
    assert (await post(dora, PASSWORD, "k", **given)).content == first.content
    assert await people.audit(dora.id) == ["user.change_password"]
    row = await kept(dora, "k")
    assert row is not None
    body = orjson.dumps([PASSWORD, given, None], option=orjson.OPT_SORT_KEYS)
    assert row["fingerprint"] != hashlib.sha256(body).digest()
    assert not any(word in repr(row) for word in given.values())


async def test_a_failure_that_must_be_audited_is(people: People) -> None:
    dora = await people.one(password="long enough")
    for _ in range(2):
        assert reason(await post(dora, PASSWORD, "k", old="wrong", new="longer than that"))[0] == "VALIDATION_ERROR"
    assert await people.audit(dora.id) == ["user.change_password.failed"] * 2
    assert await kept(dora, "k") is None


async def test_keys_are_forgotten_after_a_day(settings: Settings) -> None:
    clock = Watch(datetime.now(UTC))
    async with served(settings.model_copy(update={"access_token_minutes": 10_000}), clock) as house:
        dora = await house.people.one()
        first = await post(dora, CREATE, "k", title="One")
        clock.at += timedelta(hours=settings.idempotency_hours, minutes=-1)
        await tidy(house.services)
        assert (await post(dora, CREATE, "k", title="One")).content == first.content
        clock.at += timedelta(minutes=2)
        await tidy(house.services)
        assert await kept(dora, "k") is None
        assert (await post(dora, CREATE, "k", title="Two")).json()["data"]["createTask"]["title"] == "Two"


def _kinds(hint: Any) -> set[Any]:
    return {kind for part in get_args(hint) for kind in _kinds(part)} or {hint}


def test_every_verb_answers_what_can_be_kept_or_has_a_reason() -> None:
    mutation = made()._schema.mutation_type
    assert mutation is not None
    found = set()
    for name, field in mutation.fields.items():
        verb = field.extensions["strawberry-definition"]
        assert isinstance(verb, VerbField)
        kinds = _kinds(get_type_hints(verb.call)["return"])
        if not all(issubclass(kind, Entity | Shown | Deleted | int | float) for kind in kinds):
            found.add(name)
    assert found == NEVER_KEPT
