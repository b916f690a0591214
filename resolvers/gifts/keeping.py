"""What a new row keeps from whom: one place, so that a list, its items, their comments and activity agree."""

from datetime import datetime
from typing import TypedDict

from db.gifts.items import ListItem
from db.gifts.keeping import FOREVER
from db.gifts.lists import GiftList
from kit.ids import Id


class Secret(TypedDict):
    """The columns of `db.gifts.keeping.Kept`."""

    kept_from_id: Id | None
    kept_until: datetime | None


OPEN = Secret(kept_from_id=None, kept_until=None)


def from_person(person: Id | None, until: datetime | None = None) -> Secret:
    """Kept from them until then, or for ever; from nobody, nothing is kept."""
    return OPEN if person is None else Secret(kept_from_id=person, kept_until=until or FOREVER)


def of_list(gift_list: GiftList) -> Secret:
    return _by(gift_list, gift_list.person_id)


def of_new_item(gift_list: GiftList, person: Id | None) -> Secret:
    """Of an item for this person on the list."""
    return _by(gift_list, person)


def as_item(item: ListItem) -> Secret:
    """Of what givers say and do about it."""
    return Secret(kept_from_id=item.kept_from_id, kept_until=item.kept_until)


def _by(gift_list: GiftList, person: Id | None) -> Secret:
    return from_person(person, gift_list.reveal_at) if gift_list.surprise else OPEN
