"""To lose the connection is not to leave: the seat is held for a while, and nobody hears of it."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from db.seances.seats import SeanceParticipant
from kit.settings import Settings
from resolvers.seances import holds
from resolvers.seances.held import ARRIVAL
from tests.conftest import settings_for
from tests.databases import database
from tests.seances.dropping import HOLD, Holding, holding
from tests.seances.hearing import EVENTS, Heard, hearing
from tests.seances.sitting import MUTE, SAID, join, row, rows, seated, set_room
from tests.seances.world import room

SOON = timedelta(seconds=1)


@pytest.fixture
async def own(database_url: str) -> AsyncIterator[Settings]:
    """All rooms are looked after: here there are no others."""
    async with database(database_url, migrated=True) as url:
        yield settings_for(url)


@pytest.fixture
async def at(own: Settings) -> AsyncIterator[Holding]:
    async with holding(own) as made:
        yield made


async def muted(at: Holding, *, muted: bool) -> None:
    """Something that is told in the room."""
    world = at.world
    assert (await world.dora.ask(MUTE, id=world.seats[world.ida.id].id, muted=muted)).data


async def drop(heard: Heard) -> None:
    """The line is dead: nobody has said goodbye."""
    heard.socket.connection.transport.abort()


async def test_who_is_back_in_time_was_never_gone_and_hears_what_they_missed(at: Holding) -> None:
    world = at.world
    async with at.connected(world.dora, world.ida) as (_, ida):
        async with at.connected(world.gus) as (gus,):
            await at.sweep()
            before = await at.seat(world.gus)
            assert before["held_until"] is None
            await drop(gus)
            await at.until_gone(world.gus)
        await at.sweep()
        assert await at.held(world.gus) == HOLD
        await muted(at, muted=True)
        await at.sweep(HOLD - SOON)
        assert await at.held(world.gus) == SOON, "it was held from then on, not anew"
        async with hearing(world.gus, world.room.id, gus.cursor) as back:
            assert (await back.next())["participant"]["user"]["name"] == "Ida"
            await at.until(lambda there: world.gus.id in there)
            await at.sweep()
            assert await at.seat(world.gus) == before, "the row is as it was, its version too"
            await at.sweep(HOLD)
            await muted(at, muted=False)
            assert await back.types(1) == ["ParticipantChanged"]
        assert await ida.types(2) == ["ParticipantChanged"] * 2, "and the others have heard of nothing else"


async def test_who_stays_away_loses_the_seat_and_comes_back_by_joining_again(at: Holding) -> None:
    world = at.world
    async with at.connected(world.dora, world.ida) as (_, ida):
        async with at.connected(world.gus) as (gus,):
            pass
        await at.until_gone(world.gus)
        await at.sweep()
        await at.sweep(HOLD)
        told = await ida.next()
        assert (told["__typename"], told["participant"]["user"]["name"]) == ("UserLeft", "Gus")
        assert (told["participant"]["leftReason"], told["actor"]) == ("DROPPED", None)
        assert (await ida.next())["seance"]["participantCount"] == 2
        async with world.gus.socket() as socket:
            await socket.start(EVENTS, "1", room=world.room.id, after=gus.cursor)
            assert await Heard(socket).refused() == "FORBIDDEN"
        assert (await join(world.gus, world.room.id)).data["joinSeance"]["id"] == world.seats[world.gus.id].id
        assert await ida.types(2) == ["UserJoined", "SeanceUpdated"]
        async with hearing(world.gus, world.room.id, gus.cursor) as back:
            assert await back.types(4) == ["UserLeft", "SeanceUpdated", "UserJoined", "SeanceUpdated"]


async def test_of_two_tabs_one_holds_the_seat(at: Holding) -> None:
    world = at.world
    async with at.connected(world.dora, world.gus, world.ida):
        async with hearing(world.gus, world.room.id):
            pass
        await at.sweep()
        await at.sweep(HOLD)
        assert await at.held(world.gus) is None
    assert len(await seated(world.people, world.room.id)) == 3


async def test_a_host_who_stays_away_passes_the_room_on(at: Holding) -> None:
    world = at.world
    async with at.connected(world.gus, world.ida) as (_, ida):
        await at.sweep()
        assert [await at.held(person) for person in (world.dora, world.gus, world.ida)] == [HOLD, None, None]
        await at.sweep(HOLD)
        assert await ida.types(2) == ["UserLeft", "SeanceUpdated"]
        told = await ida.next()
        assert (told["__typename"], told["seance"]["host"]["name"], told["actor"]) == ("HostChanged", "Gus", None)


async def test_when_all_stay_away_the_room_ends_and_is_passed_on_to_nobody(at: Holding) -> None:
    world = at.world
    await at.sweep()
    await at.sweep(HOLD)
    found = await row(world.people, world.room.id)
    assert (found["ended_at"], found["participant_count"], found["host_id"]) == (at.clock.at, 0, world.dora.id)
    assert await rows(world.people, SAID, world.room.id) == [{"text": "Session ended"}]
    await at.sweep(HOLD)
    assert await row(world.people, world.room.id) == found


async def test_whoever_has_just_come_has_time_to_connect_and_is_heard_of_without_it(at: Holding) -> None:
    world = at.world
    await set_room(world.people, world.room.id, "visibility = 'PUBLIC'")
    seat = (await join(world.sam, world.room.id)).data["joinSeance"]
    world.seats[world.sam.id] = SeanceParticipant(id=seat["id"])
    async with at.connected(world.dora, world.gus, world.ida):
        await at.sweep()
        assert await at.held(world.sam) == ARRIVAL
        await at.sweep(ARRIVAL - SOON)
        assert (await join(world.sam, world.room.id)).data["joinSeance"] == seat, "nobody hears of it"
        await at.sweep(SOON)
        assert await at.held(world.sam) == ARRIVAL - SOON
        async with at.connected(world.sam):
            await at.sweep()
            assert await at.held(world.sam) is None
        await at.until_gone(world.sam)
        await at.sweep()
        assert await at.held(world.sam) == HOLD
        await at.sweep(HOLD)
        assert (await at.seat(world.sam))["left_reason"] == "DROPPED"


async def test_who_comes_back_while_their_seat_is_about_to_be_freed_keeps_it(
    at: Holding, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, free = at.world, holds._free

    async def late(*given: object) -> None:
        async with at.connected(world.gus):
            await free(*given)  # type: ignore[arg-type]

    async with at.connected(world.dora, world.ida):
        await at.sweep()
        monkeypatch.setattr(holds, "_free", late)
        await at.sweep(HOLD)
        assert await seated(world.people, world.room.id) == [world.dora.id, world.gus.id, world.ida.id]


async def test_a_seat_is_its_users_whoever_knows_its_id_or_has_its_cursor(at: Holding) -> None:
    world = at.world
    await set_room(world.people, world.room.id, "visibility = 'PUBLIC'")
    async with at.connected(world.dora, world.ida):
        async with at.connected(world.gus) as (gus,):
            await muted(at, muted=True)
            await gus.next()
        await at.until_gone(world.gus)
        await at.sweep()
        async with world.sam.socket() as socket:
            await socket.start(EVENTS, "1", room=world.room.id, after=gus.cursor)
            assert await Heard(socket).refused() == "FORBIDDEN"
        assert (await world.sam.ask("query ($id: ID!) { node(id: $id) { id } }", id=world.seats[world.gus.id].id)).data[
            "node"
        ] is None
        assert (await join(world.sam, world.seats[world.gus.id].id)).code == "SEANCE_NOT_FOUND"
        mine = (await join(world.sam, world.room.id)).data["joinSeance"]
        assert mine["id"] != world.seats[world.gus.id].id
        async with at.connected(world.sam):
            await at.sweep(HOLD)
        assert (await at.seat(world.gus))["left_reason"] == "DROPPED", "another who is there holds nothing for him"
        assert mine["user"]["id"] in await seated(world.people, world.room.id)


async def test_a_seat_in_a_room_that_has_ended_is_neither_held_nor_freed(at: Holding) -> None:
    await set_room(at.world.people, at.world.room.id, "ended_at = now()")
    await at.sweep()
    await at.sweep(HOLD)
    assert len(await seated(at.world.people, at.world.room.id)) == 3
    assert await at.held(at.world.gus) is None


async def test_many_are_looked_after_in_parts(at: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holds, "BATCH", 2)
    world = at.world
    for _ in range(2):
        await at.sweep()
    assert all([await at.held(person) == HOLD for person in (world.dora, world.gus, world.ida)])


async def test_one_process_at_a_time_looks_after_them(at: Holding) -> None:
    async with at.house.services.db.transaction() as other:
        assert await other.scalar(holds._ALONE)
        await at.sweep()
        assert await at.held(at.world.gus) is None
    await at.sweep()
    assert await at.held(at.world.gus) == HOLD


async def test_a_room_that_cannot_be_freed_keeps_no_other_from_it(at: Holding, monkeypatch: pytest.MonkeyPatch) -> None:
    world, free = at.world, holds._free
    other, _ = await room(world.people, world.sam)

    async def failing(ctx: object, id: str) -> None:
        if id == world.room.id:
            raise ValueError("a fault of ours")
        await free(ctx, id)  # type: ignore[arg-type]

    await at.sweep()
    monkeypatch.setattr(holds, "_free", failing)
    with pytest.raises(ValueError, match="a fault of ours"):
        await at.sweep(HOLD)
    assert (await row(world.people, other.id))["ended_at"] is not None
    assert (await row(world.people, world.room.id))["ended_at"] is None
