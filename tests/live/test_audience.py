"""That something happened can be a secret too: it is kept from those of a circle who may not see the row."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import ColumnElement, Select, and_, exists, select, text
from sqlalchemy.orm import aliased

from db.accounts.users import Role, User
from db.base import Entity
from db.slots import NOW, VIEWER_ID
from db.tasks.labels import Label
from db.tasks.tasks import Task
from kit.errors import Forbidden
from kit.ids import new_id
from live import log
from live.log import Draft, Kind
from resolvers import audience, topics
from resolvers import work as writing
from resolvers.context import Context, Viewer
from resolvers.policies import POLICIES
from resolvers.policy import Policy, nobody, owner, role, through
from tests.conftest import Served
from tests.people import People, Person
from tests.sockets import Events, Socket
from tests.streams import asked

TOLD = """subscription ($topics: [String!], $after: Cursor) { changes(topics: $topics, after: $after) { __typename
  ... on Ready { cursor } ... on EntityChanged { cursor kind } ... on EntityDeleted { cursor deletedId } } }"""
RENAME = "mutation ($id: ID!, $name: String!) { updateUser(id: $id, input: {username: $name}) { id } }"

others = aliased(User)


def family(label: Any) -> Select[Any]:
    """Those with the name of its owner."""
    owning = aliased(User)
    return select(others.id).join(owning, owning.name == others.name).where(owning.id == label.owner_id)


def surprising(label: Any) -> ColumnElement[bool]:
    """A label with the address of some user is nothing for that user."""
    named = exists().where(others.id == VIEWER_ID, others.email == label.name, label.created_at <= NOW)
    return and_(~named, through(Label.owner_id, User, lambda user: user.id != "")(label))


def judge(monkeypatch: pytest.MonkeyPatch, model: type[Entity], policy: Policy) -> None:
    monkeypatch.setitem(POLICIES, model, policy)


@pytest.fixture
def forgetting() -> Iterator[None]:
    """No statement with other policies is kept from before, nor one with these for afterwards."""
    kept = (audience.statement, writing._visible, writing._to_lock)
    for made in kept:
        made.cache_clear()
    yield
    for made in kept:
        made.cache_clear()


@pytest.fixture
def policies(forgetting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Labels are told of to the family of their owner, but not whom they name; tasks to nobody but their owner."""
    judge(monkeypatch, Label, Policy(see=surprising, change=nobody, circle=family))
    judge(monkeypatch, Task, Policy(see=owner(Task.owner_id), change=nobody, circle=family))


def context(person: Person) -> Context:
    user, services = person.user, person.people.services
    assert user is not None
    assert person.session_id is not None
    viewer = Viewer(user.id, user.role, person.session_id, user.time_zone, services.clock())
    return Context(services=services, asks=viewer, trace_id="trace", address="127.0.0.1")


async def relatives(people: People, *roles: Role) -> list[Person]:
    """People of one family, in the order of their ids."""
    name = new_id("family")
    return [await people.one(each, name=name) for each in roles]


def label_for(person: Person, by: Person) -> Label:
    assert person.user is not None
    return Label(owner_id=by.id, name=person.user.email)


async def written(person: Person) -> list[tuple[str, str, list[str]]]:
    """The events on all that is theirs, in order: kind, of what, and from whom they are hidden."""
    statement = text("select kind, entity, hidden_from from event where topics && :topics order by id")
    topics = [f"labels:{person.id}", f"tasks:{person.id}"]
    async with person.people.services.db.transaction() as session:
        return [(row.kind, row.entity, row.hidden_from) for row in await session.execute(statement, {"topics": topics})]


@pytest.mark.usefixtures("policies")
async def test_an_event_is_hidden_from_those_of_the_circle_who_may_not_see_the_row(people: People) -> None:
    mum, emma, _ = await relatives(people, *[Role.USER] * 3)
    stranger = await people.one()
    async with context(mum).work() as work:
        kept = [await work.add(label_for(person, mum)) for person in (emma, mum, stranger)]
        work.change(kept[0], also=[f"labels:{emma.id}"], color="#000000")
    assert await written(mum) == [
        ("ADDED", "Label", [emma.id]),
        ("ADDED", "Label", [mum.id]),
        ("ADDED", "Label", []),
        ("UPDATED", "Label", [emma.id]),
    ]
    assert await written(emma) == [("UPDATED", "Label", [emma.id])]


@pytest.mark.usefixtures("policies")
async def test_another_row_may_decide_and_the_event_speaks_of_the_first(people: People) -> None:
    mum, emma, tom = await relatives(people, *[Role.USER] * 3)
    async with context(mum).work() as work:
        secret = await work.add(label_for(emma, mum))
        task = Task(owner_id=mum.id, title="A present", position=1.0, time_zone="UTC")
        await work.add(task, by=secret)
        work.change(task, Kind.STATUS_CHANGED, by=secret, title="Bought")
        work.touch(task, Kind.ASSIGNED, by=secret)
        work.tell(task, Kind.COMMENT_ADDED)
    hidden = [emma.id]
    assert await written(mum) == [
        ("ADDED", "Label", hidden),
        ("ADDED", "Task", hidden),
        ("STATUS_CHANGED", "Task", hidden),
        ("ASSIGNED", "Task", hidden),
        ("COMMENT_ADDED", "Task", sorted([emma.id, tom.id])),
    ]


@pytest.mark.usefixtures("policies")
async def test_who_hears_of_an_end_is_decided_while_the_row_stands(people: People) -> None:
    mum, emma, tom = await relatives(people, *[Role.USER] * 3)
    async with context(mum).work() as work:
        kept = [await work.add(label_for(person, mum)) for person in (emma, tom, mum)]
    async with context(mum).work() as work:
        last = await work.remove(kept[2], also=[f"tasks:{tom.id}"])
        gone = await work.remove_all(kept[:2])
        assert await work.remove_all([]) == []
    assert [deleted.deleted_id for deleted in (*gone, last)] == [label.id for label in kept]
    assert (await written(mum))[3:] == [
        ("DELETED", "Label", [mum.id]),
        ("DELETED", "Label", [emma.id]),
        ("DELETED", "Label", [tom.id]),
    ]
    assert await written(tom) == [("DELETED", "Label", [mum.id])]
    assert (await mum.ask("{ labels { totalCount } }")).data["labels"] == {"totalCount": 0}


@pytest.mark.usefixtures("policies")
async def test_what_is_told_too_late_fails_and_nothing_is_written(people: People) -> None:
    mum, emma = await relatives(people, Role.USER, Role.USER)

    async def told_too_late() -> None:
        async with context(mum).work() as work:
            label = await work.add(label_for(emma, mum))
            await work.remove(label)
            work.tell(label, Kind.UPDATED)

    with pytest.raises(LookupError, match="a Label that is gone"):
        await told_too_late()
    assert await written(mum) == []


@pytest.mark.usefixtures("policies")
async def test_what_is_told_to_several_at_once_cannot_be_hidden(people: People) -> None:
    """Who is followed by users of other eyes must be gated by an entity that has a circle itself."""
    mum, emma = await relatives(people, Role.USER, Role.USER)

    async def told_to_several() -> None:
        async with context(mum).work() as work:
            work.tell(await work.add(label_for(emma, mum)), Kind.UPDATED, also=[f"user:{emma.id}"])

    with pytest.raises(TypeError, match=r"Label has a circle, and what gates \['user:\w+'\] has none"):
        await told_to_several()
    assert await written(mum) == []


@pytest.mark.usefixtures("policies")
def test_a_rule_that_asks_for_more_than_the_id_of_all_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    judge(monkeypatch, Label, Policy(see=role(Role.ADMIN), change=nobody, circle=family))
    with pytest.raises(TypeError, match=r"Who may see a Label depends on \['viewer_role'\]"):
        audience.statement(Label)


@pytest.mark.usefixtures("policies")
async def test_many_rows_of_one_type_are_decided_by_one_statement(people: People) -> None:
    mum, emma, tom = await relatives(people, *[Role.USER] * 3)
    async with context(mum).work() as work:
        secret = [await work.add(label_for(person, mum)) for person in (emma, tom)]
    told = [audience.Told(draft(f"labels:{mum.id}", each.id), each) for each in (*secret, *secret[::-1])]
    asked: list[Any] = []
    async with people.services.db.transaction() as session:
        execute = session.execute

        async def counting(*given: Any) -> Any:
            asked.append(given)
            return await execute(*given)

        session.execute = counting  # type: ignore[method-assign, assignment]
        drafts = await audience.decided(session, told, people.services.clock())
    assert len(asked) == 1
    assert [each.hidden_from for each in drafts] == [[emma.id], [tom.id], [tom.id], [emma.id]]


def draft(topic: str, id: Any, *hidden_from: Any) -> Draft:
    return Draft([topic], Kind.UPDATED, "User", id, None, datetime.now(UTC), hidden_from=hidden_from)


async def happen(house: Served, *drafts: Draft) -> None:
    async with house.services.db.transaction() as session:
        await log.append(session, drafts)
    house.services.doorbell.ring()


@pytest.fixture
def circled(forgetting: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Users are told of to those of their name, and only to themselves, though administrators may follow them."""
    named = lambda user: select(others.id).where(others.name == user.name)  # noqa: E731
    judge(monkeypatch, User, replace(POLICIES[User], see=owner(User.id), circle=named))


def groups(house: Served, topic: str) -> int:
    return sum(topic in group.topics for group in house.services.hub.groups.values())


@pytest.mark.usefixtures("circled")
async def test_of_two_who_follow_a_topic_one_hears_and_the_other_does_not(house: Served) -> None:
    dora, admin = await relatives(house.people, Role.USER, Role.ADMIN)
    topic = f"user:{dora.id}"
    async with dora.socket() as one, admin.socket() as other:
        hers, his = await begun(one, topic), await begun(other, topic)
        assert (await dora.ask(RENAME, id=dora.id, name=f"dora{dora.id[-12:]}")).data["updateUser"]
        await happen(house, draft(topic, dora.id), draft(topic, dora.id, dora.id))
        await happen(house, draft(topic, dora.id, admin.id), draft(topic, dora.id))
        heard, seen = await hers.take(4), await his.take(3)
    assert [event in heard for event in seen] == [True, False, True]
    assert [event in seen for event in heard] == [False, True, False, True]


@pytest.mark.usefixtures("circled")
async def test_who_comes_back_after_a_cursor_is_not_told_either(house: Served) -> None:
    dora, admin = await relatives(house.people, Role.USER, Role.ADMIN)
    topic = f"user:{dora.id}"
    async with dora.socket() as one, admin.socket() as other:
        hers, his = await begun(one, topic), await begun(other, topic)
        await happen(house, *[draft(topic, dora.id, admin.id) for _ in range(40)], draft(topic, dora.id))
        heard, (seen,) = await hers.take(41), await his.take(1)
    assert seen == heard[-1]
    for after in (his.first["cursor"], heard[0]["cursor"], heard[38]["cursor"]):
        async with admin.socket() as other:
            again = await begun(other, topic, after)
            assert again.first == {"__typename": "Ready", "cursor": after}
            assert await again.next() == seen
        async with asked(admin, TOLD, variables={"topics": [topic], "after": after}) as stream:
            assert [(await stream.next())["cursor"] for _ in range(2)] == [after, seen["cursor"]]


@pytest.mark.usefixtures("circled")
async def test_what_may_be_hidden_is_told_to_each_alone(house: Served) -> None:
    dora, admin = await relatives(house.people, Role.USER, Role.ADMIN)
    topic = f"user:{dora.id}"
    async with dora.socket() as one, dora.socket() as two, admin.socket() as other:
        [await begun(socket, topic) for socket in (one, two, other)]
        assert groups(house, topic) == 2


async def test_what_is_never_hidden_is_told_to_all_together(house: Served) -> None:
    dora, admin = await relatives(house.people, Role.USER, Role.ADMIN)
    topic = f"user:{dora.id}"
    async with dora.socket() as one, admin.socket() as other:
        [await begun(socket, topic) for socket in (one, other)]
        assert groups(house, topic) == 1


async def begun(socket: Socket, topic: str, after: str | None = None) -> Events:
    await socket.start(TOLD, "1", topics=[topic], after=after)
    events = Events(socket, "1")
    events.first = await events.next()
    return events


async def test_a_topic_is_parted_at_its_last_colon(house: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in `list-items:all:family_…`; an id of one's own opens only what is of users."""
    dora, sam = await relatives(house.people, Role.ADMIN, Role.USER)
    monkeypatch.setitem(topics.GATES, "comments:user", User)
    monkeypatch.setitem(topics.GATES, "label", Label)
    label = await dora.label()
    open, shut = [f"comments:user:{sam.id}", f"label:{label['id']}"], [f"comments:{sam.id}", f"label:{dora.id}"]
    await topics.admit(context(dora), open)
    for topic in (*shut, f"comments:user:nobody:{sam.id}"):
        with pytest.raises(Forbidden, match="cannot be followed"):
            await topics.admit(context(dora), [topic])
    with pytest.raises(Forbidden):
        await topics.admit(context(sam), [f"comments:user:{dora.id}"])
