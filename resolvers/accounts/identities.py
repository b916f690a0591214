"""From what a foreign token says to a user and a session here; who is seen first becomes a user.

`docs/adr/0017-foreign-tokens.md` says what of a token is believed, and for how long an end of ours lasts.
"""

from typing import Any

from limits import RateLimitItemPerMinute
from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert

from db.accounts.identities import Identity
from db.accounts.sessions import Session
from db.accounts.users import Role, User
from kit.errors import Conflict, OutcomeUnknown, RateLimited, Unavailable
from kit.ids import Id
from resolvers.accounts.foreign import Told
from resolvers.accounts.rules import Email, Name
from resolvers.accounts.tokens import Claims, InvalidToken
from resolvers.context import Context
from resolvers.work import Work

# Sessions of one subject, each a row; an issuer may sign as many tokens as asked for.
BEGUN = RateLimitItemPerMinute(60)
NAMELESS = "New user"
NO_ADDRESS = "foreign.invalid"  # RFC 2606: nothing is ever delivered there

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_NAME: TypeAdapter[str] = TypeAdapter(Name)

# The session that a token belongs to: the first whose end, if any, concerns it.
_SEEN = """
select s.user_id, s.id, s.expires_at, s.revoked_at, s.last_used_at
from identity i join session s on (s.identity_id, s.user_id) = (i.id, i.user_id)
where i.issuer = $1 and i.subject = $2 and i.tokens_from <= $3
and s.issuer_session = $4 and (s.revoked_at is null or s.revoked_at >= $5)
order by s.revoked_at limit 1
"""


async def claims_of(ctx: Context, told: Told) -> Claims:
    """Whom a token speaks for, and in which session. Raises InvalidToken for somebody who has gone, RateLimited.

    Writes where the token is of somebody new, in a new session or newer than those before it.
    """
    seen = await ctx.services.db.fetch(
        _SEEN, told.issuer, told.subject, told.issued_at, told.session, told.spared_until
    )
    if seen and seen[0]["expires_at"] >= told.expires_at and seen[0]["last_used_at"] >= told.issued_at:
        if seen[0]["revoked_at"] is not None:
            raise InvalidToken
        return Claims(seen[0]["user_id"], seen[0]["id"], told.expires_at)
    if not seen and (wait := await ctx.services.limits.hit(BEGUN, "sessions", told.issuer, told.subject)):
        raise RateLimited(wait, "Too many sessions have begun")
    email = _fitting(_EMAIL, told.email)
    try:
        return await _with_address(ctx, told, email)
    except OutcomeUnknown as unknown:  # of this; what they came to do has not begun, and the token may be shown again
        raise Unavailable from unknown.__cause__


async def _with_address(ctx: Context, told: Told, email: str | None) -> Claims:
    """Without it where it is another user's, and stays theirs."""
    try:
        return await _welcomed(ctx, told, email)
    except Conflict as conflict:
        if conflict.reason != "EMAIL_EXISTS":
            raise
        return await _welcomed(ctx, told, None)


async def _welcomed(ctx: Context, told: Told, email: str | None) -> Claims:
    async with ctx.work() as work:
        user_id, identity_id = await _user(work, told, email)
        kept = await _session(work, told, user_id, identity_id)
        ended = kept.revoked_at is not None
    if ended:  # until no token of that session can be good any more
        raise InvalidToken
    return Claims(user_id, kept.id, told.expires_at)


async def _user(work: Work, told: Told, email: str | None) -> tuple[Id, int]:
    """The user and the identity; one of them is locked, so that the same subject's tokens come one after the other.

    Raises InvalidToken for one who has gone and shall not come back, or not by this token.
    """
    named = {"issuer": told.issuer, "subject": told.subject}
    known = select(Identity).filter_by(**named)
    identity = await work.session.scalar(known)
    if identity is None or identity.user_id is None:
        await work.session.execute(insert(Identity).values(**named, open=True).on_conflict_do_nothing())
        # Not to keep others out who begin a session of it: they hold the user already, who comes next here.
        identity = (await work.session.scalars(known.with_for_update(key_share=True))).one()
    if told.issued_at < identity.tokens_from:
        raise InvalidToken
    if identity.user_id is None:
        if not identity.open:
            raise InvalidToken
        identity.user_id, identity.open = (await _made(work, told, email)).id, False
        return identity.user_id, identity.id
    lock = select(User.id).where(User.id == identity.user_id).with_for_update(key_share=True)
    if await work.session.scalar(lock) is None:
        raise InvalidToken
    return identity.user_id, identity.id


async def _made(work: Work, told: Told, email: str | None) -> User:
    """A new user with the least role, whatever the token says."""
    id = User.fresh_id()
    name = _fitting(_NAME, told.name) or NAMELESS
    user = await work.add(User(id=id, role=Role.USER, email=email or f"{id}@{NO_ADDRESS}", name=name, time_zone="UTC"))
    work.audit("user.first_seen", user.id, actor=user.id, issuer=told.issuer)
    return user


async def _session(work: Work, told: Told, user_id: Id, identity_id: int) -> Session:
    """The one that the token belongs to, which lasts as long as the last of its tokens.

    By the issuer's clock that may have been issued later than now; an end must concern it all the same.
    """
    ctx = work.ctx
    used_at = max(ctx.now(), told.issued_at)
    mine = select(Session).filter_by(user_id=user_id, identity_id=identity_id, issuer_session=told.session)
    concerning = mine.where((Session.revoked_at.is_(None)) | (Session.revoked_at >= told.spared_until))
    kept = await work.session.scalar(concerning.order_by(Session.revoked_at).limit(1).with_for_update())
    if kept is not None:
        kept.expires_at = max(kept.expires_at, told.expires_at)
        kept.last_used_at = max(kept.last_used_at, used_at)
        return kept
    return await work.add(
        Session(
            user_id=user_id,
            identity_id=identity_id,
            issuer_session=told.session,
            user_agent=ctx.user_agent[:300] if ctx.user_agent else None,
            address=ctx.address,
            last_used_at=used_at,
            expires_at=told.expires_at,
        )
    )


def _fitting(rule: TypeAdapter[str], value: Any) -> str | None:
    try:
        return rule.validate_python(value) if isinstance(value, str) else None
    except ValidationError:
        return None
