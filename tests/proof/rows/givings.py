"""What is on the lists, what givers do about it, what is said, and what happened."""

from datetime import timedelta
from typing import Any

from db.models import (
    Activity,
    ActivityKind,
    Claim,
    Comment,
    CommentParent,
    Contribution,
    Giving,
    ItemStatus,
    ListItem,
)
from tests.proof.rows.accounts import DORA, GUS, IDA, LATE, MAX, TITLES
from tests.proof.rows.gifts import (
    GIFTS,
    HOME,
    IN_FAMILY,
    LISTS,
    OCCASION_ROWS,
    OCCASIONS,
    PERSON_ROWS,
    USERS_IN,
    Row,
    kept_from,
    numbered,
)


def _items() -> list[Row]:
    made = []
    for n, row in enumerate([row for row in LISTS for _ in range(3)]):
        family = row["family_id"]
        gifts = [gift["id"] for gift in GIFTS if gift["family_id"] == family][: 16 if family == HOME else None]
        person = row["person_id"] or (None, *IN_FAMILY[family])[n % 4]
        until = row["kept_until"]
        as_list = {"kept_from_id": person if until else None, "kept_until": until if person else None}
        made.append(
            {"family_id": family, "list_id": row["id"], "gift_id": gifts[n * 7 % len(gifts)], "person_id": person}
            | {"added_by_id": (IDA, GUS, DORA, IDA, None)[n % 5], "quantity": 1 + n % 4}
            | {"note": (None, "Red", "")[n % 3]}
            | (as_list if n % 3 and row["person_id"] else kept_from(person, n))
        )
    return numbered("item", made)


ITEMS = _items()


def _givings() -> list[Row]:
    made = []
    for n, item in enumerate(ITEMS):
        users = USERS_IN[item["family_id"]]
        status = [*ItemStatus][(n // 2 + n) % 4]
        received = status is ItemStatus.RECEIVED or n % 11 == 5
        made.append(
            {"family_id": item["family_id"], "item_id": item["id"], "status": status, "claimed": n % 4}
            | {"status_changed_at": LATE if n % 4 else None, "thanked_at": LATE if n % 9 == 0 else None}
            | {"received_at": LATE - timedelta(days=n % 5) if received and n % 7 else None}
            | {"assignee_id": [*users, None][n % (len(users) + 1)], "price_paid_minor": (None, 1_999, 0)[n % 3]}
            | {"currency": ("EUR", None, "USD")[n % 5 % 3], "organizer_id": users[0] if n % 6 == 1 else None}
            | {"target_minor": 5_000 if n % 3 == 1 else None, "funded_minor": 100 * (n % 50) if n % 3 == 1 else 0}
        )
    return numbered("giving", made)


GIVINGS = _givings()


def _promises(prefix: str, said: str, shift: int) -> list[Row]:
    """Some of them of those who have left."""
    made = []
    for n, giving in enumerate(GIVINGS):
        users = [*USERS_IN[giving["family_id"]][: 1 + (n + shift) % 4], None][n % 2 :]
        about = {"family_id": giving["family_id"], "giving_id": giving["id"]}
        made += [
            about | {"user_id": user, said: 1 + n % 5, "anonymous": (n + i) % 3 == 0} for i, user in enumerate(users)
        ]
    return numbered(prefix, made[:: 1 + shift])


PARENTS: dict[CommentParent, tuple[str, list[Row]]] = {
    CommentParent.OCCASION: ("occasion_id", OCCASION_ROWS),
    CommentParent.LIST: ("list_id", LISTS),
    CommentParent.ITEM: ("item_id", ITEMS),
    CommentParent.GIFT: ("gift_id", GIFTS),
    CommentParent.PERSON: ("person_id", PERSON_ROWS),
}


def _comments() -> list[Row]:
    made = []
    for kind, (column, rows) in PARENTS.items():
        for n, row in enumerate(rows):
            people = IN_FAMILY[row["family_id"]]
            whose = people[n % 2 % len(people)]
            about = dict.fromkeys((column for column, _ in PARENTS.values())) | {column: row["id"]}
            for k in range(2 if n % 2 else 1):
                author = (GUS, IDA, DORA, None, MAX)[(n + k) % 5]
                said = {"family_id": row["family_id"], "parent_type": kind, "parent_id": row["id"], "author_id": author}
                made.append(said | about | {"text": TITLES[(n + k) % 13]} | kept_from(whose, n + k))
    return numbered("comment", made)


def _activity() -> list[Row]:
    made = []
    for n, kind in enumerate([*ActivityKind] * 8):
        item = ITEMS[n * 5 % len(ITEMS)]
        family = item["family_id"]
        about = {"item_id": item["id"], "list_id": item["list_id"], "person_id": item["person_id"]}
        other = {"person_id": IN_FAMILY[family][n % 2], "occasion_id": OCCASIONS[family][0]}
        none = dict.fromkeys(("item_id", "list_id", "person_id", "occasion_id", "status"))
        status = {"status": [*ItemStatus][n % 4]} if kind is ActivityKind.STATUS_CHANGED else {}
        row = {"family_id": family, "kind": kind, "actor_id": (GUS, None, DORA, IDA, MAX)[n % 5]}
        row |= (
            none | (about if n % 2 else other if n % 3 else {}) | status | kept_from(IN_FAMILY[family][n % 2], n // 2)
        )
        made.append(row)
    return numbered("activity", made)


ROWS: dict[type[Any], list[Row]] = {
    ListItem: ITEMS,
    Giving: GIVINGS,
    Claim: _promises("claim", "quantity", 0),
    Contribution: _promises("contribution", "amount_minor", 1),
    Comment: _comments(),
    Activity: _activity(),
}
