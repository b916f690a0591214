"""Who may see and change what in a family, and what is kept from the person that a present is for.

An item has two sides (`db/gifts/items.py`). The person may see the wish, if they made it themselves; the giving, and
all that hangs on it, they may not, until it is revealed. Everything that shows, counts, filters, sorts or tells of
what givers do goes through these rules: to the person it is as if nobody had done anything.
"""

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, false, func, inspect, literal_column, not_, or_, select, true
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.accounts.presence import Presence
from db.accounts.users import User
from db.base import Entity
from db.gifts.activity import Activity
from db.gifts.comments import Comment
from db.gifts.families import Family, FamilyInvite, FamilyMember, FamilyRole
from db.gifts.gifts import Gift, GiftPrice
from db.gifts.items import Claim, Contribution, Giving, ListItem
from db.gifts.lists import GiftList, GiftListVisibility
from db.gifts.occasions import Occasion, OccasionPerson
from db.gifts.persons import Person
from db.slots import NOW, VIEWER_ID
from resolvers.policy import Policy, Rule, both, either, nobody, owner, through


def of_family(least: FamilyRole, column: InstrumentedAttribute[Any]) -> Rule:
    """The viewer is a member of the family that the column names, of at least this role.

    As a list that PostgreSQL makes once, and not once for each row; so below.
    """
    member = aliased(FamilyMember)
    families = select(member.family_id).where(member.user_id == VIEWER_ID, member.role >= least)
    return lambda row: getattr(row, column.key) == func.any(func.array(families.scalar_subquery()))


def is_viewer(column: InstrumentedAttribute[Any]) -> Rule:
    """The person that the column names is the viewer."""
    person = aliased(Person)
    mine = select(person.id).where(person.user_id == VIEWER_ID)
    return lambda row: and_(
        getattr(row, column.key).is_not(None), getattr(row, column.key) == func.any(func.array(mine.scalar_subquery()))
    )


def is_not(rule: Rule) -> Rule:
    return lambda row: not_(rule(row))


def if_any(column: InstrumentedAttribute[Any], model: type[Entity], rule: Rule) -> Rule:
    """The rule holds of the row that the column names, if it names any. It is asked of one row after the other: what
    is looked at is a page, and not all that there is.
    """
    there = aliased(model)

    def holds(row: Any) -> ColumnElement[bool]:
        id = getattr(row, column.key)
        found = select(rule(there)).where(there.id == id).correlate(inspect(row).selectable)
        return or_(id.is_(None), func.coalesce(found.scalar_subquery(), false()))

    return holds


def _kept(row: Any) -> ColumnElement[bool]:
    return and_(row.kept_until.is_not(None), row.kept_until > NOW)


kept_from_viewer = both(_kept, is_viewer(ListItem.kept_from_id))
in_family = of_family(FamilyRole.MEMBER, Person.family_id)
family_admin = of_family(FamilyRole.ADMIN, Person.family_id)

_for_viewer = is_viewer(GiftList.person_id)


def _shown(gift_list: Any) -> ColumnElement[bool]:
    """By the list's own setting: to all, to all but the person until it is revealed, or to its owner."""
    to_givers = or_(not_(_for_viewer(gift_list)), and_(gift_list.reveal_at.is_not(None), gift_list.reveal_at <= NOW))
    return or_(
        gift_list.visibility == GiftListVisibility.FAMILY,
        and_(gift_list.owner_id.is_not(None), gift_list.owner_id == VIEWER_ID),
        and_(gift_list.visibility == GiftListVisibility.GIVERS, to_givers),
    )


def _mine(column: InstrumentedAttribute[Any]) -> Rule:
    """The viewer is the one this column names, which may be nobody."""
    return lambda row: and_(getattr(row, column.key).is_not(None), getattr(row, column.key) == VIEWER_ID)


sees_list = both(in_family, _shown)
# Items are of their list's family, and givings and promises of their item's: it is asked once who is a member. Asked at
# each step, PostgreSQL would take the steps for rarer than they are, and look at all the family has.
_on_shown_list = through(ListItem.list_id, GiftList, _shown)
not_hidden_item = either(_mine(ListItem.added_by_id), is_not(kept_from_viewer))  # from who sees the list
sees_item = both(in_family, not_hidden_item, _on_shown_list)
_given = through(Giving.item_id, ListItem, both(is_not(kept_from_viewer), _on_shown_list))
sees_giving = both(in_family, _given)


def _on_a_list() -> Rule:
    """The viewer sees an item with the gift. It is asked of one gift after the other: most need not ask it."""
    item = aliased(ListItem)

    def holds(gift: Any) -> ColumnElement[bool]:
        seen = select(true()).where(item.gift_id == gift.id, sees_item(item)).limit(literal_column("1"))
        return func.coalesce(seen.correlate(inspect(gift).selectable).scalar_subquery(), false())

    return holds


sees_gift = both(
    in_family,
    either(
        _mine(Gift.added_by_id),
        both(lambda gift: and_(gift.removed_at.is_(None), not_(gift.unlisted)), is_not(kept_from_viewer)),
        _on_a_list(),
    ),
)
sees_what_it_is_about = both(
    if_any(Comment.list_id, GiftList, sees_list),
    if_any(Comment.item_id, ListItem, sees_item),
)
not_hidden_comment = either(_mine(Comment.author_id), is_not(kept_from_viewer))  # from who sees what it is about
sees_comment = both(
    in_family,
    not_hidden_comment,
    sees_what_it_is_about,
    if_any(Comment.gift_id, Gift, sees_gift),
)
# Who sees an item sees the list that it is on: of one that names both, the list need not be asked.
sees_activity = both(
    in_family,
    either(_mine(Activity.actor_id), is_not(kept_from_viewer)),
    either(lambda row: row.item_id.is_not(None), if_any(Activity.list_id, GiftList, sees_list)),
    if_any(Activity.item_id, ListItem, sees_item),
)
# An administrator can take off what somebody promised who is gone, also when they did not want to be named.
_ownerless = both(lambda claim: claim.user_id.is_(None), family_admin)
sees_promise = both(
    in_family,
    either(_mine(Claim.user_id), lambda claim: not_(claim.anonymous), _ownerless),
    through(Claim.giving_id, Giving, _given),
)


def _secluded() -> Rule:
    """What somebody looks at is kept from the viewer, is meant for them, or shows its givers to nobody."""
    gift_list, item, guest, person = aliased(GiftList), aliased(ListItem), aliased(OccasionPerson), aliased(Person)
    alone = through(ListItem.list_id, GiftList, lambda it: not_(it.givers_see_each_other))
    lists = select(gift_list.id).where(or_(kept_from_viewer(gift_list), not_(gift_list.givers_see_each_other)))
    items = select(item.id).where(either(kept_from_viewer, alone)(item))
    guests = select(guest.id).where(is_viewer(OccasionPerson.person_id)(guest))
    mine = select(person.id).where(person.user_id == VIEWER_ID)

    def holds(presence: Any) -> ColumnElement[bool]:
        subject, around = func.substring(presence.topic, "[^:]*$"), inspect(presence).selectable
        about = (
            lists.where(gift_list.id == subject),
            items.where(or_(item.id == subject, item.gift_id == subject)),
            guests.where(guest.occasion_id == subject),
            mine.where(person.id == subject),
        )
        return or_(*(rows.correlate(around).exists() for rows in about))

    return holds


# Of who looks at what: to be added to the rule of the accounts.
sees_presence = either(owner(Presence.user_id), is_not(_secluded()))


def circle(column: InstrumentedAttribute[Any]) -> Callable[[Any], Select[Any]]:
    """Among whom the rule decides who hears of a row: the members of the family, and those of its people who have left
    it. They see nothing now, and when they are back they shall not be told what was kept from them meanwhile.
    """
    user, member, person = aliased(User), aliased(FamilyMember), aliased(Person)

    def users(row: Any) -> Select[Any]:
        family, around = getattr(row, column.key), inspect(row).selectable
        members = select(member.user_id).where(member.family_id == family).correlate(around)
        people = select(person.user_id).where(person.family_id == family, person.user_id.is_not(None)).correlate(around)
        return select(user.id).where(user.id.in_(members.union(people)))

    return users


def _policy(see: Rule, change: Rule) -> Policy:
    return Policy(see, change, circle=circle(Person.family_id))


_admin = of_family(FamilyRole.ADMIN, Family.id)
_sees_invite = either(  # to see its code is to be able to invite
    of_family(FamilyRole.OWNER, FamilyInvite.family_id),
    both(family_admin, lambda invite: invite.role == FamilyRole.MEMBER),
)

POLICIES = {
    Family: Policy(of_family(FamilyRole.MEMBER, Family.id), _admin, circle=circle(Family.id)),
    FamilyMember: _policy(in_family, either(family_admin, owner(FamilyMember.user_id))),
    FamilyInvite: _policy(_sees_invite, _sees_invite),
    Person: _policy(in_family, in_family),
    Occasion: _policy(in_family, in_family),
    OccasionPerson: _policy(in_family, in_family),
    GiftList: _policy(sees_list, either(_mine(GiftList.owner_id), family_admin, _for_viewer)),
    Gift: _policy(sees_gift, either(_mine(Gift.added_by_id), family_admin)),
    GiftPrice: _policy(through(GiftPrice.gift_id, Gift, sees_gift), nobody),
    ListItem: _policy(
        sees_item,
        either(
            _mine(ListItem.added_by_id),
            family_admin,
            through(ListItem.list_id, GiftList, either(_mine(GiftList.owner_id), _for_viewer)),
        ),
    ),
    Giving: _policy(sees_giving, sees_giving),
    Claim: _policy(sees_promise, either(_mine(Claim.user_id), family_admin)),
    Contribution: _policy(sees_promise, either(_mine(Contribution.user_id), family_admin)),
    Comment: _policy(sees_comment, either(_mine(Comment.author_id), family_admin)),
    Activity: _policy(sees_activity, nobody),
}
