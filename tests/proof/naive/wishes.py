"""What each field of lists, of what is on them and of what givers do about it is."""

from collections.abc import Iterable
from typing import Any

from db.models import (
    Claim,
    Contribution,
    Family,
    Gift,
    GiftList,
    Giving,
    ItemStatus,
    ListItem,
    Occasion,
    Person,
    User,
)
from tests.proof.filters import has_words
from tests.proof.lists import Page
from tests.proof.naive.asked import Asked, Given, answers, by_id, page, to_many, to_one
from tests.proof.refusals import order_of

by_id("list", GiftList)
by_id("listItem", ListItem)
to_one("GiftList.family", Family, "family_id")
to_one("GiftList.owner", User, "owner_id")
to_one("GiftList.person", Person, "person_id")
to_one("GiftList.occasion", Occasion, "occasion_id")
to_one("ListItem.list", GiftList, "list_id")
to_one("ListItem.gift", Gift, "gift_id")
to_one("ListItem.person", Person, "person_id")
to_one("ListItem.addedBy", User, "added_by_id")
to_one("Giving.item", ListItem, "item_id")
to_one("Giving.assignee", User, "assignee_id")
to_one("Giving.organizer", User, "organizer_id")
to_many("Giving.claims", Claim, "giving_id")
to_many("Giving.contributions", Contribution, "giving_id")
to_one("Claim.giving", Giving, "giving_id")
to_one("Claim.user", User, "user_id")
to_one("Contribution.giving", Giving, "giving_id")
to_one("Contribution.user", User, "user_id")


@answers("Query.lists")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return lists([row for row in asked.all(GiftList) if given.get("familyId") in (None, row.family_id)], given)


def lists(rows: Iterable[GiftList], given: Given) -> Page:
    return page("lists", [row for row in rows if _keeps_list(row, given.get("filter") or {})], given)


def _keeps_list(row: GiftList, given: Given) -> bool:
    wanted = {name: value for name, value in given.items() if value is not None}
    return (
        ("type" not in wanted or row.type in wanted["type"])
        and ("visibility" not in wanted or row.visibility in wanted["visibility"])
        and ("personId" not in given or row.person_id == given["personId"])
        and ("occasionId" not in given or row.occasion_id == given["occasionId"])
        and ("search" not in wanted or has_words(wanted["search"], row.name))
    )


@answers("Query.listItems")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = asked.all(ListItem)
    for name, column in {"listId": "list_id", "familyId": "family_id"}.items():
        rows = [row for row in rows if given.get(name) in (None, getattr(row, column))]
    return _items(asked, rows, given)


@answers("GiftList.items")
def _(asked: Asked, row: GiftList, **given: Any) -> Page:
    return _items(asked, asked.all(ListItem, list_id=row.id), given)


def _items(asked: Asked, rows: Iterable[ListItem], given: Given) -> Page:
    order = order_of("items", given)
    match order.by:
        case "status":
            order = order.made_of(lambda item: status_of(asked, item))
        case "gift.name" | "gift.price_minor" as by:
            order = order.made_of(lambda item: getattr(asked.one(Gift, item.gift_id), by.partition(".")[2]))
    return Page([row for row in rows if _keeps_item(asked, row, given.get("filter") or {})], order, given)


def _keeps_item(asked: Asked, item: ListItem, given: Given) -> bool:
    wanted = {name: value for name, value in given.items() if value is not None}
    giving, gift = giving_of(asked, item), asked.one(Gift, item.gift_id)
    return (
        ("status" not in wanted or status_of(asked, item) == wanted["status"])
        and ("personId" not in given or item.person_id == given["personId"])
        and ("assigneeId" not in wanted or (giving is not None and giving.assignee_id == wanted["assigneeId"]))
        and ("addedById" not in wanted or item.added_by_id == wanted["addedById"])
        and ("search" not in wanted or has_words(wanted["search"], gift.name, gift.source, gift.description))
    )


@answers("ListItem.giving")
def giving_of(asked: Asked, item: ListItem) -> Giving | None:
    return next(iter(asked.all(Giving, item_id=item.id)), None)


@answers("ListItem.status")
def status_of(asked: Asked, item: ListItem) -> ItemStatus:
    giving = giving_of(asked, item)
    return ItemStatus.IDEA if giving is None else giving.status


@answers("ListItem.givenBefore")
def _(asked: Asked, item: ListItem) -> bool:
    """This gift or one of the same page, by another item."""
    if item.person_id is None:
        return False
    others = [other for other in _received(asked, item.person_id) if other.id != item.id]
    gift = asked.one(Gift, item.gift_id)
    given = [asked.one(Gift, other.gift_id) for other in others]
    return any(one.id == gift.id or (one.url is not None and one.url == gift.url) for one in given)


def _received(asked: Asked, person_id: str) -> list[ListItem]:
    items = asked.all(ListItem, person_id=person_id)
    return [item for item in items if status_of(asked, item) is ItemStatus.RECEIVED]


@answers("Query.personHistory")
def _(asked: Asked, _: None, personId: str, **given: Any) -> Page:  # noqa: N803 (as the argument is called)
    return history(asked, personId, given)


def history(asked: Asked, person_id: str, given: Given) -> Page:
    order = order_of("history", given).made_of(lambda item: _received_at(asked, item))
    return Page(_received(asked, person_id), order, given)


def _received_at(asked: Asked, item: ListItem) -> Any:
    giving = giving_of(asked, item)
    return giving and giving.received_at


@answers("Query.myGivings")
def _(asked: Asked, _: None, **given: Any) -> Page:
    status = given.get("status")
    rows = [row for row in asked.all(Giving) if asked.me.id in _givers(asked, row)]
    return page("myGivings", [row for row in rows if status is None or row.status in status], given)


def _givers(asked: Asked, giving: Giving) -> set[str | None]:
    promises = [*asked.all(Claim, giving_id=giving.id), *asked.all(Contribution, giving_id=giving.id)]
    return {giving.assignee_id, giving.organizer_id, *(promise.user_id for promise in promises)}


@answers("Giving.left")
def _(asked: Asked, giving: Giving) -> int:
    return max(0, int(asked.one(ListItem, giving.item_id).quantity) - giving.claimed)


@answers("Giving.leftMinor")
def _(asked: Asked, giving: Giving) -> int | None:
    return None if giving.target_minor is None else giving.target_minor - giving.funded_minor
