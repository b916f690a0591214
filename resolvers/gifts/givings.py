from collections import defaultdict
from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import Select, bindparam, func, select, union
from sqlalchemy.dialects.postgresql import ARRAY

from db.base import ID
from db.gifts.items import Claim, Contribution, Giving, ListItem
from db.selection import Listing, Order
from kit.ids import Id
from live.topics import givings_of
from resolvers.documented import Doc
from resolvers.work import Work


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
