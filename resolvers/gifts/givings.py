"""What givers do about an item: what all their verbs share, who takes care of it, and what it cost.

A verb begins with `hold`: whoever the giving is kept from is refused there, before anything of it is looked at. It ends
with `tell`: what givers do is told as a change of the item, to those alone who see the giving.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Annotated, Any

from pydantic import Field
from sqlalchemy import ColumnElement, Select, String, and_, bindparam, cast, func, or_, select, union
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import aliased

from db.base import ID
from db.gifts.activity import ActivityKind
from db.gifts.families import Family, FamilyMember, FamilyRole
from db.gifts.gifts import Gift
from db.gifts.items import Claim, Contribution, Giving, ItemStatus, ListItem
from db.gifts.lists import GiftList
from db.selection import Listing, Order
from db.slots import VIEWER_ID
from kit.errors import Conflict, Forbidden, NotFound
from kit.ids import Id, prefix_of
from live.log import Kind
from live.topics import givings_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, keeping
from resolvers.gifts.rules.givings import UpdateGiving
from resolvers.policies import POLICIES
from resolvers.relations import reached
from resolvers.topics import Followed
from resolvers.work import Work

ItemId = Annotated[Id, Doc("The item's id.")]
ExpectedVersion = Annotated[int | None, Doc("Refused with CONFLICT when the giving is no longer of this version.")]


def by_id(id: Annotated[Id, Doc("The giving's id.")]) -> Select[Giving]:
    return select(Giving).where(Giving.id == id)


def claim_by_id(id: Annotated[Id, Doc("The claim's id.")]) -> Select[Claim]:
    return select(Claim).where(Claim.id == id)


def claims_listed() -> Listing:
    return Listing(select(Claim), (Order(Claim.created_at),))


def contribution_by_id(id: Annotated[Id, Doc("The contribution's id.")]) -> Select[Contribution]:
    return select(Contribution).where(Contribution.id == id)


def contributions_listed() -> Listing:
    return Listing(select(Contribution), (Order(Contribution.created_at),))


def left(giving: Any) -> ColumnElement[int]:
    """How many of its item nobody has claimed."""
    return func.greatest(reached(giving.item, ListItem.quantity).value - giving.claimed, 0)


def left_minor(giving: Any) -> ColumnElement[int]:
    """How much nobody has promised; null where nothing is collected."""
    return giving.target_minor - giving.funded_minor  # type: ignore[no-any-return]


def mine(
    status: Annotated[list[ItemStatus] | None, Field(max_length=4), Doc("Only those that have come so far.")] = None,
) -> Listing:
    """What the viewer claims, takes care of, collects or contributes to."""
    claim, contribution, giving = aliased(Claim), aliased(Contribution), aliased(Giving)
    responsible = or_(giving.assignee_id == VIEWER_ID, giving.organizer_id == VIEWER_ID)
    given = union(
        select(claim.giving_id).where(claim.user_id == VIEWER_ID, POLICIES[Claim].see(claim)),
        select(contribution.giving_id).where(
            contribution.user_id == VIEWER_ID, POLICIES[Contribution].see(contribution)
        ),
        select(giving.id).where(responsible, POLICIES[Giving].see(giving)),
    )
    rows = select(Giving).where(Giving.id.in_(given))
    if status is not None:
        rows = rows.where(cast(Giving.status, String) == func.any(status))
    return Listing(rows, (Order(Giving.created_at, descending=True),))


def followed(ctx: Context) -> Followed:
    return Followed((givings_of(ctx.viewer.id),), types=frozenset({ListItem.__name__}))


@dataclass(frozen=True, slots=True)
class Held:
    """An item and its giving, which is locked until the end, as one of those who see it.

    `quiet`: whoever acts is not named, since they give it anonymously or the list shows its givers to nobody. `heard`
    are the topics of those who give it up to now.
    """

    item: ListItem
    giving: Giving
    gift_list: GiftList
    viewer_id: Id
    is_admin: bool
    quiet: bool
    heard: tuple[str, ...]


async def hold(work: Work, id: Id, *, version: int | None = None) -> Held:
    """Raises NotFound where the viewer does not see the item, and Forbidden where its giving is kept from them."""
    found = None
    if prefix_of(id) == ListItem.prefix:
        found = (await work.session.execute(_held(), work.ctx.slots() | {"item_id": id})).one_or_none()
    if found is None:
        raise NotFound(ListItem.__name__, id)
    item, gift_list, role, giving_id = found
    try:
        giving = await work.lock(Giving, giving_id, version=version)
    except NotFound:
        raise Forbidden from None
    return Held(
        item=item,
        giving=giving,
        gift_list=gift_list,
        viewer_id=work.ctx.viewer.id,
        is_admin=role.rank >= FamilyRole.ADMIN.rank,
        quiet=not gift_list.givers_see_each_other or await _anonymous(work, giving),
        heard=tuple(await hearing(work, item)),
    )


@cache
def _held() -> Select[ListItem, GiftList, FamilyRole, Id]:
    """What will be referred to is locked against its removal, in the order in which all lock.

    Otherwise whoever leaves, or removes an item or a list meanwhile, and whoever gives it would wait for each other.
    """
    own = and_(FamilyMember.family_id == ListItem.family_id, FamilyMember.user_id == VIEWER_ID)
    return (
        select(ListItem, GiftList, FamilyMember.role, Giving.id)
        .join(GiftList, GiftList.id == ListItem.list_id)
        .join(Family, Family.id == ListItem.family_id)
        .join(FamilyMember, own)
        .join(Giving, Giving.item_id == ListItem.id)
        .where(ListItem.id == bindparam("item_id", type_=ID), POLICIES[ListItem].see(ListItem))
        .with_for_update(read=True, key_share=True, of=[Family, FamilyMember, GiftList, ListItem])
    )


async def _anonymous(work: Work, giving: Giving) -> bool:
    """Whether the viewer gives it anonymously."""
    promised = union(
        *(
            select(model.id).where(model.giving_id == giving.id, model.user_id == work.ctx.viewer.id, model.anonymous)
            for model in (Claim, Contribution)
        )
    )
    return (await work.session.scalar(promised)) is not None


async def hearing(work: Work, item: ListItem) -> list[str]:
    """The topics of all who give it, who hear when it is changed or removed."""
    return (await hearing_of(work, [item.id])).get(item.id, [])


async def hearing_of(work: Work, items: Sequence[Id]) -> dict[Id, list[str]]:
    """The same of several at once, by item; only of those that somebody gives."""
    promised = (
        select(Giving.item_id, Claim.user_id).join(Claim, Claim.giving_id == Giving.id),
        select(Giving.item_id, Contribution.user_id).join(Contribution, Contribution.giving_id == Giving.id),
        select(Giving.item_id, Giving.assignee_id),
        select(Giving.item_id, Giving.organizer_id),
    )
    asked = Giving.item_id == func.any(bindparam("ids", items, ARRAY(ID)))
    found = defaultdict[Id, list[str]](list)
    for item, user in await work.session.execute(union(*(rows.where(asked) for rows in promised))):
        if user is not None:
            found[item].append(givings_of(user))
    return {item: sorted(topics) for item, topics in found.items()}


async def tell(
    work: Work, held: Held, kind: Kind = Kind.UPDATED, *, openly: bool = False, anonymous: bool = False
) -> None:
    """Tells those who see the giving, or `openly` those who see the item, also on the topics of whoever gave it before.

    With `anonymous`, or where the viewer is `quiet`, not who did it.
    """
    await work.session.flush()
    also = [*held.heard, *await hearing(work, held.item)]
    by = held.item if openly else held.giving
    work.tell(held.item, kind, also, by=by, anonymous=anonymous or held.quiet)


async def record(
    work: Work, held: Held, kind: ActivityKind, *, status: ItemStatus | None = None, anonymous: bool = False
) -> None:
    secret = keeping.like(held.item)
    await activity.record(work, kind, held.item, secret=secret, status=status, anonymous=anonymous or held.quiet)


async def assign(
    ctx: Context,
    id: ItemId,
    user_id: Annotated[Id | None, Doc("Who takes care of it: a member who sees what givers do. Null: nobody.")] = None,
    expected_version: ExpectedVersion = None,
) -> ListItem:
    async with ctx.work() as work:
        held = await hold(work, id, version=expected_version)
        if held.giving.assignee_id == user_id:
            return held.item
        if user_id is not None:
            await _may_give(work, held, user_id)
        work.change(held.giving, assignee_id=user_id)
        await tell(work, held, Kind.ASSIGNED)
        if user_id is not None:
            await record(work, held, ActivityKind.ASSIGNED)
        return held.item


async def _may_give(work: Work, held: Held, user_id: Id) -> None:
    """Raises NotFound for one who is no member of the family, Forbidden for one who does not see the giving.

    They cannot leave until they have been assigned.
    """
    whose = FamilyMember.user_id == user_id, FamilyMember.family_id == held.item.family_id
    member = select(FamilyMember.id).where(*whose).with_for_update(read=True, key_share=True)
    if prefix_of(user_id) is None or await work.session.scalar(member) is None:
        raise NotFound("User", user_id)
    seen = select(Giving.id).where(Giving.id == held.giving.id, POLICIES[Giving].see(Giving))
    if await work.session.scalar(seen, work.ctx.slots() | {VIEWER_ID.key: user_id}) is None:
        raise Forbidden("They may not see what givers do about it")


async def update(
    ctx: Context,
    id: ItemId,
    input: Annotated[UpdateGiving, Doc("What to change.")],
    expected_version: ExpectedVersion = None,
) -> ListItem:
    async with ctx.work() as work:
        held = await hold(work, id, version=expected_version)
        giving, values = held.giving, input.given("thanked", "currency")
        if input.thanked is not None and input.thanked is (giving.thanked_at is None):
            values["thanked_at"] = ctx.now() if input.thanked else None
        if input.currency is not None or input.price_paid_minor is not None:
            values["currency"] = await currency_of(work, held, input.currency)
        before = giving.version
        if work.change(giving, **values).version != before:
            await tell(work, held)
        return held.item


async def currency_of(work: Work, held: Held, wanted: str | None) -> str:
    """Of all amounts of a giving: as wanted, as it is, or as its gift or its family has it.

    Raises Conflict where another is wanted than that of what is collected.
    """
    giving = held.giving
    if wanted not in (None, giving.currency) and giving.target_minor is not None:
        raise Conflict(f"It is collected in {giving.currency}", reason="OTHER_CURRENCY")
    usual = (
        select(func.coalesce(Gift.currency, Family.currency))
        .join(Family, Family.id == Gift.family_id)
        .where(Gift.id == held.item.gift_id)
    )
    return wanted or giving.currency or str(await work.session.scalar(usual))
