"""What every verb is given: who asks, and the means to answer.

Nothing in it may go stale: one context serves all operations of a socket until its viewer is established anew.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from db.accounts.users import Role
from db.engine import Database
from kit.clock import Clock
from kit.deadlines import Deadlines
from kit.errors import Forbidden, Unauthenticated
from kit.ids import Id
from kit.llm.language import LanguageModel
from kit.outside import Outside
from kit.settings import Settings
from live.doorbell import Doorbell
from live.grants import Grants
from live.hub import Hub
from live.meter import Meter
from live.signals import Signals
from live.tail import Tail
from live.vitals import Vitals
from resolvers.budgets import Budgets, Refusals
from resolvers.limits import Limits
from resolvers.turns import Turns

if TYPE_CHECKING:
    from resolvers.accounts.passwords import Passwords
    from resolvers.accounts.throttle import Throttle
    from resolvers.accounts.viewers import Viewers
    from resolvers.idempotency import Once
    from resolvers.work import Work


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody who has shown a valid token."""

    id: Id
    role: Role
    session_id: Id
    time_zone: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Services:
    """The parts of the process that verbs use; made once, in `server/`. `process` names this one among others."""

    process: str
    settings: Settings
    db: Database
    tail: Tail
    hub: Hub
    doorbell: Doorbell
    signals: Signals
    grants: Grants
    meter: Meter
    vitals: Vitals
    passwords: "Passwords"
    viewers: "Viewers"
    limits: Limits
    throttle: "Throttle"
    budgets: Budgets
    clock: Clock
    deadlines: Deadlines
    outside: Outside
    language_model: LanguageModel
    turns: Turns = field(default_factory=Turns)
    refusals: Refusals = field(default_factory=Refusals)


@dataclass(frozen=True, slots=True)
class Context:
    """`asks` is the viewer, or why there is none; `once` says that this mutation is done once, whoever repeats it.

    `renew` is there on a socket: it goes on with another token. `parent` is the W3C traceparent that the request came
    with. A mutation has `until`, by the loop's clock, and each of its root fields its `limit`, which holds until
    something is committed.
    """

    services: Services
    asks: Viewer | Unauthenticated
    trace_id: str
    address: str
    user_agent: str | None = None
    renew: Callable[[str], Awaitable[Viewer]] | None = None
    once: "Once | None" = None
    parent: str | None = None
    until: float | None = None
    limit: asyncio.Timeout | None = None

    @property
    def viewer(self) -> Viewer:
        """Raises Unauthenticated where nobody is signed in."""
        if isinstance(self.asks, Unauthenticated):
            raise self.asks
        return self.asks

    @property
    def viewer_id(self) -> Id | None:
        """Who asks, if anybody has signed in."""
        return None if isinstance(self.asks, Unauthenticated) else self.asks.id

    def has(self, floor: Role) -> bool:
        """Whether somebody asks who has at least this role."""
        return isinstance(self.asks, Viewer) and self.asks.role.rank >= floor.rank

    def require(self, floor: Role) -> None:
        """Raises Unauthenticated, or Forbidden below the role."""
        if self.viewer.role.rank < floor.rank:
            raise Forbidden("Insufficient permissions")

    def now(self) -> datetime:
        return self.services.clock()

    def slots(self) -> dict[str, Any]:
        """The values of the slots that policies speak of."""
        viewer = self.viewer
        return {
            "viewer_id": viewer.id,
            "viewer_role": viewer.role,
            "viewer_session_id": viewer.session_id,
            "viewer_time_zone": viewer.time_zone,
            "now": self.now(),
        }

    @asynccontextmanager
    async def work(self, *, alone: str | None = None) -> AsyncIterator["Work"]:
        """One transaction with its events; see `resolvers/work.py`.

        With `alone`, the viewer's works of the same name come one after the other: what touches many rows of one person
        then neither deadlocks nor sees half of another change.
        """
        from resolvers.work import begun

        async with begun(self, alone) as work:
            yield work


def for_nobody(services: Services, trace_id: str) -> Context:
    """For what the house does itself, and no client asks for."""
    return Context(services, Unauthenticated(), trace_id=trace_id, address="local")
