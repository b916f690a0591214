"""How much a process does for one user, and for one address, so that nobody can keep it all to themselves.

The unit is an object of an answer, as `schema/weighing.py` counts them: about 20 µs of a core. A budget is a minute's
worth; it fills up again all the time. What is asked is paid before it is done, and who asks for more than is left gets
it once: after that they wait until the debt is paid.

Counted by each process for itself: what it guards is the process. `docs/adr/0016-rate-limits.md` says more.
"""

import time
from collections import Counter
from collections.abc import Callable
from math import ceil
from operator import itemgetter
from typing import TYPE_CHECKING

import structlog

from kit.errors import RateLimited
from kit.networks import network_of
from kit.settings import Settings

if TYPE_CHECKING:
    from resolvers.context import Context

OPERATION = 10  # of any operation, with what the transport does for it
PLANNING = 250  # of an object or list that is asked in a new document
MINUTE = 60.0  # seconds
MOST_KEYS = 20_000  # whose debts are known, the largest; most have paid them within milliseconds
REFUSALS = 60  # of one viewer in a minute that are written into the audit

logger = structlog.get_logger()


class Buckets:
    """Of so many units a minute, by key; 0 stands for no limit. What is kept is when a key's debt will be paid."""

    def __init__(self, amount: int, most: int = MOST_KEYS) -> None:
        self._seconds = MINUTE / amount if amount else 0.0
        self._most = most
        self._paid: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._paid)

    def wait(self, key: str, now: float) -> int:
        """The seconds until more may be taken; 0 where it may be now."""
        over = self._paid.get(key, 0.0) - now - MINUTE
        return ceil(over) if over > 0 else 0

    def take(self, key: str, units: int, now: float) -> None:
        known = self._paid
        paid = known.get(key, now)
        known[key] = (paid if paid > now else now) + units * self._seconds
        if len(known) > self._most:
            self._forget()

    def _forget(self) -> None:
        """The smaller debts: nobody gets rid of theirs by making many others."""
        largest = sorted(self._paid.items(), key=itemgetter(1), reverse=True)
        self._paid = dict(largest[: self._most // 2])


class Budgets:
    """Of users and of addresses. Whoever has not signed in has the budget of one user, by address."""

    def __init__(self, settings: Settings, clock: Callable[[], float] = time.monotonic) -> None:
        self._users = Buckets(settings.query_budget_per_user)
        self._addresses = Buckets(settings.query_budget_per_address)
        self._clock = clock

    def admit(self, ctx: "Context") -> None:
        """Pays for an operation, whatever comes of it. Raises RateLimited where nothing is left; that costs nothing."""
        network, now = network_of(ctx.address), self._clock()
        user = ctx.viewer_id or network
        wait = max(self._users.wait(user, now), self._addresses.wait(network, now))
        if wait:
            ctx.services.meter.refused("over_budget")
            raise RateLimited(wait, "Too much has been asked in this minute")
        self._users.take(user, OPERATION, now)
        self._addresses.take(network, OPERATION, now)

    def spend(self, ctx: "Context", units: int) -> None:
        """Of what has been admitted."""
        network, now = network_of(ctx.address), self._clock()
        self._users.take(ctx.viewer_id or network, units, now)
        self._addresses.take(network, units, now)


class Refusals:
    """Of each viewer so many a minute are written into the audit; the rest are counted."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._minute = 0
        self._counts: Counter[str] = Counter()

    def kept(self, ctx: "Context") -> bool:
        """Whether this one is to be written. Of the others the 1st, 10th, 100th … is logged, with its number."""
        minute = int(self._clock() // MINUTE)
        if minute != self._minute:
            self._minute, self._counts = minute, Counter()
        who = ctx.viewer_id or network_of(ctx.address)
        self._counts[who] += 1
        over = self._counts[who] - REFUSALS
        if over > 0 and str(over).rstrip("0") == "1":
            logger.warning("audit.too_many", user=ctx.viewer_id, left_out=over, trace_id=ctx.trace_id)
        return over <= 0
