"""How often somebody may try to sign in, to sign up, or to find out a password or a name."""

from limits import RateLimitItemPerMinute

from kit.errors import RateLimited
from kit.networks import network_of
from kit.settings import Settings
from resolvers.limits import Limits


class Throttle:
    """Attempts, per account and address and per address."""

    def __init__(self, settings: Settings, limits: Limits) -> None:
        minutes = settings.login_window_minutes
        self._limits = limits
        self._per_account = RateLimitItemPerMinute(settings.login_attempts, minutes)
        self._per_address = RateLimitItemPerMinute(settings.login_attempts_per_address, minutes)

    async def attempt(self, account: str, address: str) -> None:
        """Counts a try. Raises RateLimited with the seconds to wait."""
        network = network_of(address)
        for item, keys in ((self._per_address, ("tries", network)), (self._per_account, ("tries", account, network))):
            if wait := await self._limits.hit(item, *keys):
                raise RateLimited(wait)

    async def succeeded(self, account: str, address: str) -> None:
        """The right password forgives the wrong ones before it."""
        await self._limits.forget(self._per_account, "tries", account, network_of(address))
