"""A question to the spirit: asked by those who sit there, one at a time, in order, and not too many."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from db.seances.turns import TurnFailure
from resolvers.context import for_nobody
from resolvers.seances.spirit import Speak, fail_lapsed
from resolvers.seances.thinking import renew
from tests.people import Person
from tests.seances.asking import CANCEL, ask, asked, everything, execute, happened, messages, states, turns
from tests.seances.hearing import hearing
from tests.seances.world import World

LATE = "update seance_turn set alive_until = now() - interval '1 s' where id = :id"
WHOSE = "where entrypoint = 'Speak' and convert_from(payload, 'UTF8') like '%' || :id || '%'"
HANDED_OUT = f"update job set status = 'picked', updated = now() - cast(:ago as interval) {WHOSE}"  # noqa: S608


async def answer(world: World) -> None:
    """One try of the job for the turn that is being thought of."""
    (turn,) = [row for row in await turns(world.people, world.room.id) if row["state"] == "THINKING"]
    await Speak(turn_id=turn["id"]).run(for_nobody(world.people.services, "job-1"))


async def cancel(person: Person, turn: str) -> str:
    """The turn's failure, or the reason for which it was not called off."""
    answer = await person.ask(CANCEL, turn=turn)
    if "errors" in answer.body:
        return str(answer.error["extensions"].get("reason", answer.code))
    return str(answer.data["cancelSpirit"]["failure"])


async def test_a_question_is_a_message_and_begins_a_turn_at_once(world: World) -> None:
    turn = await asked(world.gus, world.room.id, "  Is anybody here? ")
    assert (turn["state"], turn["askedBy"]) == ("THINKING", {"id": world.gus.id})
    assert turn["startedAt"] is not None
    (said,) = await messages(world.people, world.room.id)
    assert turn["question"] == {"id": said["id"], "kind": "USER", "text": "Is anybody here?"}
    assert said["sender_id"] == world.gus.id


async def test_everybody_hears_the_same_in_the_same_order(world: World) -> None:
    async with hearing(world.dora, world.room.id) as dora, hearing(world.ida, world.room.id) as ida:
        await asked(world.gus, world.room.id)
        await answer(world)
        expected = ["MessageReceived", "SpiritAsked", "SpiritThinking", "SpiritResponse"]
        told = [await dora.event() for _ in expected]
        assert [one["__typename"] for one in told] == expected
        assert happened([await ida.event() for _ in expected]) == happened(told)
    assert [one["actor"] for one in told] == [{"name": "Gus"}] * 3 + [None]
    answered = told[-1]["message"]
    assert (answered["kind"], answered["sender"]) == ("SPIRIT", None)
    assert len(answered["letterTiming"]) == len(answered["text"])


async def test_the_next_in_the_queue_begins_when_the_one_before_is_answered(world: World) -> None:
    for person, text in ((world.dora, "One?"), (world.gus, "Two?"), (world.ida, "Three?")):
        await asked(person, world.room.id, text)
    for done in range(3):
        open_ = ["THINKING", "QUEUED", "QUEUED"][: 3 - done]
        assert [state for state, _ in await states(world.people, world.room.id)] == ["ANSWERED"] * done + open_
        await answer(world)
    rows = await turns(world.people, world.room.id)
    assert [row["state"] for row in rows] == ["ANSWERED"] * 3
    assert [row["provider"] for row in rows] == ["embedded"] * 3
    assert sorted(rows, key=lambda row: row["started_at"]) == rows
    assert [row["version"] for row in rows] == [3, 3, 3]


async def test_answers_are_spelled_one_after_the_other(world: World) -> None:
    for person in (world.dora, world.gus):
        await asked(person, world.room.id)
    await answer(world)
    await answer(world)
    first, second = [row for row in await messages(world.people, world.room.id) if row["kind"] == "SPIRIT"]
    spelled = sum(first["letter_timing"]) / 1_000
    assert (second["starts_at"] - first["starts_at"]).total_seconds() == pytest.approx(spelled + 1)


async def test_of_one_user_two_questions_are_open_at_once(world: World) -> None:
    for _ in range(2):
        await asked(world.gus, world.room.id)
    before = await everything(world)
    refused = await ask(world.gus, world.room.id)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "TURNS_OPEN")
    assert await everything(world) == before
    await answer(world)
    assert (await asked(world.gus, world.room.id))["state"] == "QUEUED"


async def test_five_questions_may_wait(world: World) -> None:
    for person in (world.dora, world.dora, world.gus, world.gus, world.ida, world.ida):
        await asked(person, world.room.id)
    await execute(world.people, "update seance_turn set asked_by_id = null where asked_by_id = :id", id=world.ida.id)
    before = await everything(world)
    refused = await ask(world.ida, world.room.id)
    assert (refused.code, refused.error["extensions"]["reason"]) == ("CONFLICT", "QUEUE_FULL")
    assert await everything(world) == before


async def test_whoever_asked_and_the_host_may_call_a_question_off(world: World) -> None:
    first, second = [await asked(world.gus, world.room.id) for _ in range(2)]
    third = await asked(world.ida, world.room.id)
    assert await cancel(world.gus, second["id"]) == "CANCELLED"
    assert await states(world.people, world.room.id) == [
        ("THINKING", None), ("FAILED", "CANCELLED"), ("QUEUED", None),
    ]  # fmt: skip
    async with hearing(world.ida, world.room.id) as ida:
        assert await cancel(world.dora, first["id"]) == "CANCELLED"
        told = [await ida.event() for _ in range(2)]
    assert [(one["__typename"], one["entityId"]) for one in told] == [
        ("ErrorEvent", first["id"]), ("SpiritThinking", third["id"]),
    ]  # fmt: skip
    assert told[0]["turn"]["failure"] == "CANCELLED"


async def test_to_call_off_twice_changes_nothing_and_what_has_ended_stays(world: World) -> None:
    off, answered = [await asked(world.gus, world.room.id) for _ in range(2)]
    await cancel(world.gus, off["id"])
    await answer(world)
    before = await everything(world)
    assert await cancel(world.gus, off["id"]) == "CANCELLED"
    assert await cancel(world.gus, answered["id"]) == "TURN_FINISHED"
    assert await everything(world) == before


async def test_the_questions_of_who_goes_are_called_off_and_the_one_that_is_thought_of_is_answered(
    world: World,
) -> None:
    for person in (world.gus, world.gus, world.ida):
        await asked(person, world.room.id)
    async with hearing(world.dora, world.room.id) as dora:
        kick = "mutation ($id: ID!) { kickSeanceParticipant(id: $id) { leftReason } }"
        assert (await world.dora.ask(kick, id=world.seats[world.gus.id].id)).data
        assert (await dora.until("ErrorEvent"))["turn"]["failure"] == "CANCELLED"
    expected = [("THINKING", None), ("FAILED", "CANCELLED"), ("QUEUED", None)]
    assert await states(world.people, world.room.id) == expected


async def test_clocks_that_disagree_have_no_two_turns_at_once(world: World) -> None:
    await asked(world.gus, world.room.id)
    fast = "update seance_turn set created_at = created_at + interval '3 s' where seance_id = :id"
    await execute(world.people, fast, id=world.room.id)
    assert (await asked(world.ida, world.room.id))["state"] == "QUEUED"


async def test_a_turn_that_nobody_keeps_alive_fails_and_the_next_begins(world: World) -> None:
    lapsed, alive = await asked(world.gus, world.room.id), await asked(world.ida, world.room.id)
    ctx = for_nobody(world.people.services, "sweep")
    await fail_lapsed(ctx)
    assert (await states(world.people, world.room.id))[0] == ("THINKING", None)
    await execute(world.people, HANDED_OUT, id=lapsed["id"], ago=timedelta(seconds=9))
    await execute(world.people, LATE, id=lapsed["id"])
    async with hearing(world.dora, world.room.id) as dora:
        await fail_lapsed(ctx)
        told = [await dora.event() for _ in range(2)]
    assert [(one["__typename"], one["entityId"]) for one in told] == [
        ("ErrorEvent", lapsed["id"]), ("SpiritThinking", alive["id"]),
    ]  # fmt: skip
    assert told[0]["turn"]["failure"] == TurnFailure.INTERRUPTED
    await Speak(turn_id=lapsed["id"]).run(ctx)  # whoever was thought to be dead comes too late
    assert await states(world.people, world.room.id) == [("FAILED", "INTERRUPTED"), ("THINKING", None)]


async def fails(world: World, turn: str, *statements: str, **values: Any) -> bool:
    """Whether the turn has failed, when it has lapsed and this has become of it or of its job."""
    for statement in (LATE, *statements):
        await execute(world.people, statement, id=turn, **values)
    await fail_lapsed(for_nobody(world.people.services, "sweep"))
    (found,) = await turns(world.people, world.room.id)
    return bool(found["failure"] == TurnFailure.INTERRUPTED)


async def test_a_turn_that_waits_for_a_hand_does_not_lapse(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    (before,) = await turns(world.people, world.room.id)
    assert not await fails(world, turn["id"])
    (kept,) = await turns(world.people, world.room.id)
    assert kept["alive_until"] > world.people.services.clock() + timedelta(seconds=20)
    assert kept == before | {"alive_until": kept["alive_until"]}
    assert not await fails(world, turn["id"], HANDED_OUT, ago=timedelta(seconds=1))  # and is not yet taken up
    await answer(world)
    assert await states(world.people, world.room.id) == [("ANSWERED", None)]


async def test_a_turn_that_waits_is_kept_before_it_could_lapse(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    soon = "update seance_turn set alive_until = now() + interval '9 s' where id = :id"
    await execute(world.people, soon, id=turn["id"])
    await fail_lapsed(for_nobody(world.people.services, "sweep"))
    (kept,) = await turns(world.people, world.room.id)
    assert kept["alive_until"] > world.people.services.clock() + timedelta(seconds=20)


async def test_a_turn_that_somebody_has_taken_up_is_kept_by_nobody_else(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    await execute(world.people, HANDED_OUT, id=turn["id"], ago=timedelta(seconds=0))
    assert await renew(for_nobody(world.people.services, "job-1"), turn["id"])
    (before,) = await turns(world.people, world.room.id)
    await fail_lapsed(for_nobody(world.people.services, "sweep"))
    assert await turns(world.people, world.room.id) == [before]


async def test_a_turn_whose_job_is_lost_fails(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    assert await fails(world, turn["id"], f"delete from job {WHOSE}")  # noqa: S608


async def test_a_turn_waits_for_ten_minutes_at_most(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    began = "update seance_turn set started_at = now() - cast(:ago as interval) where id = :id"
    assert not await fails(world, turn["id"], began, ago=timedelta(minutes=9, seconds=50))
    assert await fails(world, turn["id"], began, ago=timedelta(minutes=10, seconds=1))


async def test_a_server_whose_clock_goes_ahead_takes_no_other_for_dead(world: World) -> None:
    turn, services = await asked(world.gus, world.room.id), world.people.services
    assert await renew(for_nobody(services, "job-1"), turn["id"])
    ahead = replace(services, clock=lambda: services.clock() + timedelta(minutes=5))
    await fail_lapsed(for_nobody(ahead, "sweep"))
    assert await states(world.people, world.room.id) == [("THINKING", None)]


async def test_a_job_that_was_given_up_is_a_turn_that_was_interrupted(world: World) -> None:
    turn = await asked(world.gus, world.room.id)
    ctx = for_nobody(world.people.services, "job-1")
    await Speak(turn_id=turn["id"]).gave_up(ctx)
    assert await states(world.people, world.room.id) == [("FAILED", "INTERRUPTED")]
    await Speak(turn_id=turn["id"]).gave_up(ctx)
    assert (await turns(world.people, world.room.id))[0]["version"] == 3
