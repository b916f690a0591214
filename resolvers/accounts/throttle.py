"""How often somebody may try: counted before the try, so that tries at the same moment count too."""

import time

from limits import RateLimitItemPerMinute
from limits.aio.storage import MemoryStorage
from limits.aio.strategies import MovingWindowRateLimiter

from kit.errors import RateLimited
from kit.settings import Settings


class _Attempts(MemoryStorage):
    async def clear(self, key: str) -> None:
        """Empties the key and leaves it: the storage sweeps in a task of its own, which fails on a key that goes."""
        self.events[key] = []


class Throttle:
    """Sign-in attempts, per account and address and per address. In memory: per process."""

    def __init__(self, settings: Settings) -> None:
        minutes = settings.login_window_minutes
        self._limiter = MovingWindowRateLimiter(_Attempts())
        self._per_account = RateLimitItemPerMinute(settings.login_attempts, minutes)
        self._per_address = RateLimitItemPerMinute(settings.login_attempts_per_address, minutes)

    async def attempt(self, account: str, address: str) -> None:
        """Counts a try. Raises RateLimited with the seconds to wait."""
        for item, keys in ((self._per_address, (address,)), (self._per_account, (account, address))):
            if not await self._limiter.hit(item, *keys):
                until = (await self._limiter.get_window_stats(item, *keys)).reset_time
                raise RateLimited(max(1, round(until - time.time())))

    async def succeeded(self, account: str, address: str) -> None:
        """The right password forgives the wrong ones before it."""
        await self._limiter.clear(self._per_account, account, address)
