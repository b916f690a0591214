"""Who gives how many of an item, and who gives how much towards it: the same rules, of rows whose sum has a limit.

What somebody promises takes the place of what they had promised: whoever says the same twice has said it once. The
giving is locked meanwhile, so that promises made at the same moment come one after the other and the sum stays right.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from db.gifts.activity import ActivityKind
from db.gifts.items import Claim, Contribution, Giving, ItemStatus, ListItem
from kit.errors import Conflict, Forbidden, NotFound
from kit.ids import Id, prefix_of
from resolvers.context import Context
from resolvers.gifts import givings
from resolvers.gifts.givings import Held
from resolvers.policies import POLICIES
from resolvers.work import Work


@dataclass(frozen=True, slots=True)
class Promises:
    """A kind of them: `amount` is their column and `sum` the giving's; `most` is what the sum may come to.

    `short` is the reason that a client is told for want of more. More and less are told by activity of those kinds.
    """

    model: type[Claim | Contribution]
    amount: str
    sum: str
    most: Callable[[Held], int]
    short: str
    more: ActivityKind
    less: ActivityKind | None


async def own(work: Work, held: Held, kind: Promises) -> Any:
    """The viewer's, if they have made one."""
    model = kind.model
    mine = select(model).where(model.giving_id == held.giving.id, model.user_id == held.viewer_id)
    return await work.session.scalar(mine)


async def promise(work: Work, held: Held, kind: Promises, amount: int, *, anonymous: bool) -> None:
    """Of the viewer, so much, as `settle` says; where givers do not see each other, anonymously."""
    unseen = anonymous or not held.gift_list.givers_see_each_other
    await settle(work, held, kind, await own(work, held, kind), amount, anonymous=unseen)


async def settle(work: Work, held: Held, kind: Promises, row: Any, amount: int, *, anonymous: bool = False) -> None:
    """Makes it so much, or nothing. Raises Conflict with what is `left` where that is less than what they want more.

    Of what has been given already nobody promises more.
    """
    had = 0 if row is None else getattr(row, kind.amount)
    if row is not None and (had, row.anonymous) == (amount, anonymous):
        return
    if amount > had and held.giving.status is ItemStatus.RECEIVED:
        raise Conflict("It has been given already", reason="ALREADY_RECEIVED")
    before = getattr(held.giving, kind.sum)
    left = max(kind.most(held) - before, 0)
    if amount - had > left:
        raise Conflict(f"There is not so much left: {left}", reason=kind.short, left=left)
    await _write(work, held, kind, row, {kind.amount: amount, "anonymous": anonymous})
    work.change(held.giving, **{kind.sum: before + amount - had})
    await givings.tell(work, held, anonymous=anonymous)
    done = kind.more if amount > had else kind.less
    if amount != had and done is not None:
        await givings.record(work, held, done, anonymous=anonymous)


async def _write(work: Work, held: Held, kind: Promises, row: Any, values: dict[str, Any]) -> None:
    if row is None:
        whose = {"family_id": held.giving.family_id, "giving_id": held.giving.id, "user_id": held.viewer_id}
        await work.add(kind.model(**whose, **values))
    elif values[kind.amount]:
        work.change(row, **values)
    else:
        await work.remove(row)


async def release(ctx: Context, kind: Promises, id: Id) -> ListItem:
    """Takes off what somebody has promised who is gone."""
    async with ctx.work() as work:
        held = await givings.hold(work, await _item_of(work, kind, id))
        row = await work.lock(kind.model, id)
        if row.user_id is not None:
            raise Forbidden("Whoever promised it is still there")
        await settle(work, held, kind, row, 0)
        return held.item


async def _item_of(work: Work, kind: Promises, id: Id) -> Id:
    found, model = None, kind.model
    if prefix_of(id) == model.prefix:
        of = select(Giving.item_id).join(model, model.giving_id == Giving.id)
        found = await work.session.scalar(of.where(model.id == id, POLICIES[model].see(model)), work.ctx.slots())
    if found is None:
        raise NotFound(model.__name__, id)
    return found
