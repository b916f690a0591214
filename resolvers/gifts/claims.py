"""Who gives how many of an item: at most as many as are wished for."""

from typing import Annotated

from db.gifts.activity import ActivityKind
from db.gifts.items import Claim, ListItem
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import givings, promises
from resolvers.gifts.givings import ItemId
from resolvers.gifts.promises import Promises
from resolvers.gifts.rules.givings import MOST, within

CLAIMS = Promises(
    model=Claim,
    amount="quantity",
    sum="claimed",
    most=lambda held: held.item.quantity,
    short="NOT_ENOUGH_LEFT",
    more=ActivityKind.CLAIMED,
    less=ActivityKind.UNCLAIMED,
)


async def claim(
    ctx: Context,
    id: ItemId,
    quantity: Annotated[int, Doc("How many the viewer gives, 1 to 99, instead of what they had claimed.")] = 1,
    anonymous: Annotated[
        bool, Doc("Whether nobody else sees who; so it is where givers do not see each other.")
    ] = False,
) -> ListItem:
    within("quantity", quantity, MOST)
    async with ctx.work() as work:
        held = await givings.hold(work, id)
        await promises.promise(work, held, CLAIMS, quantity, anonymous=anonymous)
        return held.item


async def unclaim(
    ctx: Context, id: ItemId, quantity: Annotated[int | None, Doc("How many fewer. Default: all of them.")] = None
) -> ListItem:
    """Of what is not claimed nothing changes."""
    if quantity is not None:
        within("quantity", quantity, MOST)
    async with ctx.work() as work:
        held = await givings.hold(work, id)
        mine = await promises.own(work, held, CLAIMS)
        if mine is not None:
            rest = 0 if quantity is None else max(mine.quantity - quantity, 0)
            await promises.settle(work, held, CLAIMS, mine, rest, anonymous=mine.anonymous)
        return held.item


async def release(ctx: Context, id: Annotated[Id, Doc("The claim's id.")]) -> ListItem:
    return await promises.release(ctx, CLAIMS, id)
