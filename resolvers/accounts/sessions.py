"""Signing in and out. A session is one sign-in; its refresh token changes with each use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated

from sqlalchemy import ColumnElement, Select, or_, select

from db.accounts.sessions import RefreshToken, Session
from db.accounts.users import User
from db.selection import Listing, Order
from db.slots import NOW
from kit.errors import Invalid, Unauthenticated
from kit.ids import Id
from live.log import Kind
from resolvers.accounts import tokens
from resolvers.accounts.rules import LONGEST_PASSWORD, account_name
from resolvers.accounts.viewers import INVALID
from resolvers.context import Context, Viewer
from resolvers.documented import Doc
from resolvers.work import Deleted, Work

WRONG = "Wrong name or password"


@dataclass(frozen=True, slots=True)
class SignedIn:
    """`viewer` is whom the tokens speak for; what the client asks of them is read as them."""

    access_token: str
    refresh_token: str
    expires_in: int
    viewer: Viewer


def mine() -> Listing:
    """The sessions that still count."""
    rows = select(Session).where(Session.revoked_at.is_(None), Session.expires_at > NOW)
    return Listing(rows, (Order(Session.last_used_at, descending=True),))


def by_id(id: Id) -> Select[Session]:
    return mine().rows.where(Session.id == id)


async def login(
    ctx: Context,
    identifier: Annotated[str, Doc("E-mail address or user name.")],
    password: Annotated[str, Doc("The password.")],
) -> SignedIn:
    name = account_name(identifier)
    await ctx.services.throttle.attempt(f"login:{name}", ctx.address)
    async with ctx.services.db.looking() as session:
        found = (await session.execute(select(User.id, User.password_hash).where(_named(name)))).first()
    id, known = found or (None, None)
    right = await ctx.services.passwords.fits(password[: LONGEST_PASSWORD + 1], known)
    async with ctx.work() as work:
        in_force = select(User).where(User.id == id, User.password_hash == known).with_for_update()
        user = await work.session.scalar(in_force) if right else None
        if user is not None:
            kept = await work.add(_new_session(ctx, user))
            work.audit("session.login", kept.id, actor=user.id)
            answer = await _signed_in(work, user, kept)
        else:
            work.audit("session.login.failed", id)
    if user is None:
        raise Unauthenticated(WRONG)
    await ctx.services.throttle.succeeded(f"login:{name}", ctx.address)
    return answer


def _named(name: str) -> ColumnElement[bool]:
    return or_(User.email == name, User.username == name)


async def refresh(ctx: Context, token: Annotated[str, Doc("The refresh token of the last answer.")]) -> SignedIn:
    """Each refresh token counts once. One that comes a second time was stolen: its session ends."""
    async with ctx.work() as work:
        found = (await work.session.execute(_session_of(tokens.digest(token)))).first()
        if found is None:
            raise Unauthenticated(INVALID)
        kept, user, held = found
        now = ctx.now()
        if kept.revoked_at is not None or kept.expires_at <= now:
            raise Unauthenticated(INVALID)
        reused = held.used_at is not None
        if reused:
            _end(work, kept)
            work.audit("session.reuse", kept.id, actor=user.id)
        else:
            held.used_at = now
            kept.last_used_at = now
            kept.expires_at = now + timedelta(days=ctx.services.settings.refresh_token_days)
            answer = await _signed_in(work, user, kept)
    if reused:
        raise Unauthenticated(INVALID)
    return answer


@dataclass(frozen=True, slots=True)
class Renewed:
    """What is left of a connection."""

    expires_at: datetime


async def renew_connection(
    ctx: Context, access_token: Annotated[str, Doc("A fresh one, of the same user; see refreshToken.")]
) -> Renewed:
    if ctx.renew is None:
        raise Invalid({"accessToken": ["only a WebSocket has a connection to renew"]})
    return Renewed((await ctx.renew(access_token)).expires_at)


async def logout(ctx: Context) -> Deleted:
    """Ends this session."""
    return await revoke(ctx, ctx.viewer.session_id)


async def revoke(ctx: Context, id: Annotated[Id, Doc("One of one's own sessions.")]) -> Deleted:
    async with ctx.work() as work:
        kept = await work.lock(Session, id, revoked_at=None)
        _end(work, kept)
        work.audit("session.logout", id)
    return Deleted(id)


async def logout_everywhere(ctx: Context) -> int:
    """Ends all of one's sessions, this one too; how many there were."""
    async with ctx.work() as work:
        ended = await revoke_all(work, ctx.viewer.id)
        work.audit("session.logout_everywhere", ctx.viewer.id)
    return ended


async def revoke_all(work: Work, user_id: Id, *, but: Id | None = None) -> int:
    found = await work.session.scalars(
        select(Session)
        .where(Session.user_id == user_id, Session.revoked_at.is_(None), Session.expires_at > work.ctx.now())
        .where(Session.id.is_distinct_from(but))
        .order_by(Session.id)
        .with_for_update()
    )
    ending = found.all()
    for kept in ending:
        _end(work, kept)
    return len(ending)


def _end(work: Work, kept: Session) -> None:
    """Every process hears of it, and closes what the session has open."""
    kept.revoked_at = max(work.ctx.now(), kept.last_used_at)  # which another issuer's clock may have said
    work.tell(kept, Kind.DELETED, grants=True)


def _session_of(digest: bytes) -> Select[Session, User, RefreshToken]:
    return (
        select(Session, User, RefreshToken)
        .join(RefreshToken, RefreshToken.session_id == Session.id)
        .join(User, User.id == Session.user_id)
        .where(RefreshToken.digest == digest)
        .with_for_update(of=(Session, RefreshToken))
    )


def _new_session(ctx: Context, user: User) -> Session:
    now = ctx.now()
    return Session(
        user_id=user.id,
        user_agent=ctx.user_agent[:300] if ctx.user_agent else None,
        address=ctx.address,
        last_used_at=now,
        expires_at=now + timedelta(days=ctx.services.settings.refresh_token_days),
    )


async def _signed_in(work: Work, user: User, kept: Session) -> SignedIn:
    ctx, settings = work.ctx, work.ctx.services.settings
    token = tokens.refresh_token()
    work.session.add(RefreshToken(digest=tokens.digest(token), session_id=kept.id))
    now = ctx.now()
    life = timedelta(minutes=settings.access_token_minutes)
    return SignedIn(
        access_token=tokens.access_token(settings, user, kept.id, now),
        refresh_token=token,
        expires_in=int(life.total_seconds()),
        viewer=Viewer(user.id, user.role, kept.id, user.time_zone, now + life),
    )
