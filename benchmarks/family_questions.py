"""What is asked of a large family: every list there is, each of its filters and orders, and what sums it up."""

import re
from dataclasses import dataclass
from typing import Any

from benchmarks.family_rows import Family

ITEM = (
    "id quantity note status gift { id name priceMinor currency } person { id name } addedBy { id name }"
    " giving { status claimed assignee { id name } }"
)
LIST = "id name type visibility person { id name } occasion { id name } owner { id name }"
COUNTS = "counts { total idea selected purchased received }"
GIFT = "id name priceMinor currency url tags addedBy { id name }"
COMMENT = "text author { id name } createdAt"
ACTIVITY = "kind status actor { id name } item { id gift { name } } createdAt"
STEPS = "idea selected purchased received"
SUMMARY = f"{{ items {STEPS} budgetMinor plannedMinor spentMinor leftMinor unpricedCount }}"
PEOPLE = "people(first: 20) { nodes { budgetMinor person { id name } } }"
PAGE_INFO = "pageInfo { hasNextPage endCursor }"


@dataclass(frozen=True, slots=True)
class Question:
    """`field` has its arguments in it, with variables by the names of `Family.ids`; `deep` asks for a second page."""

    name: str
    field: str
    body: str
    deep: bool = False

    @property
    def text(self) -> str:
        field = self.field[:-1] + ", after: $after)" if self.deep else self.field
        names = sorted({*re.findall(r"\$(\w+)", field)} - {"after"})
        given = [*(f"${name}: ID!" for name in names), *(["$after: String"] if self.deep else [])]
        told = f"({', '.join(given)})" if given else ""
        return f"query Asked{told} {{ {field} {self.body} }}"

    def variables(self, family: Family) -> dict[str, Any]:
        return {name: id for name, id in family.ids.items() if f"${name}" in self.field}


def _pages(name: str, field: str, fields: str) -> list[Question]:
    """The first 20, the first 100 and a second page, and the first 20 with the count of all."""
    page = f"{{ nodes {{ {fields} }} {PAGE_INFO} }}"
    first = field.replace("(", "(first: 20, ", 1)
    return [
        Question(f"{name}: 20", first, page),
        Question(f"{name}: 100", field.replace("(", "(first: 100, ", 1), page),
        Question(f"{name}: second page", first, page, deep=True),
        Question(f"{name}: 20 and how many", first, "{ totalCount " + page[1:]),
    ]


def _listed(name: str, field: str, fields: str, *, deep: bool = False) -> list[Question]:
    """The first 20 with the count of all, and a second page where the order is what is asked."""
    page, first = f"{{ nodes {{ {fields} }} {PAGE_INFO} }}", field.replace("(", "(first: 20, ", 1)
    deeper = [Question(f"{name}, second page", first, page, deep=True)] if deep else []
    return [Question(name, first, page if deep else "{ totalCount " + page[1:]), *deeper]


def _of_items() -> list[Question]:
    found = [
        *_pages("items of a list of 500", "listItems(listId: $list)", ITEM),
        *_pages("items of the family", "listItems(familyId: $family)", ITEM),
    ]
    for what, filter in {
        "status": "status: PURCHASED",
        "ideas": "status: IDEA",
        "person": "personId: $person",
        "assignee": "assigneeId: $user",
        "who added": "addedById: $user",
        "search": 'search: "kettle"',
    }.items():
        found += _listed(f"items by {what}", f"listItems(familyId: $family, filter: {{ {filter} }})", ITEM)
    for order in ("CREATED_AT", "STATUS", "GIFT_NAME", "PRICE"):
        by = f"orderBy: {{ field: {order}, direction: DESC }}"
        found += _listed(f"items in order of {order}", f"listItems(familyId: $family, {by})", ITEM, deep=True)
        found += _listed(f"items of a list in order of {order}", f"listItems(listId: $list, {by})", ITEM)
    return found


def _of_gifts() -> list[Question]:
    found = _pages("gifts", "gifts(familyId: $family)", GIFT)
    for order in ("NAME", "CREATED_AT", "UPDATED_AT", "PRICE"):
        by = f"orderBy: {{ field: {order}, direction: DESC }}"
        found += _listed(f"gifts in order of {order}", f"gifts(familyId: $family, {by})", GIFT, deep=True)
    for what, filter in {
        "price": "minPriceMinor: 5000, maxPriceMinor: 6000",
        "tag": 'tags: ["tag7"]',
        "who added": "addedById: $user",
    }.items():
        found += _listed(f"gifts by {what}", f"gifts(familyId: $family, filter: {{ {filter} }})", GIFT)
    for what, words in {"a word": "teapot", "two words": "silver teapot", "a typing error": "biccycle"}.items():
        found += _listed(f"gifts found by {what}", f'searchGifts(familyId: $family, q: "{words}")', GIFT)
    return found


def _of_lists() -> list[Question]:
    found = _pages("lists", "lists(familyId: $family)", LIST)
    for what, filter in {
        "type": "type: [WISHLIST]",
        "person": "personId: $person",
        "occasion": "occasionId: $occasion",
        "search": 'search: "list 12"',
    }.items():
        found += _listed(f"lists by {what}", f"lists(familyId: $family, filter: {{ {filter} }})", LIST)
    items = f"id name items(first: 10) {{ nodes {{ {ITEM} }} }}"
    return [
        *found,
        *_listed("lists with their counts", "lists(familyId: $family)", f"{LIST} {COUNTS}"),
        *_listed("lists with ten items of each", "lists(familyId: $family)", items),
    ]


def _of_people() -> list[Question]:
    return [
        *_pages("persons", "persons(familyId: $family)", "id name birthday interests user { id name }"),
        *_listed("persons by next birthday", "persons(familyId: $family, orderBy: NEXT_BIRTHDAY)", "id name birthday"),
        *_listed("persons by name", 'persons(familyId: $family, search: "ida")', "id name birthday"),
        *_listed("what a person has received", "personHistory(personId: $person)", ITEM),
        *_listed("occasions with their people", "occasions(familyId: $family)", f"id name day {PEOPLE}"),
        Question("how an occasion's presents stand", "occasionSummary(id: $occasion)", SUMMARY),
    ]


def _of_what_happens() -> list[Question]:
    dashboard = (
        f"{{ family {{ id name }} occasions(first: 5) {{ nodes {{ id name daysUntil {PEOPLE} }} }}"
        f" pipeline {{ {STEPS} }} persons(first: 20) {{ nodes {{ person {{ id name }} {STEPS} }} }}"
        f" ideas(first: 10) {{ nodes {{ {ITEM} }} }} activity(first: 20) {{ nodes {{ {ACTIVITY} }} }} }}"
    )
    return [
        *_listed("comments on an item", "comments(parentType: ITEM, parentId: $item)", COMMENT),
        *_listed("all comments", "comments(parentType: ITEM)", COMMENT),
        *_listed("what has happened", "activity(familyId: $family)", ACTIVITY, deep=True),
        *_listed("what has happened, and how much", "activity(familyId: $family)", ACTIVITY),
        *_listed("what has happened, by kind", "activity(familyId: $family, kinds: [CLAIMED])", ACTIVITY),
        *_listed("what one gives", "myGivings(status: [SELECTED])", f"id status claimed item {{ {ITEM} }}"),
        Question("the dashboard", "dashboard(familyId: $family)", dashboard),
    ]


QUESTIONS = [*_of_items(), *_of_gifts(), *_of_lists(), *_of_people(), *_of_what_happens()]
