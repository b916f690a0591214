"""The spirit's turns, from question to answer. In a room it thinks of one at a time.

    QUEUED ---> THINKING ---> ANSWERED
       `------------`-------> FAILED

Whatever ends a turn holds the room, and has the next one begin in the same transaction: so no room is ever stuck.
"""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog
from sqlalchemy import func, select, update

from db.accounts.usage import TokenUsage
from db.accounts.users import User
from db.seances.messages import MessageKind, SeanceMessage
from db.seances.rooms import Seance
from db.seances.turns import SeanceTurn, TurnFailure, TurnState
from kit.errors import Unavailable
from kit.ids import Id
from kit.llm.language import Prompt, Reason, Unanswered, Usage
from live.log import Kind
from resolvers.context import Context
from resolvers.jobs import Job
from resolvers.seances.held import held_unseen
from resolvers.seances.letters import begins_at, ends_at, spelled_since, timing
from resolvers.seances.prompts import prompt_of, spoken
from resolvers.seances.thinking import LEASE, answered, called_off, renew
from resolvers.seances.waiting import TAKEN_UP, keep_waiting
from resolvers.seances.words import masked
from resolvers.work import Work

LEFT = timedelta(seconds=30)  # for another to take up what one that is stopped has left behind
LAPSED = 100  # turns that one sweep fails at most
LATE = {Reason.STALLED, Reason.LATE}

_HAS_LAPSED = select(SeanceTurn.alive_until < func.now())

logger = structlog.get_logger()


class Speak(Job):
    """Of a process that has died the turn has failed long before another tries it, and finds nothing to do. One that is
    given back is done anew, if the turn lasts.
    """

    attempts = 2
    seconds = 3_600.0  # a provider must have answered within LLM_SECONDS, long before
    apart = True

    turn_id: Id

    async def run(self, ctx: Context) -> None:
        try:
            await _speak(ctx, self.turn_id)
        except asyncio.CancelledError:
            await renew(ctx, self.turn_id, LEFT)
            raise

    async def gave_up(self, ctx: Context) -> None:
        await _fail(ctx, self.turn_id, TurnFailure.INTERRUPTED)


async def _speak(ctx: Context, id: Id) -> None:
    """No transaction is open while the language model is asked."""
    if (prompt := await _taken_up(ctx, id)) is None:
        return
    try:
        said = await answered(ctx, id, prompt)
        if said is not None and not spoken(said[0]):
            raise Unanswered(Reason.SILENT)
    except Unanswered as error:
        told = {"reason": error.reason, "detail": error.detail, "trace_id": ctx.trace_id}
        logger.warning("spirit.unanswered", turn=id, provider=ctx.services.language_model.provider, **told)
        await _fail(ctx, id, TurnFailure.TIMED_OUT if error.reason in LATE else TurnFailure.UNAVAILABLE)
    else:
        if said is not None:
            await _finish(ctx, id, *said)


async def _taken_up(ctx: Context, id: Id) -> Prompt | None:
    mine = select(SeanceTurn).where(SeanceTurn.id == id, SeanceTurn.state == TurnState.THINKING)
    async with ctx.services.db.transaction() as session:
        turn = await session.scalar(mine.with_for_update())
        if turn is None:
            return None
        await session.execute(update(SeanceTurn).where(SeanceTurn.id == id).values(alive_until=func.now() + LEASE))
        return await prompt_of(session, turn)


async def _thinking(work: Work, id: Id) -> tuple[Seance, SeanceTurn] | None:
    """The turn, if it is still thought of, and its room, which is held."""
    seance_id = await work.session.scalar(select(SeanceTurn.seance_id).where(SeanceTurn.id == id))
    room = None if seance_id is None else await held_unseen(work, seance_id)
    turn = None if room is None else await work.session.get(SeanceTurn, id)
    if room is None or turn is None or turn.state is not TurnState.THINKING:
        return None
    return room, turn


async def _finish(ctx: Context, id: Id, text: str, usage: Usage) -> None:
    async with ctx.work() as work:
        if (found := await _thinking(work, id)) is None:
            return
        room, turn = found
        if room.ended_at is not None:
            await fail(work, room, [turn], TurnFailure.ENDED)
            return
        asker = select(User.id).where(User.id == turn.asked_by_id)
        asked_by = await work.session.scalar(asker.with_for_update(read=True, key_share=True))
        answer = await _spell(work, room, masked(spoken(text), ctx.services.settings.blocked_words))
        if asked_by is not None:
            await work.add(_used(turn, asked_by, usage))
        # Not told: the answer is.
        turn.state, turn.answer_id, turn.provider = TurnState.ANSWERED, answer.id, usage.provider
        turn.finished_at, turn.alive_until = ctx.now(), None
        turn.version, turn.updated_at = turn.version + 1, ctx.now()
        await begin_next(work, room)


async def _spell(work: Work, room: Seance, text: str) -> SeanceMessage:
    """Its letters come after those of the answer before it: there is one planchette."""
    now = work.ctx.now()
    spelled = select(SeanceMessage).where(
        SeanceMessage.seance_id == room.id,
        SeanceMessage.kind == MessageKind.SPIRIT,
        SeanceMessage.created_at > spelled_since(now),
    )
    latest = spelled.order_by(SeanceMessage.created_at.desc(), SeanceMessage.id.desc()).limit(1)
    before = await work.session.scalar(latest)
    starts_at = begins_at(now, None if before is None else _spelled_at(before))
    message = SeanceMessage(
        seance_id=room.id, kind=MessageKind.SPIRIT, text=text, letter_timing=timing(text), starts_at=starts_at
    )
    return await work.add(message, Kind.ANSWERED)


def _spelled_at(message: SeanceMessage) -> datetime:
    assert message.letter_timing is not None
    assert message.starts_at is not None
    return ends_at(message.letter_timing, message.starts_at)


def _used(turn: SeanceTurn, user: Id, usage: Usage) -> TokenUsage:
    return TokenUsage(
        user_id=user,
        subject_id=turn.id,
        provider=usage.provider,
        model=usage.model,
        input_tokens=usage.input_tokens,
        output_tokens=usage.output_tokens,
        cost_micro_usd=usage.cost_micro_usd,
    )


async def _fail(ctx: Context, id: Id, failure: TurnFailure, *, lapsed: bool = False) -> bool:
    """Whether it was still thought of; with `lapsed`, and nobody has said for too long that they do."""
    async with ctx.work() as work:
        found = await _thinking(work, id)
        if found is None or (lapsed and not await work.session.scalar(_HAS_LAPSED.where(SeanceTurn.id == id))):
            return False
        room, turn = found
        await fail(work, room, [turn], failure if room.ended_at is None else TurnFailure.ENDED)
        return True


async def open_turns(work: Work, room: Seance) -> list[SeanceTurn]:
    """Those that have not ended, of a room that is held; the oldest comes first."""
    rows = select(SeanceTurn).where(
        SeanceTurn.seance_id == room.id, SeanceTurn.state.in_((TurnState.QUEUED, TurnState.THINKING))
    )
    by = SeanceTurn.created_at, SeanceTurn.id
    return [*(await work.session.scalars(rows.order_by(*by).execution_options(populate_existing=True)))]


async def fail(work: Work, room: Seance, turns: Sequence[SeanceTurn], failure: TurnFailure) -> None:
    """Ends turns that are open. The room is held."""
    now, signals = work.ctx.now(), work.ctx.services.signals
    for turn in turns:
        work.change(turn, Kind.FAILED, state=TurnState.FAILED, failure=failure, finished_at=now, alive_until=None)
        work.afterwards(partial(signals.send, called_off(turn.id), turn.id, ""))
    await begin_next(work, room)


async def begin_next(work: Work, room: Seance) -> None:
    """The turn that has waited longest begins, unless there is one that the spirit thinks of. The room is held."""
    await work.session.flush()  # what has ended has done so when the next begins: PostgreSQL allows no two at once
    turns = await open_turns(work, room)
    if room.ended_at is not None or not turns or any(turn.state is TurnState.THINKING for turn in turns):
        return
    now = work.ctx.now()
    work.change(turns[0], Kind.STARTED, state=TurnState.THINKING, started_at=now, alive_until=now + TAKEN_UP)
    await work.enqueue(Speak(turn_id=turns[0].id))


async def end_all(work: Work, room: Seance) -> None:
    """Nobody is answered any more in a room that has ended, and is held."""
    await fail(work, room, await open_turns(work, room), TurnFailure.ENDED)


async def fail_lapsed(ctx: Context) -> None:
    """Fails the turns of processes that have died, and those that nobody will take up. Several may look at once.

    Raises what one has failed on, when all others have been tried.
    """
    late = select(SeanceTurn.id).where(SeanceTurn.state == TurnState.THINKING, SeanceTurn.alive_until < func.now())
    async with ctx.services.db.transaction() as session:
        await keep_waiting(session)
        found = [*(await session.scalars(late.order_by(SeanceTurn.alive_until).limit(LAPSED)))]
    failed: Exception | None = None
    for id in found:
        try:
            if await _fail(ctx, id, TurnFailure.INTERRUPTED, lapsed=True):
                logger.warning("spirit.interrupted", turn=id)
        except Unavailable:
            raise
        except Exception as error:
            failed = failed or error
    if failed is not None:
        raise failed
