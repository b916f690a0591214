"""What has happened in a family, for those who look later. It is kept from whom its subject is kept from."""

from typing import Annotated

from pydantic import Field
from sqlalchemy import Select, String, cast, func, select

from db.gifts.activity import Activity, ActivityKind
from db.gifts.comments import Comment
from db.gifts.families import FamilyMember
from db.gifts.items import ItemStatus, ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc
from resolvers.gifts import keeping
from resolvers.work import Work

Subject = FamilyMember | Person | Occasion | GiftList | ListItem | Comment


def by_id(id: Annotated[Id, Doc("The activity's id.")]) -> Select[Activity]:
    return select(Activity).where(Activity.id == id)


def listed(
    kinds: Annotated[list[ActivityKind] | None, Field(max_length=len(ActivityKind)), Doc("Only these.")] = None,
) -> Listing:
    """The newest first."""
    rows = select(Activity)
    if kinds is not None:
        rows = rows.where(cast(Activity.kind, String) == func.any(kinds))
    return Listing(rows, (Order(Activity.created_at, descending=True),))


def of_families(
    family_id: Annotated[Id | None, Doc("Of this family. Default: of all that are the viewer's.")] = None,
    kinds: Annotated[list[ActivityKind] | None, Field(max_length=len(ActivityKind)), Doc("Only these.")] = None,
) -> Listing:
    found = listed(kinds)
    return found if family_id is None else found.where(Activity.family_id == family_id)


async def record(
    work: Work,
    kind: ActivityKind,
    subject: Subject,
    *,
    secret: keeping.Secret = keeping.OPEN,
    status: ItemStatus | None = None,
    anonymous: bool = False,
) -> None:
    """`secret` says from whom it is kept: of what givers do about an item `keeping.like(item)`."""
    actor = None if anonymous else work.ctx.viewer_id
    row = Activity(family_id=subject.family_id, actor_id=actor, kind=kind, status=status, **_about(subject), **secret)
    await work.add(row)


def _about(subject: Subject) -> dict[str, Id | None]:
    match subject:
        case Person():
            return {"person_id": subject.id}
        case Occasion():
            return {"occasion_id": subject.id}
        case GiftList():
            return {"list_id": subject.id, "person_id": subject.person_id, "occasion_id": subject.occasion_id}
        case ListItem():
            return {"item_id": subject.id, "list_id": subject.list_id, "person_id": subject.person_id}
        case Comment():
            names = ("occasion_id", "list_id", "item_id", "person_id")
            return {name: getattr(subject, name) for name in names}
        case FamilyMember():
            return {}
