"""The room of the examples: three who asked a spirit something last night, and will find their seats when they come."""

from datetime import timedelta

from db.seances.messages import MessageKind, SeanceMessage
from db.seances.turns import SeanceTurn, TurnState
from kit.ids import Id
from live.log import Kind
from resolvers.context import Context
from resolvers.seances import messages, rooms, seats
from resolvers.seances.held import seated, taken
from resolvers.seances.letters import timing
from resolvers.seances.rules.messages import SendSeanceMessage
from resolvers.seances.rules.rooms import CreateSeance

KEPT = timedelta(days=365)  # for their seats, which others lose who do not connect


async def found(gus: Context, dora: Context, ida: Context) -> None:
    """Gus is the host."""
    room = (await rooms.create(gus, CreateSeance(name="The attic"))).id
    for guest in (dora, ida):
        await seats.join(guest, room)
    await _say(gus, room, "The candle is lit. Hands on the table, everybody.")
    await _say(ida, room, "Is this the board from Granny Greta's flat?")
    await _say(dora, room, "It is. Be kind to it, it is older than all of us.")
    asked = await _say(gus, room, "Spirit, where did we put the key to the garden shed?")
    await _answer(gus, asked, "Under the blue pot. Look twice.")
    await _say(ida, room, "I knew it!")
    await _keep(gus, room)


async def _say(ctx: Context, room: Id, text: str) -> SeanceMessage:
    return await messages.send(ctx, SendSeanceMessage(seance_id=room, text=text))


async def _answer(ctx: Context, question: SeanceMessage, text: str) -> None:
    """What the spirit said; it has been spelled."""
    now, room, letters = ctx.now(), question.seance_id, timing(text)
    spelled = {"letter_timing": letters, "starts_at": now - timedelta(milliseconds=sum(letters))}
    async with ctx.work() as work:
        await seated(work, room)
        answer = SeanceMessage(seance_id=room, kind=MessageKind.SPIRIT, text=text, **spelled)
        turn = SeanceTurn(
            seance_id=room,
            asked_by_id=ctx.viewer.id,
            question_id=question.id,
            answer_id=(await work.add(answer, Kind.ANSWERED)).id,
            state=TurnState.ANSWERED,
            provider="embedded",
            started_at=now,
            finished_at=now,
        )
        await work.add(turn)


async def _keep(ctx: Context, room: Id) -> None:
    """Nobody has connected yet: the room would end before anybody looked around."""
    async with ctx.work() as work:
        found, _ = await seated(work, room)
        for seat in await taken(work, found):
            seat.held_until = ctx.now() + KEPT
