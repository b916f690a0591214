"""What reading gifts costs: one statement, by way of the indexes."""

from typing import Any

import pytest
from sqlalchemy import text

from tests.gifts.world import World
from tests.statements import Statements

FIELDS = """name tags lowestPriceMinor highestPriceMinor addedBy { name } family { name }
  prices(first: 2) { totalCount nodes { priceMinor } }"""
PAGE = f"totalCount pageInfo {{ hasNextPage }} edges {{ cursor }} nodes {{ {FIELDS} }}"
READS = [
    f"gifts(familyId: $family, first: $first) {{ {PAGE} }}",
    f"""gifts(familyId: $family, first: $first, orderBy: {{field: PRICE}},
      filter: {{tags: ["tag"], minPriceMinor: 1}}) {{ {PAGE} }}""",
    f'searchGifts(familyId: $family, q: "seeded gift", first: $first) {{ {PAGE} }}',
    f'similarGifts(familyId: $family, name: "Seeded gift 10", first: $first) {{ {PAGE} }}',
]
SEED = """
  insert into gift (id, family_id, added_by_id, name, tags, price_minor, currency)
  select 'gift_' || md5(:family || n), :family, :user,
    case n when 1777 then 'Kaleidoscope' else 'Seeded gift ' || n end, '{tag}', 100 + n, 'EUR'
  from generate_series(1, :rows) n;"""
PRICES = """
  insert into gift_price (id, family_id, gift_id, price_minor, currency)
  select 'price_' || md5(id), family_id, id, price_minor, currency from gift
  where family_id = :family and price_minor is not null"""


async def seed(home: World, rows: int) -> None:
    values = {"family": home.family.id, "user": home.gus.id, "rows": rows}
    async with home.people.services.db.transaction() as transaction:
        await transaction.execute(text(SEED), values)
        await transaction.execute(text(PRICES), {"family": home.family.id})
        await transaction.execute(text("analyze gift"))


@pytest.mark.parametrize("read", READS, ids=lambda read: read.partition("(")[0])
async def test_a_list_of_gifts_is_one_statement(home: World, once: None, statements: Statements, read: str) -> None:
    await seed(home, 60)
    query = f"query ($first: Int, $family: ID!) {{ {read} }}"
    for rows in (1, 50):
        await home.gina.ask("{ __typename }")
        statements.clear()
        (page,) = (await home.gina.ask(query, first=rows, family=home.family.id)).data.values()
        assert (len(statements), len(page["nodes"])) == (1, rows)


async def plan(home: World, query: str, monkeypatch: pytest.MonkeyPatch, **variables: Any) -> str:
    """What PostgreSQL does to answer Gina's query."""
    asked: list[tuple[str, Any]] = []
    db = home.people.services.db
    fetchval = db.fetchval

    async def noted(sql: str, arguments: Any) -> Any:
        asked.append((sql, arguments))
        return await fetchval(sql, arguments)

    monkeypatch.setattr(db, "fetchval", noted)
    assert (await home.gina.ask(query, **variables)).data
    return "\n".join([str(await fetchval(f"explain (format json) {sql}", arguments)) for sql, arguments in asked])


@pytest.mark.parametrize(
    ("query", "indexes"),
    [
        ("gifts(familyId: $family, first: 20) { nodes { name } }", ["ix_gift_family_id_name_id"]),
        (
            "gifts(familyId: $family, orderBy: {field: CREATED_AT}) { nodes { name } }",
            ["ix_gift_family_id_created_at_id"],
        ),
        (
            "gifts(familyId: $family, orderBy: {field: PRICE}) { nodes { name } }",
            ["ix_gift_family_id_price_minor_id"],
        ),
        (
            'searchGifts(familyId: $family, q: "kaleidoscope") { nodes { name } }',
            ["ix_gift_search", "ix_gift_name_trigrams"],
        ),
        (
            'similarGifts(familyId: $family, name: "Roller skate", url: "https://shop.example/") { nodes { name } }',
            ["ix_gift_url", "ix_gift_name_trigrams"],
        ),
    ],
)
async def test_gifts_are_found_by_the_indexes(
    home: World, once: None, monkeypatch: pytest.MonkeyPatch, query: str, indexes: list[str]
) -> None:
    await seed(home, 2_000)
    found = await plan(home, f"query ($family: ID!) {{ {query} }}", monkeypatch, family=home.family.id)
    assert [index for index in indexes if index not in found] == []
