"""What a new row keeps from whom: one place, so that a list, its items, their comments and activity agree."""

from datetime import datetime
from typing import TypedDict

from db.gifts.keeping import FOREVER, Kept
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


def by_surprise(person: Id | None, *, surprise: bool, reveal_at: datetime | None) -> Secret:
    """Of a list for the person, and of what is on it for them."""
    return from_person(person, reveal_at) if surprise else OPEN


def of_new_item(gift_list: GiftList, person: Id | None) -> Secret:
    """Of an item for this person on the list."""
    return by_surprise(person, surprise=gift_list.surprise, reveal_at=gift_list.reveal_at)


def like(row: Kept) -> Secret:
    """As the row is kept: what is said of it, and what givers do about it."""
    return Secret(kept_from_id=row.kept_from_id, kept_until=row.kept_until)
