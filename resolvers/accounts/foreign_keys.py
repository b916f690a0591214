"""The keys that another issuer publishes (RFC 7517), fetched when a token asks for one and kept a while.

A token chooses among these keys by `kid` and nothing else: addresses and keys in its header are not looked at.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import jwt
import orjson
import structlog

from kit.clock import Clock
from kit.errors import NoKeys

FRESH = timedelta(minutes=10)  # then a key that was taken back is noticed
STALE = timedelta(days=1)  # as long as the issuer cannot be reached they go on working
PAUSE = timedelta(seconds=30)  # between fetches, whatever tokens ask for
RETRY = timedelta(seconds=5)  # after one that failed
SECONDS = 5  # for one, in all
LARGEST = 262_144  # bytes; a key has about 400
MOST = 64  # keys; issuers have two or three

# What a key may verify is said here, and not by a token.
ALGORITHMS = {("RSA", ""): "RS256", ("EC", "P-256"): "ES256", ("OKP", "Ed25519"): "EdDSA"}

NEVER = datetime.min.replace(tzinfo=UTC)

logger = structlog.get_logger()


class Keys:
    """One fetch at a time, which all who need it wait for; for a known key only while the issuer can be reached."""

    def __init__(self, url: str, clock: Clock) -> None:
        import httpx2  # takes 120 ms, and only those with a JWKS need it

        self._url = url
        self._clock = clock
        self._http = httpx2.AsyncClient(timeout=SECONDS, headers={"accept-encoding": "identity"})
        self._kept: dict[str, jwt.PyJWK] = {}
        self._fetched = self._tried = NEVER
        self._reached = True
        self._fetching: asyncio.Task[None] | None = None

    async def of(self, kid: str) -> jwt.PyJWK | None:
        """The key of this id, if there is one. Raises NoKeys where none could be fetched at all."""
        now = self._clock()
        if now - self._fetched > STALE:
            self._kept = {}
        if kid not in self._kept or now - self._fetched > FRESH:
            self._refresh(now)
            if self._fetching is not None and (self._reached or kid not in self._kept):
                await asyncio.shield(self._fetching)  # others wait for it too
        if not self._kept:
            raise NoKeys
        return self._kept.get(kid)

    def _refresh(self, now: datetime) -> None:
        pause = PAUSE if self._reached else RETRY
        if self._fetching is None and not self._tried <= now < self._tried + pause:
            self._tried = now
            self._fetching = asyncio.create_task(self._fetch(), name="jwks")

    async def _fetch(self) -> None:
        try:
            async with asyncio.timeout(SECONDS):
                found = usable(await self.download())
            self._kept, self._fetched, self._reached = found, self._clock(), True
        except Exception as error:
            self._tried, self._reached = self._clock(), False
            logger.warning("jwks.failed", host=urlsplit(self._url).hostname, error=repr(error)[:300])
        finally:
            self._fetching = None

    async def download(self) -> bytes:
        """What is published, if it is there itself: a redirection is not followed. Raises ValueError, HTTPError."""
        body = b""
        async with self._http.stream("GET", self._url) as response:
            if response.status_code != 200:
                raise ValueError(f"status {response.status_code}")
            async for part in response.aiter_raw():
                body += part
                if len(body) > LARGEST:
                    raise ValueError(f"more than {LARGEST} bytes")
        return body

    async def close(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.gather(self._fetching, return_exceptions=True)
        await self._http.aclose()


def usable(body: bytes) -> dict[str, jwt.PyJWK]:
    """Public keys that may verify tokens, by their ids; of two with the same id the first. Raises ValueError."""
    document = orjson.loads(body)
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("no list of keys")
    found: dict[str, jwt.PyJWK] = {}
    for data in listed[:MOST]:
        if (key := _key(data)) is not None:
            found.setdefault(str(key.key_id), key)
    if not found:
        raise ValueError("no key that can be used")
    return found


def _key(data: Any) -> jwt.PyJWK | None:
    if not isinstance(data, dict) or not isinstance(data.get("kid"), str) or "d" in data:
        return None
    algorithm = ALGORITHMS.get((str(data.get("kty")), str(data.get("crv", ""))))
    if algorithm is None or data.get("alg", algorithm) != algorithm or data.get("use", "sig") != "sig":
        return None
    try:
        key = jwt.PyJWK(data, algorithm)
    except jwt.PyJWTError:
        return None
    return None if key.Algorithm.check_key_length(key.key) else key
