"""From a token to a viewer: the token says which session, the database says whether it still counts.

What the database said is believed for a second, so that a busy client costs no extra statement and a revoked
session, a deleted user or a new role shows within that second in every process, and at once in the one that did it.
"""

from collections import OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.accounts.users import Role
from db.engine import Database
from kit.clock import Clock
from kit.errors import Unauthenticated
from kit.ids import Id
from kit.settings import Settings
from resolvers.accounts.foreign import Foreign
from resolvers.accounts.foreign_keys import FRESH
from resolvers.accounts.identities import claims_of
from resolvers.accounts.tokens import Claims, InvalidToken, read_access_token
from resolvers.context import Context, Viewer

Asking = Callable[[], Context]

BELIEVED = timedelta(seconds=1)
REMEMBERED = 10_000  # sessions and tokens; the least recently seen go first
LONGEST = 2_000  # characters of an Authorization header, which is remembered; ours have 800 at most
LONGEST_FOREIGN = 5_000  # where another issuer's count too; theirs list roles and groups

INVALID = "Invalid or expired token"

_SESSION = """
select u.id, u.role, u.time_zone from session s join user_account u on u.id = s.user_id
where s.id = $1 and u.id = $2 and s.revoked_at is null and s.expires_at > $3
"""


@dataclass(frozen=True, slots=True)
class _Known:
    role: Role
    time_zone: str
    at: datetime


class Viewers:
    def __init__(self, settings: Settings, db: Database, clock: Clock) -> None:
        self._settings = settings
        self._db = db
        self._clock = clock
        self._forgotten = 0
        self._known: OrderedDict[tuple[Id, Id], _Known] = OrderedDict()
        self._read: OrderedDict[str, tuple[Claims, datetime]] = OrderedDict()  # and until when that is believed
        foreign = settings.foreign_jwt_secret is not None or settings.foreign_jwks_url is not None
        self._foreign = Foreign(settings, clock) if foreign else None

    async def of_header(self, authorization: object, asking: Asking) -> Viewer | Unauthenticated:
        """Whom an `Authorization: Bearer …` value speaks for, or why nobody. `asking` is for writing who is new."""
        if not isinstance(authorization, str) or not authorization.strip():
            return Unauthenticated()
        try:
            return await self.of_claims(await self._claims(authorization, asking))
        except InvalidToken:
            return Unauthenticated(INVALID)

    async def _claims(self, authorization: str, asking: Asking) -> Claims:
        """What the token says. A signature of ours stays right; a foreign key may be taken back."""
        now = self._clock()
        read = self._read.get(authorization)
        if read is None or read[1] <= now:
            read = self._read[authorization] = await self._checked(authorization, now, asking)
            while len(self._read) > REMEMBERED:
                self._read.popitem(last=False)
        else:
            self._read.move_to_end(authorization)
        return read[0]

    async def _checked(self, authorization: str, now: datetime, asking: Asking) -> tuple[Claims, datetime]:
        if len(authorization) > (LONGEST if self._foreign is None else LONGEST_FOREIGN):
            raise InvalidToken
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken
        try:
            claims = read_access_token(self._settings, token.strip(), now)
            return claims, claims.expires_at
        except InvalidToken:
            if self._foreign is None:
                raise
        told = await self._foreign.read(token.strip(), now)
        claims = await claims_of(asking(), told)
        return claims, min(claims.expires_at, now + FRESH)

    async def again(self, viewer: Viewer) -> Viewer | Unauthenticated:
        """The same viewer as things stand now."""
        if viewer.expires_at <= self._clock():
            return Unauthenticated(INVALID)
        return await self.of_claims(Claims(viewer.id, viewer.session_id, viewer.expires_at))

    async def of_claims(self, claims: Claims) -> Viewer | Unauthenticated:
        key, now = (claims.session_id, claims.user_id), self._clock()
        known = self._known.get(key)
        if known is not None:
            self._known.move_to_end(key)
        if known is None or not now - BELIEVED < known.at <= now:
            forgotten = self._forgotten
            rows = await self._db.fetch(_SESSION, claims.session_id, claims.user_id, now)
            if not rows:
                self._known.pop(key, None)
                return Unauthenticated(INVALID)
            known = _Known(Role(rows[0]["role"]), rows[0]["time_zone"], now)
            if forgotten == self._forgotten:  # otherwise the answer may be older than what was to be forgotten
                self._keep(key, known)
        return Viewer(claims.user_id, known.role, claims.session_id, known.time_zone, claims.expires_at)

    def _keep(self, key: tuple[Id, Id], known: _Known) -> None:
        self._known[key] = known
        self._known.move_to_end(key)
        while len(self._known) > REMEMBERED:
            self._known.popitem(last=False)

    def doubt(self, topics: Iterable[str]) -> None:
        """Something has happened there that changes who may see what."""
        parts = (topic.partition(":") for topic in topics)
        if users := {Id(id) for name, _, id in parts if name in ("user", "sessions")}:
            self.forget(*users)

    def forget(self, *users: Id) -> None:
        """Something about these users has changed: ask the database next time. Takes a millisecond, however many."""
        self._forgotten += 1
        gone = frozenset(users)
        for key in [key for key in self._known if key[1] in gone]:
            del self._known[key]

    async def close(self) -> None:
        if self._foreign is not None:
            await self._foreign.close()
