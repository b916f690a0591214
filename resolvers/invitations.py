"""Codes that cannot be guessed, by which others come in. One that is of no use is as one that never was."""

from datetime import datetime, timedelta
from secrets import token_urlsafe
from typing import Annotated, TypeVar

from pydantic import Field
from sqlalchemy import ColumnElement, and_, func, select

from db.invitations import MOST_USES, Invitation
from kit.errors import Invalid, NotFound
from resolvers.work import Work

BYTES = 18  # of a code: 144 bits
LONGEST_CODE = 24  # characters: 6 bits in each
LONGEST_DAYS = 90  # that one may be used
USUAL_DAYS = 7

Days = Annotated[int, Field(ge=1, le=LONGEST_DAYS)]
Uses = Annotated[int, Field(ge=1, le=MOST_USES)]

E = TypeVar("E", bound=Invitation)


def fresh_code() -> str:
    return token_urlsafe(BYTES)


def until(now: datetime, *, days: int | None, expires_at: datetime | None) -> datetime:
    """When it expires, by what a client gave of the two. Raises Invalid."""
    if expires_at is None:
        return now + timedelta(days=days or USUAL_DAYS)
    if days is not None:
        raise Invalid({"expiresAt": ["cannot be given together with days"]})
    if not now < expires_at <= now + timedelta(days=LONGEST_DAYS):
        raise Invalid({"expiresAt": [f"must lie within the next {LONGEST_DAYS} days"]})
    return expires_at


def is_of(model: type[Invitation], code: str) -> ColumnElement[bool]:
    """PostgreSQL has no NUL, and what it should compare has a limit."""
    return model.code == code.replace("\x00", " ")[: LONGEST_CODE + 1]


def is_open(model: type[Invitation], now: datetime) -> ColumnElement[bool]:
    """Whether somebody may still come in with it."""
    return and_(model.revoked_at.is_(None), model.expires_at > now, model.uses < model.most_uses)


async def count_open(work: Work, model: type[Invitation], which: ColumnElement[bool]) -> int:
    return await work.session.scalar(select(func.count()).where(which, is_open(model, work.ctx.now()))) or 0


async def use(work: Work, model: type[E], code: str) -> E:
    """Once more, by whoever has the code. Raises NotFound where nobody may come in with it."""
    rows = select(model).where(is_of(model, code), is_open(model, work.ctx.now()))
    invitation = await work.session.scalar(rows.with_for_update())
    if invitation is None:
        raise NotFound(model.__name__, code)
    return work.change(invitation, uses=invitation.uses + 1)


async def take_back(work: Work, model: type[Invitation], which: ColumnElement[bool]) -> None:
    """All that are open: whoever is sent away, or may do less from now on, may have kept their codes."""
    now = work.ctx.now()
    rows = select(model).where(which, is_open(model, now)).order_by(model.id)
    for invitation in await work.session.scalars(rows.with_for_update()):
        work.change(invitation, revoked_at=now)
