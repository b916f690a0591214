"""What a repeated document costs, what is kept of it, and for how long."""

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import orjson
import pytest

from kit.errors import Forbidden, Invalid, UnknownDocument
from kit.settings import Settings
from schema import documents, operations, places, plans
from schema.documents import LARGEST_KEPT, Documents
from schema.schema import made
from schema.trusted import BadManifest, trusted_documents
from tests.conftest import Served
from tests.people import People
from tests.sockets import Closed

SCHEMA = made()._schema
SETTINGS = Settings(_env_file=None)
MINE = "{ me { id } }"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def persisted(hash: str, version: int = 1) -> dict[str, Any]:
    return {"persistedQuery": {"version": version, "sha256Hash": hash}}


PARSED = ["parsed", "validated"]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("{ me { id } } #", PARSED),
        ("mutation { logout { deletedId } } #", PARSED),
        ("{ nope } #", PARSED),
        ("{ #", PARSED[:1]),
    ],
)
async def test_what_is_not_kept_is_parsed_and_validated_once_for_a_request(
    house: Served, once: None, monkeypatch: pytest.MonkeyPatch, text: str, wanted: list[str]
) -> None:
    steps: list[str] = []
    for name in PARSED:
        real = getattr(documents, name)

        def counting(*given: Any, name: str = name, real: Any = real, **named: Any) -> Any:
            steps.append(name)
            return real(*given, **named)

        monkeypatch.setattr(documents, name, counting)
    dora = await house.people.one()
    body, headers = {"query": text + " " * LARGEST_KEPT}, dora.headers | {"idempotency-key": "k"}
    await house.people.http.post("/graphql", json=body, headers=headers)
    assert steps == wanted


async def test_a_repeated_document_is_parsed_measured_validated_and_planned_once(
    house: Served, once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []

    def counted(module: Any, name: str) -> None:
        real = getattr(module, name)

        def counting(*given: Any, **named: Any) -> Any:
            steps.append(name)
            return real(*given, **named)

        monkeypatch.setattr(module, name, counting)

    for module, name in (
        (documents, "parsed"),
        (documents, "measured"),
        (documents, "validated"),
        (operations, "collected"),
        (places, "question"),
        (plans, "_plan"),
    ):
        counted(module, name)
    one, two = await house.people.one(), await house.people.one()
    query = "query ($n: Int) { tasks(first: $n) { repeated: nodes { id } } }"
    for person, number in ((one, 1), (two, 2), (one, 3)):
        assert (await person.ask(query, n=number)).data == {"tasks": {"repeated": []}}
    assert steps == ["parsed", "measured", "validated", "collected", "question", "_plan"]


def test_the_documents_asked_longest_ago_are_forgotten_first() -> None:
    found = Documents(SCHEMA, SETTINGS, most=800)  # of which a fifth is for what nobody has signed in for
    texts = [f"{{ me {{ name{number}: name }} }}" for number in range(3)]  # of 22 characters, and EACH of 50
    first, second = (found.get(text) for text in texts[:2])
    assert found.get(texts[0]) is first
    found.get(texts[2])
    assert found.get(texts[0]) is first
    assert found.get(texts[1]) is not second


def test_what_somebody_has_asked_is_not_forgotten_for_what_anybody_sends() -> None:
    found = Documents(SCHEMA, SETTINGS, most=400)
    mine = found.get(MINE)
    found.remember(MINE)
    for number in range(100):
        found.get(f"{{ me {{ name{number}: name }} }}")
    assert found.get(MINE) is mine


def test_a_hash_is_forgotten_with_its_document() -> None:
    found = Documents(SCHEMA, SETTINGS, most=400)
    found.text(MINE, None, persisted(hash_of(MINE)))
    assert found.text(None, None, persisted(hash_of(MINE))) == MINE
    found.get("{ me { email name } }")
    with pytest.raises(UnknownDocument):
        found.text(None, None, persisted(hash_of(MINE)))
    assert found._by_hash == {}


def test_a_document_that_is_too_large_is_not_kept() -> None:
    found = Documents(SCHEMA, SETTINGS)
    large = MINE + " " * LARGEST_KEPT
    first = found.get(large)
    found.get(large + " ")
    assert found.get(large) is not first
    assert found.find(large) is None
    assert found.get(MINE) is found.get(MINE)


async def test_a_document_that_is_too_large_to_keep_is_answered_all_the_same(people: People) -> None:
    dora = await people.one()
    for _ in range(2):
        assert (await dora.ask(MINE + " " * LARGEST_KEPT)).data == {"me": {"id": dora.id}}


async def test_plans_have_a_limit_by_weight(house: Served) -> None:
    dora = await house.people.one()
    kept = plans.PLANS
    most, kept._most = kept._most, 15_000
    try:
        for number in range(20):
            (await dora.ask(f"{{ tasks(first: 1) {{ a{number}: nodes {{ id }} }} }}")).data  # noqa: B018
        assert kept._weight <= 15_000
        assert len(kept._kept) < 20
    finally:
        kept._most = most


@pytest.mark.parametrize(
    "extensions",
    [
        {"persistedQuery": 5},
        {"persistedQuery": {}},
        {"persistedQuery": {"version": 1}},
        {"persistedQuery": {"version": 1, "sha256Hash": 5}},
        persisted(hash_of(MINE), version=2),
        persisted("0" * 64),
    ],
)
def test_a_hash_that_cannot_be_is_refused_and_not_kept(extensions: dict[str, Any]) -> None:
    found = Documents(SCHEMA, SETTINGS)
    with pytest.raises(Invalid):
        found.text(MINE, None, extensions)
    assert found._by_hash == {}


async def test_a_client_sends_the_text_once_and_then_its_hash(people: People) -> None:
    dora = await people.one()
    query = "query Known { me { known: id } }"
    asked = {"extensions": persisted(hash_of(query))}

    async def ask(body: dict[str, Any]) -> dict[str, Any]:
        answer: dict[str, Any] = (await people.http.post("/graphql", json=body, headers=dora.headers)).json()
        return answer

    (error,) = (await ask(asked))["errors"]
    assert (error["message"], error["extensions"]["code"]) == ("PersistedQueryNotFound", "PERSISTED_QUERY_NOT_FOUND")
    assert (await ask(asked | {"query": query})) == {"data": {"me": {"known": dora.id}}}
    assert (await ask(asked)) == {"data": {"me": {"known": dora.id}}}
    by_get = await people.http.get(
        "/graphql", params={"extensions": json.dumps(asked["extensions"])}, headers=dora.headers
    )
    assert by_get.json() == {"data": {"me": {"known": dora.id}}}


async def test_a_text_that_is_no_document_is_told_so_whatever_its_hash(people: People) -> None:
    dora = await people.one()
    body = {"query": "{ me {", "extensions": persisted(hash_of("{ me {"))}
    response = await people.http.post("/graphql", json=body, headers=dora.headers)
    assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (200, "VALIDATION_ERROR")
    async with dora.socket() as socket:
        await socket.send({"id": "1", "type": "subscribe", "payload": body})
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "VALIDATION_ERROR"


async def test_a_hash_does_not_come_before_the_protocol(people: People) -> None:
    dora = await people.one()
    unknown = {"id": "1", "type": "subscribe", "payload": {"extensions": persisted("0" * 64)}}
    socket = await dora.socket().open()
    await socket.send(unknown)
    with pytest.raises(Closed) as closed:
        await socket.frame()
    assert closed.value.code == 4401
    async with dora.socket() as socket, socket.events():
        await socket.send(unknown)
        with pytest.raises(Closed) as closed:
            await socket.frame()
        assert closed.value.code == 4409


async def test_making_a_plan_keeps_nobody_waiting(house: Served) -> None:
    """A question of very many parts is planned beside others, once for all who ask it at once."""
    dora = await house.people.one()
    task = await dora.task()
    await dora.ask(MINE)
    many = " ".join(f"s{n}: subtasks(first: 1) {{ pageInfo {{ endCursor }} }}" for n in range(24))
    large = f"query ($id: ID!) {{ a: task(id: $id) {{ {many} parent {{ {many} }} }} }}"
    made = asyncio.gather(*(dora.ask(large, id=task["id"]) for _ in range(3)))
    meanwhile = 0
    while not made.done():
        assert (await dora.ask(MINE)).data == {"me": {"id": dora.id}}
        meanwhile += 1
    assert [len(answer.data["a"]) for answer in await made] == [25] * 3
    assert meanwhile > 5


async def test_a_wrong_hash_is_refused_and_nothing_is_done(people: People) -> None:
    dora = await people.one()
    body = {
        "query": 'mutation { createTask(input: {title: "x"}) { id } }',
        "extensions": persisted(hash_of(MINE)),
    }
    answer = (await people.http.post("/graphql", json=body, headers=dora.headers)).json()
    assert [*answer["errors"][0]["extensions"]["details"]] == ["extensions.persistedQuery.sha256Hash"]
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 0}}


async def test_a_hash_works_over_a_socket_too(people: People) -> None:
    dora = await people.one()
    query = "query Socket { me { overSocket: id } }"
    async with dora.socket() as socket:
        await socket.send({"id": "1", "type": "subscribe", "payload": {"extensions": persisted(hash_of(query))}})
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "PERSISTED_QUERY_NOT_FOUND"
        for id, payload in (("2", {"query": query}), ("3", {})):
            told = payload | {"extensions": persisted(hash_of(query))}
            await socket.send({"id": id, "type": "subscribe", "payload": told})
            assert (await socket.frame())["payload"] == {"data": {"me": {"overSocket": dora.id}}}
            assert await socket.frame() == {"id": id, "type": "complete"}


def manifest(path: Path, content: Any) -> Path:
    path.write_bytes(orjson.dumps(content))
    return path


@pytest.mark.parametrize(
    "content",
    [
        {"mine": MINE},
        {"sha256:mine": MINE},
        {"format": "apollo-persisted-query-manifest", "version": 1, "operations": [{"id": "mine", "body": MINE}]},
    ],
)
def test_only_trusted_documents_are_answered_by_id_by_hash_or_by_text(tmp_path: Path, content: Any) -> None:
    found = Documents(SCHEMA, SETTINGS, trusted_documents(manifest(tmp_path / "documents.json", content)), most=1)
    assert found.text(None, "mine", {}) == MINE
    assert found.text(None, "sha256:mine", {}) == MINE
    assert found.text(None, None, persisted("mine")) == MINE
    assert found.get(MINE) is found.get(MINE)
    with pytest.raises(UnknownDocument):
        found.text(None, "other", {})
    with pytest.raises(Forbidden):
        found.get("{ me { name } }")
    with pytest.raises(Forbidden):
        found.text("{ me { name } }", None, persisted(hash_of("{ me { name } }")))


@pytest.mark.parametrize(
    "content", [[], 5, {"mine": 5}, {"operations": [5]}, {"operations": 5}, {"operations": [{"id": "a", "body": 5}]}]
)
def test_a_list_of_trusted_documents_that_is_none_is_told(tmp_path: Path, content: Any) -> None:
    with pytest.raises(BadManifest):
        trusted_documents(manifest(tmp_path / "documents.json", content))


@pytest.mark.parametrize("text", ["{", "{ nope }", "fragment A on User { id }", "{ me { ...A } }"])
def test_a_trusted_document_that_is_not_valid_is_told_at_the_start(text: str) -> None:
    with pytest.raises(BadManifest, match=r"The trusted document wrong is not valid"):
        Documents(SCHEMA, SETTINGS, {"wrong": text})
