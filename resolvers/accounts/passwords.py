"""argon2id, in threads and few at a time: each run takes 64 MiB and a core for about 80 ms."""

import asyncio
import secrets

from pwdlib import PasswordHash
from pwdlib.exceptions import UnknownHashError
from pwdlib.hashers.argon2 import Argon2Hasher


class Passwords:
    """`concurrency` is how many hashes may be reckoned at once; the rest wait their turn."""

    def __init__(self, *, concurrency: int) -> None:
        self._hasher = PasswordHash((Argon2Hasher(),))
        self._turns = asyncio.Semaphore(concurrency)
        self._nobodys: str | None = None

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

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
        async with self._turns:
            try:
                return await asyncio.to_thread(self._hasher.verify, password, hash)
            except UnknownHashError:
                return False
