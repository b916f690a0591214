"""What each field of gifts is, of what is said of a family's things, and of what happened."""

from typing import Any

from db.models import Activity, Comment, Family, Gift, GiftList, GiftPrice, ListItem, Occasion, Person, User
from tests.proof.lists import Page
from tests.proof.naive.asked import Asked, Given, answers, by_id, page, to_many, to_one

by_id("gift", Gift)
by_id("comment", Comment)
to_one("Gift.family", Family, "family_id")
to_one("Gift.addedBy", User, "added_by_id")
to_many("Gift.prices", GiftPrice, "gift_id")
to_one("Comment.author", User, "author_id")
to_one("Activity.actor", User, "actor_id")
to_one("Activity.person", Person, "person_id")
to_one("Activity.occasion", Occasion, "occasion_id")
to_one("Activity.list", GiftList, "list_id")
to_one("Activity.item", ListItem, "item_id")


@answers("Query.gifts")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = [row for row in asked.all(Gift) if given.get("familyId") in (None, row.family_id)]
    return page("gifts", [row for row in rows if _keeps(asked, row, given.get("filter") or {})], given)


def _keeps(asked: Asked, gift: Gift, given: Given) -> bool:
    wanted = {name: value for name, value in given.items() if value is not None}
    removed = wanted.get("removed", False)
    price = gift.price_minor
    return (
        (gift.removed_at is not None) is removed
        and (not removed or gift.added_by_id == asked.me.id)
        and ("tags" not in wanted or not {tag.strip().lower() for tag in wanted["tags"]}.isdisjoint(gift.tags))
        and ("minPriceMinor" not in wanted or (price is not None and price >= wanted["minPriceMinor"]))
        and ("maxPriceMinor" not in wanted or (price is not None and price <= wanted["maxPriceMinor"]))
        and ("currency" not in wanted or gift.currency == wanted["currency"])
        and ("addedById" not in wanted or gift.added_by_id == wanted["addedById"])
    )


@answers("Gift.lowestPriceMinor")
def _(asked: Asked, gift: Gift) -> int | None:
    return min(_prices(asked, gift), default=None)


@answers("Gift.highestPriceMinor")
def _(asked: Asked, gift: Gift) -> int | None:
    return max(_prices(asked, gift), default=None)


def _prices(asked: Asked, gift: Gift) -> list[int]:
    return [row.price_minor for row in asked.all(GiftPrice, gift_id=gift.id) if row.currency == gift.currency]


@answers("Query.comments")
def _(asked: Asked, _: None, **given: Any) -> Page:
    rows = [row for row in asked.all(Comment) if given.get("parentType") in (None, row.parent_type)]
    return page("comments", [row for row in rows if given.get("parentId") in (None, row.parent_id)], given)


@answers("Query.activity")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return activity_page(asked, given.get("familyId"), given)


def activity_page(asked: Asked, family_id: str | None, given: Given) -> Page:
    """All that there is: what is older than a year the server takes away now and then."""
    kinds = given.get("kinds")
    rows = [row for row in asked.all(Activity) if family_id in (None, row.family_id)]
    return page("activity", [row for row in rows if kinds is None or row.kind in kinds], given)
