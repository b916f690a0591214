"""From a token to a viewer: the token says which session, the database says whether it still counts.

What the database said is believed for a second, so that a busy client costs no extra statement and a revoked
session, a deleted user or a new role shows within that second in every process, and at once in the one that did it.
"""

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from db.accounts.users import Role
from db.engine import Database
from kit.clock import Clock
from kit.errors import Unauthenticated
from kit.ids import Id
from kit.settings import Settings
from resolvers.accounts.tokens import Claims, InvalidToken, read_access_token
from resolvers.context import Viewer

BELIEVED = timedelta(seconds=1)
REMEMBERED = 10_000  # sessions and tokens; the least recently seen go first
LONGEST = 2_000  # characters of an Authorization header, which is remembered; ours have 800 at most

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
        self._read: OrderedDict[str, Claims] = OrderedDict()

    async def of_header(self, authorization: object) -> Viewer | Unauthenticated:
        """Whom an `Authorization: Bearer …` value speaks for, or why nobody."""
        if not isinstance(authorization, str) or not authorization.strip():
            return Unauthenticated()
        try:
            return await self.of_claims(self._claims(authorization))
        except InvalidToken:
            return Unauthenticated(INVALID)

    def _claims(self, authorization: str) -> Claims:
        """What the token says. Its signature stays right; only time runs out."""
        claims, now = self._read.get(authorization), self._clock()
        if claims is None:
            claims = self._read[authorization] = self._checked(authorization, now)
            while len(self._read) > REMEMBERED:
                self._read.popitem(last=False)
        elif claims.expires_at <= now:
            raise InvalidToken
        else:
            self._read.move_to_end(authorization)
        return claims

    def _checked(self, authorization: str, now: datetime) -> Claims:
        if len(authorization) > LONGEST:
            raise InvalidToken
        scheme, _, token = authorization.strip().partition(" ")
        if scheme.lower() != "bearer":
            raise InvalidToken
        return read_access_token(self._settings, token.strip(), now)

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
        for topic in topics:
            name, _, id = topic.partition(":")
            if name in ("user", "sessions"):
                self.forget(Id(id))

    def forget(self, user_id: Id) -> None:
        """Something about this user has changed: ask the database next time."""
        self._forgotten += 1
        for key in [key for key in self._known if key[1] == user_id]:
            del self._known[key]
