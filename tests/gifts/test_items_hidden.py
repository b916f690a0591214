"""What givers put on lists and do about it: to the person it is as if nobody had done anything."""

from typing import Any

import pytest

from db.gifts.families import FamilyRole
from db.gifts.items import Claim, ItemStatus
from kit.ids import Id
from resolvers.gifts.rules.items import ListItemOrderField
from resolvers.rules import Direction
from tests.gifts.listing import ADD, CHANGE, DELETE, REMOVE, add, create, rows, write
from tests.gifts.world import World
from tests.people import Person

ITEM = """id quantity note status givenBefore version updatedAt person { name } addedBy { name } list { id }
  gift { name } giving { status claimed assignee { name } claims { totalCount } }"""
PAGE = f"totalCount nodes {{ {ITEM} }} edges {{ cursor }} pageInfo {{ hasNextPage endCursor }}"
LIST = "id name version updatedAt surprise counts { total idea selected purchased received } items { totalCount }"
READS = [
    f"query ($family: ID!) {{ listItems(familyId: $family) {{ {PAGE} }} }}",
    f"query ($family: ID!) {{ listItems(familyId: $family, last: 1) {{ {PAGE} }} }}",
    f"query ($list: ID!) {{ list(id: $list) {{ {LIST} items {{ {PAGE} }} }} }}",
    f"query ($item: ID!) {{ listItem(id: $item) {{ {ITEM} }} }}",
    f"query ($item: ID!) {{ node(id: $item) {{ ... on ListItem {{ {ITEM} }} }} }}",
    f"query ($person: ID!) {{ person(id: $person) {{ history {{ {PAGE} }} lists {{ nodes {{ {LIST} }} }} }} }}",
    f"query ($person: ID!) {{ personHistory(personId: $person) {{ {PAGE} }} }}",
    f"query ($family: ID!) {{ lists(familyId: $family, orderBy: {{field: UPDATED_AT}}) {{ nodes {{ {LIST} }} }} }}",
    "{ gifts { totalCount nodes { name } } activity { totalCount } comments { totalCount } }",
]
ASKED = """query ($family: ID!, $list: ID!, $filter: ListItemFilter, $by: ListItemOrder) {
  listItems(familyId: $family, filter: $filter, orderBy: $by) { totalCount nodes { id } edges { cursor } }
  list(id: $list) { items(filter: $filter, orderBy: $by, last: 1) { totalCount nodes { id } edges { cursor } } } }"""
FILTERS = [{}, *({"status": status.value} for status in ItemStatus), {"search": "k"}]
ORDERS = [{"field": field, "direction": way} for field in ListItemOrderField for way in Direction]


async def seen(home: World, person: Person) -> list[bytes]:
    """The answers to all of these, as they come."""
    named = {"family": home.family.id, "list": home.list.id, "item": home.item.id, "person": home.receiver.id}
    filters = [*FILTERS, {"assigneeId": home.gus.id}, {"addedById": home.gus.id}]
    asked: list[tuple[str, Any]] = [(query, {}) for query in READS]
    asked += [(ASKED, {"filter": filter}) for filter in filters] + [(ASKED, {"by": order}) for order in ORDERS]
    return [await told(person, query, named | more) for query, more in asked]


async def told(person: Person, query: str, variables: Any) -> bytes:
    json = {"query": query, "variables": variables}
    response = await person.people.http.post("/graphql", json=json, headers=person.headers)
    assert "errors" not in response.json(), response.text
    return response.content


async def give(home: World) -> str:
    """Gus adds what he thought of, to Ida's list and to one of his own, and has bought what Ida wishes for."""
    idea = await add(home.gus, home.list.id, gift={"name": "Kite", "priceMinor": 5, "currency": "EUR"})
    ideas = await create(home.gus, home, personId=home.receiver.id)
    await add(home.gina, ideas["id"], gift={"name": "Knife"})
    await home.gus.ask(ADD, list=home.list.id, input={"giftId": home.gift.id})
    await write(
        home,
        "update giving set status = 'PURCHASED', claimed = 1, assignee_id = :gus, version = 7 where item_id = :item",
        gus=home.gus.id,
        item=home.item.id,
    )
    given = {"family_id": home.family.id, "giving_id": home.giving.id, "user_id": Id(home.gus.id)}
    await home.keep(Claim(id=Claim.fresh_id(), quantity=1, **given))
    item: str = idea["id"]
    return item


async def test_the_person_sees_the_same_to_the_byte_whatever_givers_do(home: World) -> None:
    before = await seen(home, home.ida)
    await give(home)
    assert await seen(home, home.ida) == before
    others = await seen(home, home.gina)
    assert sum(one != other for one, other in zip(before, others, strict=True)) > len(before) / 2


@pytest.mark.parametrize("role", FamilyRole)
async def test_not_even_an_administrator_or_owner_sees_what_is_for_them(home: World, role: FamilyRole) -> None:
    await write(home, "update family_member set role = :role where user_id = :ida", role=role, ida=home.ida.id)
    before = await seen(home, home.ida)
    await give(home)
    assert await seen(home, home.ida) == before


async def test_the_person_is_told_of_hidden_items_what_is_told_of_none(home: World) -> None:
    idea = await give(home)
    (hidden,) = [gift["id"] for gift in await rows(home, "gift") if gift["name"] == "Kite"]
    for verb, variables, code in (
        (CHANGE, {"id": idea, "input": {"quantity": 2}}, "LIST_ITEM_NOT_FOUND"),
        (CHANGE, {"id": idea, "input": {}, "version": 7}, "LIST_ITEM_NOT_FOUND"),
        (REMOVE, {"id": idea}, "LIST_ITEM_NOT_FOUND"),
        (ADD, {"list": home.list.id, "input": {"giftId": hidden}}, "GIFT_NOT_FOUND"),
    ):
        answer = await home.ida.ask(verb, **variables)
        none = await home.ida.ask(verb, **_of_none(variables))
        assert (answer.code, none.code) == (code, code)
        told = [answer.error["message"].replace(id, "") for id in (idea, hidden)]
        assert none.error["message"].replace("item_" + "0" * 32, "").replace("gift_" + "0" * 32, "") in told
    assert {item["version"] for item in await rows(home, "list_item")} == {1}


def _of_none(variables: dict[str, Any]) -> dict[str, Any]:
    if "id" in variables:
        return variables | {"id": "item_" + "0" * 32}
    return variables | {"input": {"giftId": "gift_" + "0" * 32}}


async def test_a_wish_is_changed_and_removed_whatever_has_been_claimed_of_it(home: World) -> None:
    await home.ida.ask(CHANGE, id=home.item.id, input={"quantity": 5})
    await give(home)
    await write(home, "update giving set claimed = 5 where item_id = :item", item=home.item.id)
    changed = (await home.ida.ask(CHANGE, id=home.item.id, input={"quantity": 1}, version=2)).data["updateListItem"]
    assert (changed["quantity"], changed["version"]) == (1, 3)
    assert (await home.ida.ask(REMOVE, id=home.item.id)).data == {"removeListItem": {"deletedId": home.item.id}}
    assert (await home.ida.ask(DELETE, id=home.list.id)).data == {"deleteGiftList": {"deletedId": home.list.id}}
    assert await rows(home, "claim") == []


async def test_what_the_person_has_received_is_no_secret(home: World) -> None:
    idea = await give(home)
    await write(home, "update giving set status = 'RECEIVED', received_at = now() where item_id = :item", item=idea)
    await write(home, "update list_item set kept_until = null where id = :item", item=idea)
    query = f"query ($id: ID!) {{ personHistory(personId: $id) {{ {PAGE} }} }}"
    (told,) = (await home.ida.ask(query, id=home.receiver.id)).data["personHistory"]["nodes"]
    assert (told["gift"]["name"], told["status"], told["giving"]["status"]) == ("Kite", "RECEIVED", "RECEIVED")


async def test_a_new_gift_of_a_giver_is_no_secret_for_the_day_of_the_list_but_by_its_item(home: World) -> None:
    """The day of a list may move; a gift that came out of hiding by itself would not go back."""
    shown = await create(home.gus, home, "Open", "REGISTRY", personId=home.receiver.id)
    made = await add(home.gus, shown["id"], "Kite")
    query = "{ gifts { nodes { name } } }"
    names = {node["name"] for node in (await home.ida.ask(query)).data["gifts"]["nodes"]}
    assert names == {"Roller skates", "Kite"}
    assert (await home.gus.ask(REMOVE, id=made["id"])).data
    assert (await home.ida.ask(query)).data["gifts"]["nodes"] == [{"name": "Roller skates"}]
    assert len((await home.gina.ask(query)).data["gifts"]["nodes"]) == 2


VISIBLE = """query ($id: ID!, $item: ID!, $family: ID!) { node(id: $id) { id } item: node(id: $item) { id }
  lists(familyId: $family) { totalCount } listItems(familyId: $family, filter: {search: "kite"}) { totalCount }
  listItem: listItems(listId: $id) { nodes { id } } activity { totalCount } }"""


@pytest.mark.parametrize(
    ("visibility", "sees"),
    [("PRIVATE", {"gus"}), ("GIVERS", {"gus", "gina", "dora"}), ("FAMILY", {"gus", "gina", "dora", "ida"})],
)
@pytest.mark.parametrize("surprise", [True, False])
async def test_a_list_and_what_is_on_it_is_shown_to_whom_its_visibility_says(
    home: World, visibility: str, sees: set[str], surprise: bool
) -> None:
    given: Any = {"personId": home.receiver.id, "visibility": visibility, "surprise": surprise}
    made = await create(home.gus, home, **given)
    item = await add(home.gus, made["id"])
    asked = {"id": made["id"], "item": item["id"], "family": home.family.id}
    for name in ("gus", "gina", "dora", "ida"):
        told = (await getattr(home, name).ask(VISIBLE, **asked)).data
        on_it = name in sees and not (name == "ida" and surprise)
        assert told == {
            "node": {"id": made["id"]} if name in sees else None,
            "item": {"id": item["id"]} if on_it else None,
            "lists": {"totalCount": 2 if name in sees else 1},
            "listItems": {"totalCount": int(on_it)},
            "listItem": {"nodes": [{"id": item["id"]}] if on_it else []},
            "activity": {"totalCount": (name in sees) + on_it},
        }
    for name in ("gus", "gina", "dora", "ida"):
        added = await getattr(home, name).ask(ADD, list=made["id"], input={"gift": {"name": "Top"}})
        assert ("errors" in added.body) is (name not in sees)
        if name not in sees:
            assert added.code == "GIFT_LIST_NOT_FOUND"


async def test_on_a_list_for_nobody_everybody_misses_what_is_for_them(home: World) -> None:
    shared = await create(home.ida, home, "Christmas", "SHOPPING")
    await add(home.gus, shared["id"], "Kite", personId=home.receiver.id)
    await add(home.gus, shared["id"], "Paper")
    await add(home.ida, shared["id"], "Tie")
    query = "query ($id: ID!) { list(id: $id) { counts { total idea } items { nodes { gift { name } } } } }"
    for person, names in ((home.ida, ["Paper", "Tie"]), (home.gina, ["Kite", "Paper", "Tie"])):
        told = (await person.ask(query, id=shared["id"])).data["list"]
        assert [node["gift"]["name"] for node in told["items"]["nodes"]] == names
        assert told["counts"] == {"total": len(names), "idea": len(names)}
