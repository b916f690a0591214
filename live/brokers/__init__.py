"""The ways from process to process, by the address of the broker."""

from collections.abc import Sequence

from live.brokers.backend import Backend, Memory
from live.brokers.postgres import Postgres


def backend(url: str, channels: Sequence[str], *, database: str) -> Backend:
    """One that is not yet connected. `database` is a DSN, for a postgres:// that names none."""
    scheme, _, rest = url.partition("://")
    if scheme == "memory":
        return Memory(channels)
    if scheme in ("redis", "rediss"):
        from live.brokers.redis import Redis  # its client is an extra

        return Redis(url, channels)
    return Postgres(url if rest.strip("/") else database, channels)
