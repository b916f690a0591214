"""Who sees what of a family: members, and of what is kept from somebody everybody but them."""

from typing import Any

from db.models import (
    Activity,
    Claim,
    Comment,
    Contribution,
    Family,
    FamilyInvite,
    FamilyMember,
    FamilyRole,
    Gift,
    GiftList,
    GiftListVisibility,
    GiftPrice,
    Giving,
    ListItem,
    Occasion,
    OccasionPerson,
    Person,
    Presence,
    User,
)
from tests.proof.naive.asked import POLICIES, Asked, seen_if

ADMINISTRATORS = (FamilyRole.ADMIN, FamilyRole.OWNER)


def role_in(asked: Asked, family_id: str) -> FamilyRole | None:
    members = asked.world.of(FamilyMember).values()
    roles = [m.role for m in members if m.family_id == family_id and m.user_id == asked.me.id]
    return roles[0] if roles else None


def belongs(asked: Asked, row: Any) -> bool:
    return role_in(asked, row.family_id) is not None


def kept(asked: Asked, row: Any) -> bool:
    """From the viewer, for now."""
    person = asked.world.of(Person).get(row.kept_from_id)
    return person is not None and person.user_id == asked.me.id and asked.now < row.kept_until


@seen_if(Family)
def _(asked: Asked, family: Family) -> bool:
    return role_in(asked, family.id) is not None


@seen_if(FamilyMember, Person, Occasion, OccasionPerson)
def _(asked: Asked, row: Any) -> bool:
    return belongs(asked, row)


@seen_if(FamilyInvite)
def _(asked: Asked, invite: FamilyInvite) -> bool:
    role = role_in(asked, invite.family_id)
    return role is FamilyRole.OWNER or (role is FamilyRole.ADMIN and invite.role is FamilyRole.MEMBER)


@seen_if(GiftList)
def _(asked: Asked, row: GiftList) -> bool:
    if not belongs(asked, row):
        return False
    person = asked.world.of(Person).get(row.person_id or "")
    revealed = row.reveal_at is not None and asked.now >= row.reveal_at
    gives = person is None or person.user_id != asked.me.id or revealed
    by_others = {GiftListVisibility.GIVERS: gives, GiftListVisibility.FAMILY: True}
    return row.owner_id == asked.me.id or by_others.get(row.visibility, False)


@seen_if(ListItem)
def _(asked: Asked, item: ListItem) -> bool:
    """What is hidden with its list is hidden, and what is for the viewer unless they wish for it themselves."""
    secret = kept(asked, item) and item.added_by_id != asked.me.id
    return asked.one(GiftList, item.list_id) is not None and not secret


@seen_if(Giving)
def _(asked: Asked, giving: Giving) -> bool:
    item = asked.one(ListItem, giving.item_id)
    return item is not None and not kept(asked, item)


@seen_if(Claim, Contribution)
def _(asked: Asked, promise: Claim | Contribution) -> bool:
    """An anonymous one of nobody is for administrators to release."""
    mine = promise.user_id == asked.me.id
    released = promise.user_id is None and role_in(asked, promise.family_id) in ADMINISTRATORS
    return asked.one(Giving, promise.giving_id) is not None and (not promise.anonymous or mine or released)


@seen_if(Gift)
def _(asked: Asked, gift: Gift) -> bool:
    """In the catalogue, unless it is kept from the viewer; on an item that they see; and to whoever added it always."""
    if not belongs(asked, gift):
        return False
    mine = gift.added_by_id == asked.me.id
    there = gift.removed_at is None and not gift.unlisted
    return mine or (there and not kept(asked, gift)) or bool(asked.all(ListItem, gift_id=gift.id))


@seen_if(GiftPrice)
def _(asked: Asked, price: GiftPrice) -> bool:
    return asked.one(Gift, price.gift_id) is not None


@seen_if(Comment)
def _(asked: Asked, comment: Comment) -> bool:
    return _about(asked, comment) and (comment.author_id == asked.me.id or not kept(asked, comment))


@seen_if(Activity)
def _(asked: Asked, activity: Activity) -> bool:
    return _about(asked, activity) and (activity.actor_id == asked.me.id or not kept(asked, activity))


def _about(asked: Asked, row: Any) -> bool:
    """Whether all that it speaks of is seen."""
    kinds: dict[str, type[Any]] = {"occasion_id": Occasion, "list_id": GiftList, "item_id": ListItem}
    kinds |= {"gift_id": Gift, "person_id": Person}
    named = [(kind, id) for name, kind in kinds.items() if (id := getattr(row, name, None)) is not None]
    return belongs(asked, row) and all(asked.one(kind, id) is not None for kind, id in named)


def _there(asked: Asked, row: Presence) -> bool:
    """Whoever looks at what is for them sees themselves alone; so do all where givers do not see each other."""
    if row.process == "dead" or asked.one(User, row.user_id) is None:
        return False
    return row.user_id == asked.me.id or not _secluded(asked, row.topic.rpartition(":")[2])


def _secluded(asked: Asked, id: str) -> bool:
    items = [item for item in asked.world.of(ListItem).values() if id in (item.id, item.gift_id)]
    known = asked.world.of(GiftList)
    lists = [known[list_id] for list_id in (id, *(item.list_id for item in items)) if list_id in known]
    guests = [guest.person_id for guest in asked.world.alike(OccasionPerson, "occasion_id", id)]
    people = [asked.world.of(Person).get(person) for person in (id, *guests)]
    return (
        any(kept(asked, item) for item in items)
        or any(not row.givers_see_each_other for row in lists)
        or any(kept(asked, row) for row in lists if row.id == id)
        or any(person is not None and person.user_id == asked.me.id for person in people)
    )


POLICIES[Presence] = _there
