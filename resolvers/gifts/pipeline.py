"""How far a present has come, and who may move it which way. docs/gifts.md has the same table for people."""

from enum import StrEnum
from typing import Annotated

from sqlalchemy import update

from db.gifts.activity import Activity, ActivityKind
from db.gifts.comments import Comment
from db.gifts.items import ItemStatus, ListItem
from kit.errors import Forbidden, InvalidTransition
from live.log import Kind
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import givings
from resolvers.gifts.givings import ExpectedVersion, Held, ItemId
from resolvers.work import Work


class Mover(StrEnum):
    """Who may take a step."""

    GIVER = "whoever sees what givers do"
    CARER = "its assignee or an administrator of the family"
    ADMIN = "an administrator of the family"


MATRIX: dict[tuple[ItemStatus, ItemStatus], Mover] = {
    (ItemStatus.IDEA, ItemStatus.SELECTED): Mover.GIVER,
    (ItemStatus.IDEA, ItemStatus.PURCHASED): Mover.GIVER,
    (ItemStatus.SELECTED, ItemStatus.IDEA): Mover.CARER,
    (ItemStatus.SELECTED, ItemStatus.PURCHASED): Mover.GIVER,
    (ItemStatus.PURCHASED, ItemStatus.SELECTED): Mover.CARER,
    (ItemStatus.PURCHASED, ItemStatus.RECEIVED): Mover.GIVER,
    (ItemStatus.RECEIVED, ItemStatus.PURCHASED): Mover.ADMIN,
}
SKIPPING = {(ItemStatus.IDEA, ItemStatus.PURCHASED)}  # only where the client says so


async def transition(
    ctx: Context,
    id: ItemId,
    status: Annotated[ItemStatus, Doc("Where it goes. Where it is already: then nothing changes.")],
    skip: Annotated[bool, Doc("Whether it may go from IDEA to PURCHASED at once.")] = False,
    expected_version: ExpectedVersion = None,
) -> ListItem:
    """Raises InvalidTransition for a step that is not in the matrix, Forbidden for one that is not the viewer's."""
    async with ctx.work() as work:
        held = await givings.hold(work, id, version=expected_version)
        if held.giving.status is status:
            return held.item
        _check(held, status, skip=skip)
        await _move(work, held, status)
        return held.item


def _check(held: Held, to: ItemStatus, *, skip: bool) -> None:
    step = held.giving.status, to
    mover = MATRIX.get(step)
    if mover is None or (step in SKIPPING and not skip):
        raise InvalidTransition(*step)
    carer = mover is Mover.CARER and held.giving.assignee_id == held.viewer_id
    if not (mover is Mover.GIVER or held.is_admin or carer):
        raise Forbidden(f"Only {mover} may move it from {step[0]} to {to}")


async def _move(work: Work, held: Held, to: ItemStatus) -> None:
    now, received = work.ctx.now(), to is ItemStatus.RECEIVED
    work.change(held.giving, status=to, status_changed_at=now, received_at=now if received else None)
    if received:
        await _reveal(work, held.item)
    await givings.tell(work, held, Kind.STATUS_CHANGED, openly=received)
    await givings.record(work, held, ActivityKind.STATUS_CHANGED, status=to)


async def _reveal(work: Work, item: ListItem) -> None:
    """To whom it was for, with all that was said and done about it. It stays revealed, whatever becomes of it."""
    item.kept_until = None
    for model in (Comment, Activity):
        about = update(model).where(model.item_id == item.id, model.kept_until.is_not(None))
        await work.session.execute(about.values(kept_until=None))
