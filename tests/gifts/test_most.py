"""How much there may be in a family. Who is refused has changed nothing, and learns nothing of what they do not see."""

import asyncio
from collections import Counter
from datetime import timedelta
from typing import Any

import pytest

from db.gifts.persons import Person as Receiver
from resolvers.context import for_nobody
from resolvers.gifts import comments, gifts, guests, items, lists, persons, years
from tests.gifts.asking import rows
from tests.gifts.givers import write
from tests.gifts.world import World
from tests.people import Answer, Person

TABLES = ("person", "occasion", "occasion_person", "gift_list", "gift", "list_item", "giving", "comment", "activity")
PERSON = 'createPerson(input: {familyId: "$family", name: "Tom"}) { id }'
OCCASION = 'createOccasion(input: {familyId: "$family", name: "Fair", type: OTHER, day: "2030-03-10"}) { id }'
NEXT = 'openNextOccasion(id: "$occasion") { id }'
GUEST = 'addPersonToOccasion(occasionId: "$occasion", personId: "$ben") { id }'
LIST = 'createGiftList(input: {familyId: "$family", name: "More", type: IDEAS}) { id }'
GIFT = 'createGift(input: {familyId: "$family", name: "A drum"}) { id }'
ITEM = 'addListItem(listId: "$list", input: {giftId: "$gift"}) { id }'
NEW_ITEM = 'addListItem(listId: "$list", input: {gift: {name: "A kite"}}) { id }'
COMMENT = 'addComment(input: {parentType: ITEM, parentId: "$item", text: "Blue?"}) { id }'

# Who asks, what, and which most there is of it.
FULL = [
    ("gus", PERSON, persons, 2, "TOO_MANY_PERSONS", "A family has at most 2 people"),
    ("gus", OCCASION, years, 1, "TOO_MANY_OCCASIONS", "A family has at most 1 occasions"),
    ("gus", NEXT, years, 1, "TOO_MANY_OCCASIONS", "A family has at most 1 occasions"),
    ("gus", GUEST, guests, 1, "TOO_MANY_PEOPLE", "An occasion has at most 1 people"),
    ("ida", LIST, lists, 1, "TOO_MANY_LISTS", "Of one owner a family has at most 1 lists"),
    ("ida", GIFT, gifts, 1, "TOO_MANY_GIFTS", "Of one user a family has at most 1 gifts"),
    ("ida", NEW_ITEM, gifts, 1, "TOO_MANY_GIFTS", "Of one user a family has at most 1 gifts"),
    ("gus", ITEM, items, 1, "LIST_FULL", "A list has at most 1 items"),
    ("gus", NEW_ITEM, items, 1, "LIST_FULL", "A list has at most 1 items"),
    ("gus", COMMENT, comments, 0, "TOO_MANY_COMMENTS", "Of one thing at most 0 comments are kept"),
]


async def ben(home: World) -> Receiver:
    made = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Ben")
    await home.keep(made)
    return made


async def do(home: World, who: Person, verb: str, **more: str) -> Answer:
    named = {"family": home.family, "occasion": home.occasion, "list": home.list, "gift": home.gift, "item": home.item}
    for name, id in ({name: row.id for name, row in named.items()} | more).items():
        verb = verb.replace(f'"${name}"', f'"{id}"')
    return await who.ask(f"mutation {{ {verb} }}")


async def done(home: World, who: Person, verb: str, **more: str) -> str:
    (made,) = (await do(home, who, verb, **more)).data.values()
    return str(next(iter(made.values())))


def reason(answer: Answer) -> Any:
    return answer.body["errors"][0]["extensions"].get("reason") if "errors" in answer.body else None


async def all_of_it(home: World) -> dict[str, Any]:
    found: dict[str, Any] = {
        table: await rows(home.people, f"select * from {table} where family_id = $1 order by id", home.family.id)  # noqa: S608 (names of ours)
        for table in TABLES
    }
    topic = f"family:{home.family.id}"
    found["event"] = await rows(home.people, "select id from event where $1 = any(topics) order by id", topic)
    return found


@pytest.mark.parametrize(("who", "verb", "module", "most", "why", "said"), FULL)
async def test_of_what_there_is_the_most_no_more_is_made(
    home: World, monkeypatch: pytest.MonkeyPatch, who: str, verb: str, module: Any, most: int, why: str, said: str
) -> None:
    other, asker = (await ben(home)).id, getattr(home, who)
    monkeypatch.setattr(module, "MOST", most)
    before = await all_of_it(home)
    answer = await do(home, asker, verb, ben=other)
    assert (answer.code, answer.error["extensions"]["reason"], answer.error["message"]) == ("CONFLICT", why, said)
    assert await all_of_it(home) == before
    monkeypatch.setattr(module, "MOST", most + 1)
    assert await done(home, asker, verb, ben=other)
    assert reason(await do(home, asker, verb, ben=other)) == (None if verb in (GUEST, NEXT) else why)


@pytest.mark.parametrize(("who", "verb", "module", "most", "why", "said"), [FULL[0], FULL[1], *FULL[4:]])
async def test_of_many_at_the_same_moment_as_many_are_made_as_there_is_room_for(
    home: World, monkeypatch: pytest.MonkeyPatch, who: str, verb: str, module: Any, most: int, why: str, said: str
) -> None:
    await ben(home)
    monkeypatch.setattr(module, "MOST", most + 3)
    answers = await asyncio.gather(*(do(home, getattr(home, who), verb) for _ in range(10)))
    assert Counter(map(reason, answers)) == {None: 3, why: 7}


async def test_different_people_are_let_onto_an_occasion_while_there_is_room(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = [(await ben(home)).id for _ in range(6)]
    monkeypatch.setattr(guests, "MOST", 3)
    answers = await asyncio.gather(*(do(home, home.gus, GUEST, ben=person) for person in people))
    assert Counter(map(reason, answers)) == {None: 2, "TOO_MANY_PEOPLE": 4}


async def test_many_givers_at_once_fill_a_list_and_no_more(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MOST", 4)
    answers = await asyncio.gather(*(do(home, who, NEW_ITEM) for who in [home.gus, home.gina, home.dora] * 3))
    assert Counter(map(reason, answers)) == {None: 3, "LIST_FULL": 6}


@pytest.mark.parametrize("verb", [ITEM, NEW_ITEM])
async def test_what_givers_put_on_her_list_takes_no_room_from_her(
    home: World, monkeypatch: pytest.MonkeyPatch, verb: str
) -> None:
    """Whatever they did, she is refused when she sees so many: of her own there are three then."""
    monkeypatch.setattr(items, "MOST", 3)
    for giver, why in ((home.gus, None), (home.gina, None), (home.dora, "LIST_FULL")):
        assert reason(await do(home, giver, verb)) == why
    assert [reason(await do(home, home.ida, verb)) for _ in range(3)] == [None, None, "LIST_FULL"]
    seen = (await home.ida.ask("query ($id: ID!) { list(id: $id) { items { totalCount } } }", id=home.list.id)).data
    assert seen["list"]["items"]["totalCount"] == 3


async def test_of_a_list_that_is_no_surprise_all_count_for_her(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MOST", 3)
    for _ in range(2):
        await done(home, home.gus, NEW_ITEM)
    open_it = 'updateGiftList(id: "$list", input: {surprise: false}) { id }'
    assert reason(await do(home, home.ida, ITEM)) is None
    await done(home, home.dora, open_it)
    assert reason(await do(home, home.ida, ITEM)) == "LIST_FULL"


async def test_what_is_said_behind_her_back_takes_no_room_from_her(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comments, "MOST", 2)
    assert [reason(await do(home, home.gus, COMMENT)) for _ in range(3)] == [None, None, "TOO_MANY_COMMENTS"]
    assert [reason(await do(home, home.ida, COMMENT)) for _ in range(3)] == [None, None, "TOO_MANY_COMMENTS"]


async def test_secret_lists_and_gifts_of_others_take_no_room_from_her(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST", 2)
    monkeypatch.setattr(gifts, "MOST", 3)
    secret = f'createGiftList(input: {{familyId: "$family", name: "X", type: IDEAS, personId: "{home.receiver.id}"}})'
    for giver in (home.gus, home.gina):
        assert [reason(await do(home, giver, secret + " { id }")) for _ in range(3)] == [None, None, "TOO_MANY_LISTS"]
    assert [reason(await do(home, home.ida, LIST)) for _ in range(2)] == [None, "TOO_MANY_LISTS"]
    assert [reason(await do(home, home.gus, NEW_ITEM)) for _ in range(4)] == [None, None, None, "TOO_MANY_GIFTS"]
    assert [reason(await do(home, home.ida, GIFT)) for _ in range(3)] == [None, None, "TOO_MANY_GIFTS"]


async def test_what_is_taken_away_makes_room(home: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(items, "MOST", 2)
    item = await done(home, home.gus, ITEM)
    assert reason(await do(home, home.gus, ITEM)) == "LIST_FULL"
    await done(home, home.gus, f'removeListItem(id: "{item}") {{ deletedId }}')
    assert await done(home, home.gus, ITEM)


async def test_a_gift_taken_off_counts_on_since_it_can_be_brought_back(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gifts, "MOST", 1)
    gift = await done(home, home.gus, GIFT)
    await done(home, home.gus, f'deleteGift(id: "{gift}") {{ deletedId }}')
    assert reason(await do(home, home.gus, GIFT)) == "TOO_MANY_GIFTS"
    assert await done(home, home.gus, f'restoreGift(id: "{gift}") {{ id }}') == gift


async def test_a_year_that_has_passed_opens_the_next_in_a_full_family(
    home: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody is there to be refused; a year at a time fills nothing."""
    monkeypatch.setattr(years, "MOST", 1)
    day = (home.people.services.clock() - timedelta(days=3)).date()
    update = "update occasion set recurs_yearly = true, day = :day where id = :id"
    await write(home, update, id=home.occasion.id, day=day)
    assert await years.open_due(for_nobody(home.people.services, "test")) >= 1
    (opened,) = await rows(home.people, "select id from occasion where previous_id = $1", home.occasion.id)
    assert await done(home, home.gus, NEXT) == opened["id"], "it is there, so that nothing is refused"
