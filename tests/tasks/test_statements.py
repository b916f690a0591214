"""What reads cost: one statement, however much is asked for, and that a statement which could not write."""

import pytest
from sqlalchemy import text

from tests.conftest import Served, still
from tests.people import People, Person
from tests.statements import Statements

LIST = """query ($first: Int, $filter: TaskFilter) { tasks(first: $first, filter: $filter) { totalCount
  pageInfo { hasNextPage endCursor } edges { cursor }
  nodes { title owner { id email } labels { name owner { id } } parent { id } next { id } previous { id }
    subtasks(first: 5) { totalCount nodes { title labels { name } subtasks { totalCount } } } } } }"""
ONE = "query ($id: ID!) { task(id: $id) { title labels { name } subtasks { nodes { title } totalCount } } }"
COUNTS = "{ taskCounts { total open completed today overdue upcoming } }"
ROOTS = "{ tasks { totalCount } labels { totalCount } taskCounts { total } }"
MIXED = """query ($ids: [ID!]!) { nodes(ids: $ids) { __typename
  ... on Task { occurrences(first: 1) parent { occurrences }
  labels { tasks(first: 2) { totalCount nodes { title } } } subtasks { totalCount } } ... on Label { name } } }"""
FIND = """{ find(text: "task", first: 100) { totalCount pageInfo { hasNextPage } nodes { ... on Task {
  title occurrences labels { name } owner { id } subtasks { nodes { title } totalCount } }
  ... on Label { name } } } }"""
RELATED = """{ tasks(first: 100, filter: {labelNames: ["home"]}, orderBy: {field: PARENT_TITLE}) {
  totalCount nodes { title } edges { cursor } } }"""


house = pytest.fixture(still, scope="module")


@pytest.fixture(scope="module")
def people(house: Served) -> People:
    return house.people


@pytest.fixture(scope="module")
async def dora(people: People) -> Person:
    """Somebody with a hundred tasks, each with a label and two subtasks."""
    dora = await people.one()
    label = await dora.label()
    create = 'createTask(input: {title: "Task", labelIds: [$label]}) { id }'
    fifty = " ".join(f"n{n}: {create}" for n in range(50))
    for _ in range(2):
        made = (await dora.ask(f"mutation ($label: ID!) {{ {fifty} }}", label=label["id"])).data
        parts = " ".join(
            f'{name}: createTask(input: {{title: "Part", parentId: "{task["id"]}"}}) {{ id }}'
            for name, task in made.items()
        )
        for _ in "ab":
            assert (await dora.ask(f"mutation {{ {parts} }}")).data
    return dora


@pytest.mark.parametrize("rows", [1, 100])
async def test_a_list_with_all_its_relations_is_one_statement(dora: Person, statements: Statements, rows: int) -> None:
    await dora.ask("{ __typename }")
    statements.clear()
    tasks = (await dora.ask(LIST, first=rows, filter={"parentId": None})).data["tasks"]
    assert len(statements) == 1
    assert (tasks["totalCount"], len(tasks["nodes"]), len(tasks["edges"])) == (100, rows, rows)
    assert {len(task["subtasks"]["nodes"]) for task in tasks["nodes"]} == {2}
    assert {task["labels"][0]["owner"]["id"] for task in tasks["nodes"]} == {dora.id}


async def test_one_task_with_its_parts_is_one_statement(dora: Person, statements: Statements) -> None:
    id = (await dora.ask("{ tasks(last: 1) { nodes { id } } }")).data["tasks"]["nodes"][0]["id"]
    statements.clear()
    assert (await dora.ask(ONE, id=id)).data["task"]["subtasks"]["totalCount"] == 2
    assert len(statements) == 1


async def test_nodes_of_all_types_with_computed_fields_are_one_statement(dora: Person, statements: Statements) -> None:
    tasks = (await dora.ask("{ tasks(last: 99) { nodes { id } } labels { nodes { id } } }")).data
    ids = [row["id"] for page in tasks.values() for row in page["nodes"]]
    statements.clear()
    assert len((await dora.ask(MIXED, ids=ids)).data["nodes"]) == 100
    assert len(statements) == 1


async def test_a_search_over_everything_is_one_statement(dora: Person, statements: Statements) -> None:
    await dora.ask("{ __typename }")
    statements.clear()
    found = (await dora.ask(FIND)).data["find"]
    assert (len(statements), found["totalCount"], len(found["nodes"])) == (1, 100, 100)


async def test_filters_and_orders_by_other_rows_are_one_statement(dora: Person, statements: Statements) -> None:
    await dora.ask("{ __typename }")
    statements.clear()
    assert (await dora.ask(RELATED)).data["tasks"]["totalCount"] == 100
    assert len(statements) == 1


async def test_counts_are_one_statement(dora: Person, statements: Statements) -> None:
    await dora.ask("{ __typename }")
    statements.clear()
    assert (await dora.ask(COUNTS)).data["taskCounts"]["total"] == 300
    assert len(statements) == 1


async def test_every_root_field_is_one_statement(dora: Person, statements: Statements) -> None:
    await dora.ask("{ __typename }")
    statements.clear()
    assert (await dora.ask(ROOTS)).data["tasks"] == {"totalCount": 300}
    assert len(statements) == 3


async def test_what_a_verb_answers_is_one_statement_more(dora: Person, statements: Statements) -> None:
    id = (await dora.ask("{ tasks(last: 1) { nodes { id } } }")).data["tasks"]["nodes"][0]["id"]
    verb = "mutation ($id: ID!) { updateTask(id: $id, input: {}) %s }"
    await dora.ask(verb % "{ id }", id=id)
    statements.clear()
    await dora.ask(verb % "{ id }", id=id)
    alone = len(statements)
    statements.clear()
    await dora.ask(verb % "{ id labels { name } owner { id } subtasks { nodes { title } totalCount } }", id=id)
    assert len(statements) == alone


async def test_reads_go_by_connections_that_cannot_write(house: Served) -> None:
    assert await house.services.db.fetchval("show default_transaction_read_only", ()) == "on"


async def test_tasks_are_found_by_owner_and_by_completion_through_an_index(people: People) -> None:
    async with people.services.db.transaction() as transaction:
        found = await transaction.scalars(text("select indexdef from pg_indexes where tablename = 'task'"))
        columns = [definition.partition("(")[2].rstrip(")") for definition in found]
    assert "owner_id, completed_at, id" in columns
    assert "owner_id, created_at, id" in columns
