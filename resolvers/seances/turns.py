"""Questions to the spirit of a room, which answers one after the other."""

from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import Select, select

from db.seances.messages import MessageKind, SeanceMessage
from db.seances.rooms import Seance
from db.seances.turns import SeanceTurn, TurnFailure, TurnState
from db.selection import Listing, Order
from kit.errors import Conflict, NotFound
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.seances import spirit
from resolvers.seances.held import held_unseen
from resolvers.seances.rules.turns import AskSpirit
from resolvers.seances.speaking import speaker
from resolvers.seances.stream import types_no_longer
from resolvers.seances.words import masked
from resolvers.work import Work

MOST_QUEUED = 5  # in a room
MOST_OPEN = 2  # of one user in a room

TurnId = Annotated[Id, Doc("The turn's id.")]


def by_id(id: TurnId) -> Select[SeanceTurn]:
    return select(SeanceTurn).where(SeanceTurn.id == id)


def listed() -> Listing:
    """The newest first."""
    return Listing(select(SeanceTurn), (Order(SeanceTurn.created_at, descending=True),))


async def ask(ctx: Context, input: Annotated[AskSpirit, Doc("The question.")]) -> SeanceTurn:
    async with ctx.work() as work:
        room, _ = await speaker(work, input.seance_id, shares=False)
        _admit(await spirit.open_turns(work, room), ctx.viewer.id)
        said = {"seance_id": room.id, "sender_id": ctx.viewer.id}
        text = masked(input.text, ctx.services.settings.blocked_words)
        question = await work.add(SeanceMessage(kind=MessageKind.USER, text=text, **said))
        asks = {"asked_by_id": ctx.viewer.id, "question_id": question.id}
        turn = await work.add(SeanceTurn(seance_id=room.id, state=TurnState.QUEUED, **asks))
        await spirit.begin_next(work, room)
        work.afterwards(lambda: types_no_longer(ctx, room.id))
        return turn


def _admit(turns: Sequence[SeanceTurn], user: Id) -> None:
    """Raises Conflict."""
    if sum(turn.asked_by_id == user for turn in turns) >= MOST_OPEN:
        raise Conflict("Your earlier questions come first", reason="TURNS_OPEN")
    if sum(turn.state is TurnState.QUEUED for turn in turns) >= MOST_QUEUED:
        raise Conflict("Too many questions wait for the spirit", reason="QUEUE_FULL")


async def cancel(ctx: Context, turn_id: TurnId) -> SeanceTurn:
    """Of a turn that was called off before nothing changes. Raises Conflict for one that has ended otherwise."""
    async with ctx.work() as work:
        seen = await work.visible(SeanceTurn, [turn_id])
        room = await held_unseen(work, seen[0].seance_id) if seen else None
        if room is None:
            raise NotFound("SeanceTurn", turn_id)
        turn = await work.lock(SeanceTurn, turn_id)
        if turn.finished_at is None:
            await spirit.fail(work, room, [turn], TurnFailure.CANCELLED)
        elif turn.failure is not TurnFailure.CANCELLED:
            raise Conflict("The turn has ended already", reason="TURN_FINISHED")
        return turn


async def withdraw(work: Work, room: Seance, user: Id) -> None:
    """Their questions that wait, when they have no seat any more. The spirit answers the one that it thinks of: those
    who stay have heard it. The room is held.
    """
    turns = await spirit.open_turns(work, room)
    theirs = [turn for turn in turns if turn.asked_by_id == user and turn.state is TurnState.QUEUED]
    await spirit.fail(work, room, theirs, TurnFailure.CANCELLED)
