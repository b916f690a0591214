"""Making labels where only so many may be made, and what the refusals say."""

from typing import Any

import httpx2

from resolvers.limits import Limit
from schema.tasks.labels import LabelMutations
from tests.people import Person

MAKE = "mutation ($name: String!) { createLabel(input: {name: $name}) { id } }"
LABELS = "{ labels { nodes { name } } }"


def limited(monkeypatch: Any, limit: Limit) -> None:
    """`createLabel` has another limit meanwhile."""
    (field,) = (one for one in LabelMutations.__strawberry_definition__.fields if one.python_name == "create_label")  # type: ignore[attr-defined]
    monkeypatch.setattr(field, "limit", limit)


async def post(person: Person, query: str, **headers: str) -> httpx2.Response:
    return await person.people.http.post("/graphql", json={"query": query}, headers=person.headers | headers)


async def make(person: Person, name: str, **headers: str) -> httpx2.Response:
    """A label; `x-forwarded-for` says from where."""
    asked = {"query": MAKE, "variables": {"name": name}}
    return await person.people.http.post("/graphql", json=asked, headers=person.headers | headers)


async def made(person: Person) -> list[str]:
    """The names of the person's labels, as the database has them."""
    statement = "select name from label where owner_id = $1 order by name"
    return [row["name"] for row in await person.people.services.db.fetch(statement, person.id)]


def codes(response: httpx2.Response) -> list[str]:
    return [error["extensions"]["code"] for error in response.json().get("errors", ())]


def wait_of(error: Any) -> int:
    """The seconds that a refusal tells to wait, as its message has them too."""
    assert error["extensions"]["code"] == "RATE_LIMITED"
    wait: int = error["extensions"]["retryAfter"]
    assert error["message"].endswith(f"; try again in {wait} s")
    return wait
