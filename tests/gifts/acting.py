"""What givers do about an item, as clients do it."""

from typing import Any

from db.gifts.items import ItemStatus
from tests.people import Person

MOVE = """mutation ($id: ID!, $status: ListItemStatus!) {
  transitionListItem(id: $id, status: $status, skip: true) { status } }"""
CLAIM = "mutation ($id: ID!) { claimListItem(id: $id) { id } }"
ASSIGN = "mutation ($id: ID!, $to: ID!) { assignListItem(id: $id, userId: $to) { id } }"


async def move(by: Person, item: Any, *steps: ItemStatus) -> None:
    for status in steps:
        moved = await by.ask(MOVE, id=item.id, status=status.value)
        assert moved.data["transitionListItem"] == {"status": status.value}


async def claim(by: Person, item: Any) -> None:
    assert (await by.ask(CLAIM, id=item.id)).data


async def assign(by: Person, item: Any, to: Person) -> None:
    assert (await by.ask(ASSIGN, id=item.id, to=to.id)).data
