"""What is heard of a family, by whom; and that who is sent away hears nothing more, in no process."""

from contextlib import AsyncExitStack

from db.gifts.lists import GiftListVisibility
from db.gifts.persons import Person as Receiver
from kit.settings import Settings
from tests.conftest import served
from tests.gifts.asking import (
    DELETE,
    FAMILY_EVENTS,
    LINK,
    MY_EVENTS,
    REMOVE,
    SET_ROLE,
    invite,
    join,
    member_id,
)
from tests.gifts.hearing import CHANGES, Heard, hearing
from tests.gifts.world import World
from tests.people import Person
from tests.sockets import Socket

NAME = 'mutation ($id: ID!) { updatePerson(id: $id, input: {notes: "%s"}) { id } }'
PRESENT = "subscription ($topic: String!) { presence(topic: $topic) { totalCount } }"


async def remove(home: World, person: Person) -> None:
    id = await member_id(home.people, home.family.id, person)
    assert (await home.dora.ask(REMOVE, id=id)).data


async def note(home: World, text: str) -> None:
    assert (await home.gina.ask(NAME % text, id=home.receiver.id)).data


async def test_members_hear_all_that_happens_in_their_family(home: World) -> None:
    async with hearing(home.gus, FAMILY_EVENTS, id=home.family.id) as heard:
        await note(home, "Likes boats")
        told = await heard.next()
        assert told == {
            "__typename": "EntityChanged",
            "kind": "UPDATED",
            "entityType": "PERSON",
            "entityId": home.receiver.id,
            "node": {"id": home.receiver.id},
            "actor": {"id": home.gina.id},
        }
        code, sam = (await invite(home.dora, home.family.id))["code"], await home.people.one()
        assert (await join(sam, code)).data
        assert await heard.entity() == ("FAMILY_MEMBER", "ADDED"), "and nothing of the invitation"
        await remove(home, sam)
        assert await heard.entity() == ("FAMILY_MEMBER", "DELETED")


async def test_invitations_are_heard_of_by_those_who_see_them(home: World) -> None:
    async with hearing(home.dora, FAMILY_EVENTS, id=home.family.id) as heard:
        await invite(home.dora, home.family.id)
        assert await heard.entity() == ("FAMILY_INVITE", "ADDED")


async def test_one_hears_of_ones_own_memberships(home: World) -> None:
    sam = await home.people.one()
    async with hearing(sam, MY_EVENTS) as mine:
        assert (await join(sam, (await invite(home.dora, home.family.id))["code"])).data
        assert await mine.entity() == ("FAMILY_MEMBER", "ADDED")
        id = await member_id(home.people, home.family.id, sam)
        assert (await home.dora.ask(SET_ROLE, id=id, role="ADMIN")).data
        told = await mine.next()
        assert (told["kind"], told["entityId"], told["node"]) == ("UPDATED", id, {"id": id})
        await remove(home, home.gus)
        await remove(home, sam)
        assert await mine.next() == {"__typename": "EntityDeleted", "entityType": "FAMILY_MEMBER", "deletedId": id}


async def test_the_end_of_a_family_is_heard_by_its_members(home: World) -> None:
    async with hearing(home.gus, MY_EVENTS) as mine, hearing(home.gina, FAMILY_EVENTS, id=home.family.id) as all:
        assert (await home.dora.ask(DELETE, id=home.family.id)).data
        assert [await mine.entity(), await mine.entity()] == [("FAMILY_MEMBER", "DELETED"), ("FAMILY", "DELETED")]
        assert await all.refused() == "FORBIDDEN"


def topics_of(home: World) -> list[str]:
    about = {
        "family": home.family,
        "list-items:all": home.family,
        "person": home.receiver,
        "occasion": home.occasion,
        "list": home.list,
        "gift": home.gift,
        "comments:occasion": home.occasion,
        "comments:list": home.list,
        "comments:item": home.item,
        "comments:gift": home.gift,
        "comments:person": home.receiver,
    }
    return [f"{name}:{row.id}" for name, row in about.items()]


async def test_who_is_sent_away_hears_nothing_more_in_any_process(home: World, settings: Settings) -> None:
    """Each stream ends before anything else is told there; those who stay go on."""
    async with served(settings) as other, AsyncExitStack() as streams:
        his = [
            await streams.enter_async_context(hearing(home.gus, CHANGES, url, topics=[topic]))
            for topic in topics_of(home)
            for url in (None, other.socket_url)
        ]
        stays = await streams.enter_async_context(
            hearing(home.gina, FAMILY_EVENTS, other.socket_url, id=home.family.id)
        )
        await remove(home, home.gus)
        await note(home, "After he had gone")
        assert {await heard.refused() for heard in his} == {"FORBIDDEN"}
        assert [await stays.entity(), await stays.entity()] == [("FAMILY_MEMBER", "DELETED"), ("PERSON", "UPDATED")]
        for url in (None, other.socket_url):
            async with Socket(url, home.gus.token) if url else home.gus.socket() as socket:
                await socket.start(CHANGES, topics=[f"family:{home.family.id}"])
                assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_stranger_follows_nothing_of_a_family(home: World) -> None:
    stranger = await home.people.one()
    async with stranger.socket() as socket:
        for number, topic in enumerate([*topics_of(home), f"families:{home.gus.id}", f"givings:{home.gus.id}"]):
            await socket.start(CHANGES, id=f"c{number}", topics=[topic])
            assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
            await socket.start(PRESENT, id=f"p{number}", topic=topic)
            assert (await socket.frame())["payload"][0]["extensions"]["code"] == "FORBIDDEN"
    async with stranger.socket() as socket:
        payload = {"query": FAMILY_EVENTS, "variables": {"id": home.family.id}}
        await socket.send({"type": "subscribe", "id": "1", "payload": payload})
        assert await Heard(socket).refused() == "FORBIDDEN"


async def test_a_new_link_has_every_stream_of_that_user_looked_at_anew(home: World) -> None:
    """What is shown to givers alone is not followed any longer by whom it turns out to be for."""
    baby = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Baby")
    await home.keep(baby)
    ideas = await home.another_list(home.gina, "Ideas", baby, visibility=GiftListVisibility.GIVERS)
    async with hearing(home.gus, CHANGES, topics=[f"list:{ideas.id}"]) as his, hearing(home.gus, MY_EVENTS) as mine:
        assert (await home.dora.ask(LINK, id=baby.id, user=home.gus.id)).data
        assert await his.refused() == "FORBIDDEN"
        assert await mine.entity() == ("PERSON", "UPDATED")


async def test_who_was_away_is_not_told_afterwards_what_was_kept_from_them(home: World) -> None:
    async with home.ida.socket() as socket:
        query = CHANGES.replace("__typename", "__typename ... on Ready { cursor }")
        await socket.start(query, topics=topics_of(home)[:1])
        cursor = (await socket.frame())["payload"]["data"]["changes"]["cursor"]
    await remove(home, home.ida)
    await note(home, "While she was away")
    assert (await join(home.ida, (await invite(home.dora, home.family.id))["code"])).data
    async with hearing(home.ida, FAMILY_EVENTS, id=home.family.id, after=cursor) as hers:
        assert await hers.entity() == ("FAMILY_MEMBER", "ADDED"), "nothing from before she came back"
