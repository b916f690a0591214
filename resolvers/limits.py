"""How often something may be tried: counted before the try, so that tries at the same moment count too.

Counted in Redis, where all processes do it together, or else in this process. A limiter that cannot be reached refuses
nobody: then each process counts for itself.
"""

import time
from asyncio import timeout
from bisect import bisect_left
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from math import ceil
from typing import TYPE_CHECKING, Any, TypeVar

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage, RedisStorage
from limits.aio.strategies import MovingWindowRateLimiter
from limits.errors import StorageError

from kit.errors import RateLimited
from kit.ids import Id
from kit.networks import network_of

if TYPE_CHECKING:
    from redis.asyncio import BlockingConnectionPool

    from resolvers.context import Context

T = TypeVar("T")

REDIS = "async+redis://"  # how limits calls it
MOST_KEYS = 20_000  # counted in memory, the latest; each is a list of times
REDIS_SECONDS = 0.25  # for Redis to answer; it takes a tenth of a millisecond, this loop may be late
AGAIN_SECONDS = 2.0  # until a Redis that did not answer is asked again
CLOSE_SECONDS = 1.0  # to say goodbye to it
CONNECTIONS = 20  # to Redis, of one process; more tries at once wait for one

logger = structlog.get_logger()


class Each(StrEnum):
    """For whom a limit counts. Whoever has not signed in counts by their address."""

    VIEWER = "user"
    ADDRESS = "address"


@dataclass(frozen=True, slots=True)
class Limit:
    """So many in any minute, for each viewer or for each address."""

    amount: int
    each: Each

    @property
    def said(self) -> str:
        return f"At most {self.amount:,} a minute for each {self.each.value}; beyond that RATE_LIMITED."


def per_minute(amount: int, each: Each = Each.VIEWER) -> Limit:
    return Limit(amount, each)


class Windows(MemoryStorage):
    """The latest keys. limits' own looks at every key again and again, each in a thread, in a task of its own."""

    def __init__(self, most: int = MOST_KEYS) -> None:
        super().__init__()
        self._most = most
        self._kept: OrderedDict[str, list[float]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept)

    async def acquire_entry(self, key: str, limit: int, expiry: int, amount: int = 1) -> bool:
        now = time.time()
        hits = self._since(key, now - expiry)
        if len(hits) + amount > limit:
            return False
        hits.extend([now] * amount)
        self._kept[key] = hits
        self._kept.move_to_end(key)
        if len(self._kept) > self._most:
            self._kept.popitem(last=False)
        return True

    async def get_moving_window(self, key: str, limit: int, expiry: int) -> tuple[float, int]:
        now = time.time()
        hits = self._since(key, now - expiry)
        return (hits[0] if hits else now), len(hits)

    def _since(self, key: str, oldest: float) -> list[float]:
        hits = self._kept.get(key, [])
        del hits[: bisect_left(hits, oldest)]
        return hits

    async def clear(self, key: str) -> None:
        self._kept.pop(key, None)


class Limits:
    """Tries, by what they are tries of. `redis` is the address of one, if there is one; `close` comes last."""

    def __init__(self, redis: str | None, clock: Callable[[], float] = time.monotonic) -> None:
        self._near = MovingWindowRateLimiter(Windows())
        self._pool: BlockingConnectionPool | None = None
        self._far: MovingWindowRateLimiter | None = None
        if redis is not None:
            self._far, self._pool = _counting_in(redis)
        self._clock = clock
        self._lost = False
        self._again = 0.0

    async def close(self) -> None:
        if self._pool is not None:
            with suppress(Exception):  # it may be dead already
                async with timeout(CLOSE_SECONDS):
                    await self._pool.disconnect()

    async def count(self, ctx: "Context", limit: Limit, name: str, of: Id | None = None) -> None:
        """Counts one of what `name` says. Raises RateLimited with the seconds to wait; then it has not counted.

        `of` is what it is counted for, such as a room, by all who are there together.
        """
        address = network_of(ctx.address)
        who = address if limit.each is Each.ADDRESS else of or ctx.viewer_id or address
        wait = await self.hit(RateLimitItemPerMinute(limit.amount), name, who)
        if wait:
            ctx.services.meter.refused("rate_limited")
            raise RateLimited(wait, f"{name} may be asked {limit.amount:,} times a minute")

    async def hit(self, item: RateLimitItem, *keys: str) -> int:
        """Counts a try. The seconds to wait where it is one too many, which does not count; otherwise 0."""
        return await self._asked(lambda limiter: _hit(limiter, item, _key(keys)))

    async def forget(self, item: RateLimitItem, *keys: str) -> None:
        """The tries so far."""
        await self._asked(lambda limiter: limiter.clear(item, _key(keys)))

    async def _asked(self, ask: Callable[[MovingWindowRateLimiter], Awaitable[T]]) -> T:
        if self._far is None or self._clock() < self._again:
            return await ask(self._near)
        if self._lost:  # one finds out for all
            self._again = self._clock() + AGAIN_SECONDS
        try:
            async with timeout(REDIS_SECONDS):
                answer = await ask(self._far)
        except (StorageError, OSError) as error:
            self._lose(error)
            return await ask(self._near)
        self._find()
        return answer

    def _lose(self, error: Exception) -> None:
        if not self._lost:
            logger.warning("limits.redis_lost", error=repr(error.__cause__ or error)[:200])
        self._lost, self._again = True, self._clock() + AGAIN_SECONDS

    def _find(self) -> None:
        if self._lost:
            logger.info("limits.redis_found")
        self._lost, self._again = False, 0.0


def _counting_in(url: str) -> "tuple[MovingWindowRateLimiter, BlockingConnectionPool]":
    from redis.asyncio import BlockingConnectionPool  # an extra
    from redis.asyncio.retry import Retry
    from redis.backoff import NoBackoff

    once = Retry(NoBackoff(), 1)  # a connection may be of a Redis that was there before
    pool = BlockingConnectionPool.from_url(url, max_connections=CONNECTIONS, timeout=REDIS_SECONDS, retry=once)
    options: Any = {"connection_pool": pool, "implementation": "redispy"}  # the pool knows the address
    return MovingWindowRateLimiter(RedisStorage(REDIS, wrap_exceptions=True, key_prefix="parlor", **options)), pool


async def _hit(limiter: MovingWindowRateLimiter, item: RateLimitItem, key: str) -> int:
    if await limiter.hit(item, key):
        return 0
    window = await limiter.get_window_stats(item, key)
    return max(1, ceil(window.reset_time - time.time()))


def _key(keys: tuple[str, ...]) -> str:
    """Of one length, however long the names are that clients think of; and nobody who reads Redis reads them."""
    return blake2b(repr(keys).encode(errors="replace"), digest_size=16).hexdigest()
