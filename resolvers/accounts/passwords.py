"""argon2id, in threads and few at a time: each run takes 64 MiB and a core for about 80 ms."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TypeVar

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher

from kit.errors import RateLimited

T = TypeVar("T")

MOST_WAITING = 200  # of them, at 25 a second on two cores: eight seconds


class Passwords:
    """`concurrency` is how many hashes may be reckoned at once; the rest wait their turn."""

    def __init__(self, *, concurrency: int) -> None:
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._turns = asyncio.Semaphore(concurrency)
        self._waiting = 0
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turn():
            return await _in_thread(self._hasher.hash, password)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Raises RateLimited where more wait already than can be served before clients give up."""
        if self._waiting >= MOST_WAITING:
            raise RateLimited(5, "Too many people sign in at this moment")
        self._waiting += 1
        try:
            await self._turns.acquire()
        finally:
            self._waiting -= 1
        try:
            yield
        finally:
            self._turns.release()

    async def fits(self, password: str, hash: str | None) -> bool:
        """Takes the same time whether or not there is a hash, so that nobody learns which accounts exist."""
        if hash is None:
            if self._nobodys is None:
                self._nobodys = await self.hash(secrets.token_hex())  # costs as much as to verify one
            else:
                await self._verify(password, self._nobodys)
            return False
        return await self._verify(password, hash)

    async def _verify(self, password: str, hash: str) -> bool:
        async with self._turn():
            try:
                return await _in_thread(self._hasher.verify, password, hash)
            except UnknownHashError:
                return False


async def _in_thread(reckon: Callable[..., T], *given: str) -> T:
    """A thread cannot be stopped: whoever is cancelled meanwhile keeps the turn until it is done."""
    task = asyncio.ensure_future(asyncio.to_thread(reckon, *given))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise
