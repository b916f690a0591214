"""What reads of lists and items cost: one statement, however many there are and whatever they show of other rows."""

import pytest
from sqlalchemy import text

from db.gifts.items import Giving, ListItem
from resolvers.gifts import keeping
from tests.conftest import Served, still
from tests.gifts.world import World, world
from tests.statements import Statements

ITEM = """status givenBefore gift { name } person { name } addedBy { name } list { occasion { name } }
  giving { status assignee { name } claims { totalCount } }"""
PAGE = f"totalCount nodes {{ {ITEM} }} pageInfo {{ hasNextPage }}"
READS = {
    "lists": """query ($family: ID!, $first: Int) { lists(familyId: $family, first: $first, filter: {search: "ida"}) {
        totalCount nodes { counts { total idea purchased } items(first: $first) { nodes { status } } } } }""",
    "listItems": f"""query ($family: ID!, $first: Int) {{
        listItems(familyId: $family, first: $first, orderBy: {{field: STATUS}}) {{ {PAGE} }} }}""",
    "filtered": f"""query ($list: ID!, $first: Int) {{ listItems(listId: $list, first: $first,
        filter: {{status: IDEA, search: "skates"}}, orderBy: {{field: PRICE}}) {{ {PAGE} }} }}""",
    "list": f"query ($list: ID!, $first: Int) {{ list(id: $list) {{ items(first: $first) {{ {PAGE} }} }} }}",
    "personHistory": f"""query ($person: ID!, $first: Int) {{
        personHistory(personId: $person, first: $first) {{ {PAGE} }} }}""",
    "person": f"""query ($person: ID!, $first: Int) {{ person(id: $person) {{ history(first: $first) {{ {PAGE} }}
        lists(first: $first) {{ nodes {{ counts {{ received }} }} }} }} }}""",
}

FOUND = {"lists": 1, "listItems": 61, "filtered": 31, "list": 61, "personHistory": 30, "person": 30}


house = pytest.fixture(still, scope="module")


@pytest.fixture(scope="module")
async def home(house: Served) -> World:
    """With 60 more items on Ida's list, half of which she has received."""
    made = await world(house.people)
    items = [
        ListItem(
            id=ListItem.fresh_id(),
            family_id=made.family.id,
            list_id=made.list.id,
            gift_id=made.gift.id,
            person_id=made.receiver.id,
            **(keeping.OPEN if number % 2 else keeping.like(made.list)),
        )
        for number in range(60)
    ]
    await made.keep(*items)
    givings = [Giving(id=Giving.fresh_id(), family_id=made.family.id, item_id=item.id) for item in items]
    await made.keep(*givings)
    async with house.services.db.transaction() as session:
        received = (
            "update giving set status = 'RECEIVED', received_at = now() from list_item where item_id = list_item.id"
        )
        await session.execute(text(f"{received} and list_id = :id and kept_until is null"), {"id": made.list.id})
    return made


@pytest.mark.parametrize("first", [1, 50])
@pytest.mark.parametrize("name", READS)
async def test_a_read_is_one_statement(home: World, statements: Statements, name: str, first: int) -> None:
    asked = {"family": home.family.id, "list": home.list.id, "person": home.receiver.id}
    given = {key: value for key, value in asked.items() if f"${key}" in READS[name]}
    await home.gina.ask("{ __typename }")
    statements.clear()
    answer = (await home.gina.ask(READS[name], first=first, **given)).data
    assert len(statements) == 1
    page = next(iter(answer.values()))
    page = page.get("items") or page.get("history") or page
    assert len(page["nodes"]) == min(first, FOUND[name])


async def test_orders_and_filters_have_an_index(home: World) -> None:
    async with home.people.services.db.transaction() as session:
        found = await session.scalars(
            text("select indexdef from pg_indexes where tablename in ('gift_list', 'list_item')")
        )
        columns = {definition.partition("(")[2].rstrip(")") for definition in found}
    assert columns >= {
        "family_id, name, id",
        "family_id, created_at, id",
        "person_id, created_at, id",
        "occasion_id, created_at, id",
        "list_id, created_at, id",
    }
