"""The one stream for whatever the viewer may follow."""

from dataclasses import replace
from typing import Any

import pytest

from db.accounts.users import Role
from schema.roots import Subscription
from tests.people import People
from tests.sockets import Socket

LOGIN = 'mutation ($email: String!) { login(identifier: $email, password: "long enough") { accessToken } }'
CHANGES = """subscription ($topics: [String!], $types: [EntityType!], $after: Cursor) {
  changes(topics: $topics, types: $types, after: $after) { __typename
    ... on Ready { cursor }
    ... on EntityChanged { cursor kind topic entityType
      node { __typename id ... on Task { title } ... on Label { name } } }
    ... on EntityDeleted { cursor topic entityType deletedId } } }"""


async def begun(socket: Socket, **variables: Any) -> Any:
    await socket.start(CHANGES, "1", **variables)
    return await told(socket)


async def told(socket: Socket) -> Any:
    frame = await socket.frame()
    assert frame["type"] == "next", frame
    return frame["payload"]["data"]["changes"]


async def test_without_topics_all_that_is_ones_own_is_told(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        assert (await begun(socket))["__typename"] == "Ready"
        task = await dora.task("Water the plants")
        label = (await dora.ask('mutation { createLabel(input: {name: "home"}) { id } }')).data["createLabel"]
        await dora.ask('mutation ($id: ID!) { updateUser(id: $id, input: {name: "Theodora"}) { id } }', id=dora.id)
        await dora.ask("mutation ($id: ID!) { deleteLabel(id: $id) { deletedId } }", id=label["id"])
        heard = [await told(socket) for _ in range(4)]
    cursors = [event.pop("cursor") for event in heard]
    assert len(set(cursors)) == 4
    assert heard == [
        {
            "__typename": "EntityChanged",
            "kind": "ADDED",
            "topic": f"tasks:{dora.id}",
            "entityType": "TASK",
            "node": {"__typename": "Task", "id": task["id"], "title": "Water the plants"},
        },
        {
            "__typename": "EntityChanged",
            "kind": "ADDED",
            "topic": f"labels:{dora.id}",
            "entityType": "LABEL",
            "node": heard[1]["node"],
        },
        {
            "__typename": "EntityChanged",
            "kind": "UPDATED",
            "topic": f"user:{dora.id}",
            "entityType": "USER",
            "node": {"__typename": "User", "id": dora.id},
        },
        {
            "__typename": "EntityDeleted",
            "topic": f"labels:{dora.id}",
            "entityType": "LABEL",
            "deletedId": label["id"],
        },
    ]


async def test_only_the_types_asked_for_are_told_also_on_resuming(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        ready = await begun(socket, types=["LABEL"])
        await dora.task()
        await dora.ask('mutation { createLabel(input: {name: "home"}) { id } }')
        assert (await told(socket))["node"]["name"] == "home"
    async with dora.socket() as socket:
        assert await begun(socket, types=["LABEL"], after=ready["cursor"]) == ready
        assert (await told(socket))["node"]["name"] == "home"


async def test_a_sign_in_and_its_end_are_told_to_its_owner_alone(people: People) -> None:
    dora, admin = await people.one(password="long enough"), await people.one(Role.ADMIN)
    async with dora.socket() as own, admin.socket() as watching:
        await begun(own, topics=[f"sessions:{dora.id}"])
        await watching.start(CHANGES, "1", topics=[f"sessions:{dora.id}"])
        assert (await watching.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        assert dora.user is not None
        signed = await people.nobody.ask(LOGIN, email=dora.user.email)
        added = await told(own)
        await replace(dora, token=signed.data["login"]["accessToken"]).ask("mutation { logout { deletedId } }")
        ended = await told(own)
    assert (added["entityType"], added["kind"], added["node"]["__typename"]) == ("SESSION", "ADDED", "Session")
    assert (ended["entityType"], ended["deletedId"]) == ("SESSION", added["node"]["id"])


@pytest.mark.parametrize(
    "topic",
    ["tasks:{sam}", "labels:{sam}", "sessions:{sam}", "user:{sam}", "user:nobody", "nonsense", "", ":", "tasks:", "*"],
)
async def test_what_is_not_ones_own_cannot_be_followed(people: People, topic: str) -> None:
    """Whether it is there or not: the answer is the same."""
    dora, sam = await people.one(), await people.one()
    named = topic.format(sam=sam.id)
    async with dora.socket() as socket:
        await socket.start(CHANGES, "1", topics=[f"tasks:{dora.id}", named])
        frame = await socket.frame()
        assert frame["type"] == "error"
        assert frame["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        assert frame["payload"][0]["message"] == f"{named} cannot be followed"
        assert await socket.ask("{ __typename }") == {"data": {"__typename": "Query"}}


async def test_who_may_not_follow_leaves_a_trace(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    async with dora.socket() as socket:
        await socket.start(CHANGES, "1", topics=[f"user:{sam.id}"])
        assert (await socket.frame())["type"] == "error"
        await socket.start("subscription { websocketHealthEvents { processes } }", "2")
        assert (await socket.frame())["type"] == "error"
    assert await people.audit(dora.id) == ["refused.changes", "refused.websocketHealthEvents"]


async def test_a_stream_has_a_floor_too(people: People, monkeypatch: pytest.MonkeyPatch) -> None:
    fields = Subscription.__strawberry_definition__.fields  # type: ignore[attr-defined]
    monkeypatch.setattr(next(field for field in fields if field.python_name == "changes"), "floor", Role.ADMIN)
    dora, admin = await people.one(), await people.one(Role.ADMIN)
    async with dora.socket() as socket, admin.socket() as other:
        await socket.start(CHANGES, "1")
        assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
        assert (await begun(other))["__typename"] == "Ready"


async def test_an_administrator_may_follow_a_user_and_sees_no_more_than_that(people: People) -> None:
    dora, admin = await people.one(), await people.one(Role.ADMIN)
    async with admin.socket() as socket:
        await begun(socket, topics=[f"user:{dora.id}"])
        await dora.task("Private")
        await dora.ask('mutation ($id: ID!) { updateUser(id: $id, input: {name: "Theodora"}) { id } }', id=dora.id)
        heard = await told(socket)
    assert (heard["entityType"], heard["node"]) == ("USER", {"__typename": "User", "id": dora.id})


async def test_more_topics_than_one_stream_may_have_are_refused(people: People) -> None:
    dora = await people.one()
    async with dora.socket() as socket:
        (error,) = await socket.ask(CHANGES, topics=[f"tasks:{number}" for number in range(101)])
        assert error["extensions"]["code"] == "VALIDATION_ERROR"
        assert [*error["extensions"]["details"]] == ["topics"]
