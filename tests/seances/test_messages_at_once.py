"""Somebody speaks at the moment at which they may no longer: what the host does first, holds."""

import asyncio

import pytest

from kit.settings import Settings
from tests.conftest import url_of
from tests.seances.talking import BANNED, LEFT, MUTED, rows, say, send
from tests.seances.world import World
from tests.server.holding import holding_up, waiting

SEAT, THERE = "update seance_participant", "where id = $seat"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (f"{SEAT} set {MUTED} {THERE}", "FORBIDDEN"),
        (f"{SEAT} set {LEFT} {THERE}", "FORBIDDEN"),
        (f"{SEAT} set {BANNED} {THERE}", "FORBIDDEN"),
        ("update seance set ended_at = now() where id = $room", "CONFLICT"),
        ("delete from seance where id = $room", "SEANCE_NOT_FOUND"),
    ],
)
async def test_nothing_is_said_after_it(settings: Settings, world: World, change: str, code: str) -> None:
    room = world.room.id
    hold = f"select from seance where id = '{room}' for no key update"
    change = change.replace("$seat", f"'{world.seats[world.gus.id].id}'").replace("$room", f"'{room}'")
    async with holding_up(url_of(settings), hold, change) as host:
        speaking = asyncio.create_task(send(world.gus, room))
        await waiting(host, 1)
    assert (await speaking).code == code
    assert await rows(world) == []


async def test_those_who_speak_do_not_wait_for_each_other(settings: Settings, world: World) -> None:
    hold = f"select from seance where id = '{world.room.id}' for share"
    async with holding_up(url_of(settings), hold):
        await asyncio.gather(*[say(person, world.room.id) for person in (world.dora, world.gus, world.ida)])
    assert len(await rows(world)) == 3
