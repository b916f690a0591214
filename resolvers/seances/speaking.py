"""Who may speak in a room: whoever sits there and was not muted, while it goes on."""

from functools import cache

import orjson

from db.reader import Reader
from db.seances.rooms import Seance
from db.seances.seats import SeanceParticipant
from db.selection import Column, Compiled
from kit.errors import Forbidden
from kit.ids import Id, prefix_of
from resolvers.context import Context
from resolvers.seances.held import heard_of, seated
from resolvers.seances.policy import speaks_in
from resolvers.work import Work

_SPOKEN_IN = Reader({Seance: speaks_in})


async def may(ctx: Context, id: Id) -> bool:
    """Whether the viewer does, just now: one read, and nothing is held. `speaker` says why they may not."""
    if prefix_of(id) != Seance.prefix:
        return False
    compiled = _statement()
    values = compiled.constants | ctx.slots() | {"ids": [id]}
    arguments = [values[name] for name in compiled.order]
    return bool(orjson.loads(await ctx.services.db.fetchval(compiled.sql, arguments)))


async def speaker(work: Work, id: Id, *, shares: bool = True) -> tuple[Seance, SeanceParticipant]:
    """A room that goes on, shared or held until the end, and the viewer's seat in it, of whom it is a sign of life.

    Raises NotFound, Forbidden, and Conflict where it is over.
    """
    room, seat = await seated(work, id, shares=shares)
    if seat.muted_at is not None:
        raise Forbidden("You are muted in this room")
    heard_of(work, seat)
    return room, seat


@cache
def _statement() -> Compiled:
    return _SPOKEN_IN.by_ids(Seance, (Column("id", "id"),))
