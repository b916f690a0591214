"""What answers of all that stands beside the database: the broker, a Redis that counts, another issuer's keys."""

import asyncio
from collections.abc import Awaitable
from functools import partial
from typing import cast
from urllib.parse import urlsplit

from httpx2 import HTTPError

from db.engine import dsn, normalised
from kit.clock import now
from kit.settings import Settings
from live import brokers
from live.broker import Broker
from live.doorbell import Doorbell
from live.signals import Signals
from resolvers.accounts.foreign_keys import Keys, usable
from server.doctor.finding import ANSWER_SECONDS, Finding, failed, ok, skipped, warning


async def of_broker(settings: Settings, *, without_database: bool = False) -> Finding:
    """Connects as a server does, and rings once: a ring means nothing but that the log may have something new."""
    url = settings.broadcast_url.get_secret_value()
    if url.startswith("memory"):
        if settings.database_url is None:
            return ok("broker", "memory://, for one process")
        said = "memory:// reaches one process: others hear of its events within a second, of presence and typing never"
        return warning("broker", said, "BROADCAST_URL=postgres://…, or redis://…, unless there is one process")
    if without_database and url.startswith("postgres") and not urlsplit(url).netloc:
        return skipped("broker", "it is in the same database")
    database = "" if settings.database_url is None else dsn(normalised(settings.database_url.get_secret_value()))
    broker = Broker(partial(brokers.backend, url, database=database), Doorbell(), Signals())
    running = asyncio.create_task(broker.run(), name="broker")
    kind = urlsplit(url).scheme
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await broker.connected.wait()
    except TimeoutError:
        said = f"{kind}:// does not answer, or does not send back what it is sent, within {ANSWER_SECONDS} s"
        return failed("broker", said, "look at BROADCAST_URL; LISTEN needs PostgreSQL itself, not a pooler")
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    return ok("broker", f"{kind}:// sends back what it is sent")


async def of_redis(settings: Settings) -> Finding:
    """The one in which tries are counted; that of the broker has rung already."""
    url = settings.counting_redis
    if url is None:
        return skipped("Redis", "RATE_LIMIT_URL names none: each process counts tries for itself")
    from redis import RedisError  # an extra
    from redis.asyncio import Redis

    redis = Redis.from_url(url)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            await cast("Awaitable[bool]", redis.ping())
    except (RedisError, OSError, ValueError) as error:
        said = f"does not answer, and each process counts tries for itself: {error or repr(error)}"
        return failed("Redis", said, "look at RATE_LIMIT_URL, or where that is not set at BROADCAST_URL")
    finally:
        await redis.aclose()
    return ok("Redis", "counts tries for all processes")


async def of_issuer(settings: Settings) -> Finding:
    if settings.foreign_jwks_url is not None:
        return await _of_keys(settings.foreign_jwks_url)
    if settings.foreign_jwt_secret is None:
        return skipped("foreign tokens", "no other issuer is named")
    if settings.foreign_issuer is None:
        said = "FOREIGN_ISSUER is not set: whoever has the secret may sign as any issuer"
        return warning("foreign tokens", said, "FOREIGN_ISSUER=https://app.example.org, as its tokens have it in iss")
    return ok("foreign tokens", f"of {settings.foreign_issuer}, by a shared secret")


async def _of_keys(url: str) -> Finding:
    keys = Keys(url, now)
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            found = usable(await keys.download())
    except (HTTPError, OSError, ValueError) as error:
        said = f"{url}: {error or repr(error)}"
        return failed("foreign tokens", said, "look at FOREIGN_JWKS_URL, and whether this machine may reach it")
    finally:
        await keys.close()
    return ok("foreign tokens", f"{url} has {len(found)} {'key' if len(found) == 1 else 'keys'}")
