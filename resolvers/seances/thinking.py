"""Asking a language model for as long as somebody waits for the answer.

Whoever thinks says so in the turn's row every two seconds. There they learn that nobody waits any more; a signal has
them look at once. When the process dies nobody says so, and a sweep finds the turn.
"""

import asyncio
from contextlib import suppress
from datetime import timedelta

from sqlalchemy import func, update

from db.engine import FAULTS
from db.seances.turns import SeanceTurn, TurnState
from kit.errors import Unavailable
from kit.ids import Id
from kit.llm.language import Prompt, Usage, whole
from live.signals import Signal
from resolvers.context import Context

RENEWED_SECONDS = 2.0
LEASE = timedelta(seconds=8)  # by the database's clock: a process that has not renewed it for so long is dead


def called_off(turn: Id) -> str:
    """The topic of the signal that a turn has ended otherwise."""
    return f"seance-turn:{turn}"


async def renew(ctx: Context, turn: Id, lease: timedelta = LEASE) -> bool:
    """False where it has ended otherwise. A database that is away for a moment says nothing about that."""
    mine = update(SeanceTurn).where(SeanceTurn.id == turn, SeanceTurn.state == TurnState.THINKING)
    try:
        async with ctx.services.db.transaction() as session:
            found = await session.execute(mine.values(alive_until=func.now() + lease).returning(SeanceTurn.id))
            return found.first() is not None
    except (*FAULTS, Unavailable):
        return True


async def answered(ctx: Context, turn: Id, prompt: Prompt) -> tuple[str, Usage] | None:
    """None where nobody waits any more: then the request to the provider has been closed. Raises Unanswered."""
    look = asyncio.Event()

    def hear(_: Signal) -> None:
        look.set()

    with ctx.services.signals.follow(called_off(turn), hear):
        asking = asyncio.create_task(whole(ctx.services.language_model, prompt))
        awaited = asyncio.create_task(_awaited(ctx, turn, look))
        try:
            await asyncio.wait({asking, awaited}, return_when=asyncio.FIRST_COMPLETED)
            return asking.result() if asking.done() else awaited.result()
        finally:
            asking.cancel()
            awaited.cancel()
            await asyncio.gather(asking, awaited, return_exceptions=True)


async def _awaited(ctx: Context, turn: Id, look: asyncio.Event) -> None:
    """Returns when nobody waits any more."""
    waits = True
    while waits:
        with suppress(TimeoutError):
            async with asyncio.timeout(RENEWED_SECONDS):
                await look.wait()
        look.clear()
        waits = await renew(ctx, turn)
