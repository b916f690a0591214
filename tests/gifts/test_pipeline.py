"""How far a present has come: who may move it which way, and what becomes of the surprise."""

import asyncio
from typing import Any

import pytest

from db.gifts.activity import Activity, ActivityKind
from db.gifts.comments import Comment, CommentParent
from live.topics import family, gift_list, items_of, person
from resolvers.gifts import keeping
from tests.gifts.givers import activity, do, giving, heard, kept, listening, own_topic, write
from tests.gifts.world import World
from tests.people import Answer, Person

STATUSES = ("IDEA", "SELECTED", "PURCHASED", "RECEIVED")
# The published table, docs/gifts.md: from, to, and who may; `skip` has to be said for the step with a star.
GIVERS, CARERS, ADMINS = {"giver", "assignee", "admin"}, {"assignee", "admin"}, {"admin"}
TABLE = {
    ("IDEA", "SELECTED"): GIVERS,
    ("IDEA", "PURCHASED*"): GIVERS,
    ("SELECTED", "IDEA"): CARERS,
    ("SELECTED", "PURCHASED"): GIVERS,
    ("PURCHASED", "SELECTED"): CARERS,
    ("PURCHASED", "RECEIVED"): GIVERS,
    ("RECEIVED", "PURCHASED"): ADMINS,
}
STEP = {"from": ["IDEA"], "to": ["RECEIVED"]}


async def move(who: Person, id: str, to: str, *, skip: bool = False, version: int | None = None) -> Answer:
    said = f", expectedVersion: {version}" if version else ""
    fields = "id status giving { status statusChangedAt receivedAt version }"
    verb = f"transitionListItem(id: $id, status: {to}, skip: {str(skip).lower()}{said}) {{ {fields} }}"
    return await do(who, verb, id)


async def put(home: World, status: str, assignee: str | None = None) -> None:
    """The item as far as that, and a surprise as it was."""
    await write(
        home,
        "update giving set status = cast(:status as item_status), assignee_id = :assignee where id = :id",
        status=status,
        assignee=assignee,
        id=home.giving.id,
    )
    secret = home.item.kept_until
    await write(home, "update list_item set kept_until = :until where id = :id", until=secret, id=home.item.id)


def outcome(answer: Answer) -> str:
    return answer.code if "errors" in answer.body else "moved"


def expected(who: str, before: str, after: str, *, skip: bool) -> str:
    if who == "the person":
        return "FORBIDDEN"
    if before == after:
        return "moved"
    starred = f"{after}*" if (before, f"{after}*") in TABLE and skip else after
    movers = TABLE.get((before, starred))
    if movers is None:
        return "INVALID_TRANSITION"
    return "moved" if who in movers else "FORBIDDEN"


@pytest.mark.parametrize("before", STATUSES)
@pytest.mark.parametrize("who", ["giver", "assignee", "admin", "the person"])
async def test_each_step_is_for_whom_the_table_names(home: World, who: str, before: str) -> None:
    asks = {"giver": home.gina, "assignee": home.gus, "admin": home.dora, "the person": home.ida}[who]
    found, wanted = {}, {}
    for after in STATUSES:
        for skip in (False, True):
            await put(home, before, home.gus.id)
            as_it_was = await kept(home)
            answer = await move(asks, home.item.id, after, skip=skip)
            found[after, skip], wanted[after, skip] = outcome(answer), expected(who, before, after, skip=skip)
            if found[after, skip] == "moved":
                assert (await giving(home.gus, home.item.id))["status"] == after
            if found[after, skip] != "moved" or before == after:
                assert await kept(home) == as_it_was
    assert found == wanted


async def test_a_refused_step_names_both_ends(home: World) -> None:
    refused = await move(home.gus, home.item.id, "RECEIVED")
    assert refused.error["message"] == "It cannot go from IDEA to RECEIVED"
    assert (refused.code, refused.details) == ("INVALID_TRANSITION", STEP)
    await put(home, "SELECTED")
    refused = await move(home.gina, home.item.id, "IDEA")
    assert refused.error["message"] == (
        "Only its assignee or an administrator of the family may move it from SELECTED to IDEA"
    )
    assert refused.code == "FORBIDDEN"


async def test_each_step_is_dated_and_written_down(home: World) -> None:
    steps: list[Any] = []
    for to in ("SELECTED", "PURCHASED", "RECEIVED"):
        steps.append((await move(home.gus, home.item.id, to)).data["transitionListItem"]["giving"])
    assert [step["status"] for step in steps] == ["SELECTED", "PURCHASED", "RECEIVED"]
    assert [step["version"] for step in steps] == [2, 3, 4]
    assert [step["receivedAt"] for step in steps] == [None, None, steps[-1]["statusChangedAt"]]
    assert steps[0]["statusChangedAt"] < steps[1]["statusChangedAt"] < steps[2]["statusChangedAt"]
    assert await activity(home.gina) == [("STATUS_CHANGED", step["status"], "Gus") for step in steps]


async def test_a_giving_that_has_changed_meanwhile_is_not_moved(home: World) -> None:
    await move(home.gus, home.item.id, "SELECTED", version=1)
    before = await kept(home)
    refused = await move(home.gina, home.item.id, "PURCHASED", version=1)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert (await move(home.ida, home.item.id, "PURCHASED", version=1)).code == "FORBIDDEN"
    assert await kept(home) == before


async def test_of_fifty_who_take_the_same_step_at_once_one_does_and_the_others_find_it_done(home: World) -> None:
    everybody = [home.gus, home.gina, home.dora]
    async with listening(home.dora, items_of(home.family.id)) as events:
        answers = await asyncio.gather(*(move(everybody[n % 3], home.item.id, "SELECTED") for n in range(50)))
        (told,) = await heard(home, items_of(home.family.id), events)
    assert {answer.data["transitionListItem"]["giving"]["version"] for answer in answers} == {2}
    assert [(event["kind"], event["entityId"]) for event in told] == [("STATUS_CHANGED", home.item.id)]
    assert len(await activity(home.gus)) == 1


async def test_givers_hear_of_a_step_on_every_topic_and_the_person_on_none(home: World) -> None:
    topics = [gift_list(home.list.id), person(home.receiver.id), items_of(home.family.id), family(home.family.id)]
    await put(home, "IDEA", home.gina.id)
    for topic in topics:
        async with listening(home.gina, topic) as giver, listening(home.ida, topic) as receiver:
            await move(home.gus, home.item.id, "SELECTED")
            told = await heard(home, topic, giver, receiver)
        step = {"kind": "STATUS_CHANGED", "topic": topic, "entityId": home.item.id, "actor": {"name": "Gus"}}
        assert told == [[{"__typename": "EntityChanged", **step}], []]
        await put(home, "IDEA", home.gina.id)
    async with listening(home.gina, own_topic(home.gina)) as own:
        await move(home.gus, home.item.id, "SELECTED")
        (told_her,) = await heard(home, own_topic(home.gina), own)
    assert [event["kind"] for event in told_her] == ["STATUS_CHANGED"]


async def secrets(home: World) -> None:
    """Gus says something of the item, and that is written down; Gina says something of another."""
    other = await home.another(home.gina)
    for item, author in ((home.item, home.gus), (other, home.gina)):
        about = {"family_id": home.family.id, "item_id": item.id, **keeping.like(item)}
        said = Comment(author_id=author.id, parent_type=CommentParent.ITEM, parent_id=item.id, text=item.id, **about)
        said.id = Comment.fresh_id()
        noted = Activity(id=Activity.fresh_id(), actor_id=author.id, kind=ActivityKind.COMMENTED, **about)
        await home.keep(said, noted)


SEEN = """query ($id: ID!) { listItem(id: $id) { status giving { status } }
  comments { nodes { text } } activity { nodes { kind } } list: lists { nodes { items { totalCount } } } }"""


async def test_what_has_been_received_is_no_secret_any_more_and_nothing_else_is_told(home: World) -> None:
    await secrets(home)
    await put(home, "PURCHASED")
    topic = items_of(home.family.id)
    before = (await home.ida.ask(SEEN, id=home.item.id)).data
    assert before["listItem"] == {"status": "IDEA", "giving": None}
    assert (before["comments"]["nodes"], before["activity"]["nodes"]) == ([], [])
    async with listening(home.ida, topic) as events:
        await move(home.gus, home.item.id, "RECEIVED")
        ((told,),) = await heard(home, topic, events)
    assert (told["kind"], told["entityId"], told["actor"]) == ("STATUS_CHANGED", home.item.id, {"name": "Gus"})
    after = (await home.ida.ask(SEEN, id=home.item.id)).data
    assert after["listItem"] == {"status": "RECEIVED", "giving": {"status": "RECEIVED"}}
    assert after["comments"]["nodes"] == [{"text": home.item.id}]
    assert [node["kind"] for node in after["activity"]["nodes"]] == ["STATUS_CHANGED", "COMMENTED"]
    assert after["list"] == before["list"]


async def test_the_wish_itself_is_not_touched_by_what_givers_do(home: World) -> None:
    wish = "query ($id: ID!) { listItem(id: $id) { version updatedAt } }"
    before = (await home.ida.ask(wish, id=home.item.id)).data
    for to in ("SELECTED", "PURCHASED", "RECEIVED"):
        await move(home.gus, home.item.id, to)
        assert (await home.ida.ask(wish, id=home.item.id)).data == before


async def test_what_was_received_by_mistake_is_reopened_by_an_administrator_and_stays_revealed(home: World) -> None:
    await put(home, "PURCHASED")
    await move(home.gus, home.item.id, "RECEIVED")
    assert (await move(home.gus, home.item.id, "PURCHASED")).code == "FORBIDDEN"
    reopened = (await move(home.dora, home.item.id, "PURCHASED")).data["transitionListItem"]["giving"]
    assert (reopened["status"], reopened["receivedAt"]) == ("PURCHASED", None)
    assert (await giving(home.ida, home.item.id))["status"] == "PURCHASED"
