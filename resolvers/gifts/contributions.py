"""Several give one thing together: somebody says how much is to be collected, and no more than that is promised."""

from typing import Annotated, Any

from db.gifts.activity import ActivityKind
from db.gifts.items import Contribution, ListItem
from kit.errors import Conflict, Forbidden
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import givings, promises
from resolvers.gifts.givings import ExpectedVersion, ItemId
from resolvers.gifts.promises import Promises
from resolvers.gifts.rules.givings import LARGEST, OrganizeGroupGift, within

CONTRIBUTIONS = Promises(
    model=Contribution,
    amount="amount_minor",
    sum="funded_minor",
    most=lambda held: held.giving.target_minor or 0,
    short="NOT_THAT_MUCH_LEFT",
    more=ActivityKind.CONTRIBUTED,
    less=None,
)


async def organize(
    ctx: Context,
    id: ItemId,
    input: Annotated[OrganizeGroupGift, Doc("What is to be collected.")],
    expected_version: ExpectedVersion = None,
) -> ListItem:
    """The viewer collects where nobody does; later the organizer or an administrator may change how much."""
    async with ctx.work() as work:
        held = await givings.hold(work, id, version=expected_version)
        giving = held.giving
        if giving.organizer_id not in (None, held.viewer_id) and not held.is_admin:
            raise Forbidden("Somebody else collects for it")
        if input.target_minor < giving.funded_minor:
            raise Conflict("More than that is promised", reason="MORE_IS_PROMISED", funded=giving.funded_minor)
        values: dict[str, Any] = {
            "organizer_id": giving.organizer_id or held.viewer_id,
            "target_minor": input.target_minor,
            "currency": await givings.currency_of(work, held, input.currency),
        }
        before = giving.version
        if work.change(giving, **values).version != before:
            await givings.tell(work, held)
        return held.item


async def contribute(
    ctx: Context,
    id: ItemId,
    amount_minor: Annotated[int, Doc("What the viewer gives, in minor units, instead of what they had promised.")],
    anonymous: Annotated[
        bool, Doc("Whether nobody else sees who; so it is where givers do not see each other.")
    ] = False,
) -> ListItem:
    within("amountMinor", amount_minor, LARGEST)
    async with ctx.work() as work:
        held = await givings.hold(work, id)
        if held.giving.target_minor is None:
            raise Conflict("Nothing is collected for it", reason="NO_GROUP_GIFT")
        await promises.promise(work, held, CONTRIBUTIONS, amount_minor, anonymous=anonymous)
        return held.item


async def withdraw(ctx: Context, id: ItemId) -> ListItem:
    """Where nothing is promised nothing changes."""
    async with ctx.work() as work:
        held = await givings.hold(work, id)
        mine = await promises.own(work, held, CONTRIBUTIONS)
        if mine is not None:
            await promises.settle(work, held, CONTRIBUTIONS, mine, 0, anonymous=mine.anonymous)
        return held.item


async def release(ctx: Context, id: Annotated[Id, Doc("The contribution's id.")]) -> ListItem:
    return await promises.release(ctx, CONTRIBUTIONS, id)
