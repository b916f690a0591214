from typing import Annotated

from sqlalchemy import Select, select, union

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
    promised = union(
        select(Claim.user_id).join(Giving, Claim.giving_id == Giving.id).where(Giving.item_id == item.id),
        select(Contribution.user_id).join(Giving, Contribution.giving_id == Giving.id).where(Giving.item_id == item.id),
        select(Giving.assignee_id).where(Giving.item_id == item.id),
        select(Giving.organizer_id).where(Giving.item_id == item.id),
    )
    return [givings_of(id) for id in sorted(filter(None, await work.session.scalars(promised)))]
