"""What tests of rooms ask again and again."""

from itertools import count
from typing import Any

from tests.people import Answer, People, Person

ROOM = """id name visibility maxUsers participantCount freeSeats locked isActive endedAt version createdAt
  host { id name }"""
CREATE = f"""mutation ($input: CreateSeanceInput!) {{ createSeance(input: $input) {{ {ROOM}
  participants {{ nodes {{ isHost user {{ id }} }} }} messages {{ nodes {{ kind text sender {{ id }} }} }} }} }}"""
UPDATE = f"""mutation ($id: ID!, $input: UpdateSeanceInput!, $version: Int) {{
  updateSeance(id: $id, input: $input, expectedVersion: $version) {{ {ROOM} }} }}"""
END = f"""mutation ($id: ID!) {{ endSeance(id: $id) {{ {ROOM} messages {{ nodes {{ text }} }} }} }}"""
DELETE = "mutation ($id: ID!) { deleteSeance(id: $id) { deletedId } }"
ONE = f"query ($id: ID!) {{ seance(id: $id) {{ {ROOM} }} }}"
LIST = """query ($filter: SeanceFilter, $orderBy: SeanceOrder, $first: Int) {
  seances(filter: $filter, orderBy: $orderBy, first: $first) { totalCount nodes { id name } } }"""
DELETE_USER = "mutation ($id: ID!) { deleteUser(id: $id) { deletedId } }"

_addresses = (f"198.18.{number // 256}.{number % 256}" for number in count())


async def create(host: Person, address: str | None = None, **given: Any) -> Answer:
    """Each from an address of its own: from one there come ten a minute."""
    asked = {"query": CREATE, "variables": {"input": {"name": "The cellar", **given}}}
    headers = host.headers | {"x-forwarded-for": address or next(_addresses)}
    response = await host.people.http.post("/graphql", json=asked, headers=headers)
    return Answer(response.status_code, response.json())


async def opened(host: Person, **given: Any) -> Any:
    """A new room, as its host sees it."""
    return (await create(host, **given)).data["createSeance"]


async def update(host: Person, id: str, version: int | None = None, **given: Any) -> Answer:
    return await host.ask(UPDATE, id=id, input=given, version=version)


async def names(person: Person, order_by: Any = None, **filter: Any) -> list[str]:
    """Of the rooms that they are shown, all of which are counted."""
    found = (await person.ask(LIST, filter=filter, orderBy=order_by, first=100)).data["seances"]
    assert found["totalCount"] == len(found["nodes"])
    return [room["name"] for room in found["nodes"]]


async def rows(people: People, statement: str, *values: Any) -> list[dict[str, Any]]:
    """As the database has them; $1 and so on in the statement."""
    return [dict(row) for row in await people.services.db.fetch(statement, *values)]


async def row(people: People, id: str) -> dict[str, Any]:
    """The room as it stands; {} when it is gone."""
    return next(iter(await rows(people, "select * from seance where id = $1", id)), {})
