"""Requests as they are sent, and what an answer says that is a refusal and nothing else."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2

from tests.people import Person

JSON = "application/json"
GRAPHQL = "application/graphql-response+json"
METHODS = "GET, HEAD, POST, OPTIONS"
CREATE = 'mutation { createTask(input: {title: "x"}) { id } }'
COUNT = "{ tasks(first: 1) { totalCount } }"


async def post(person: Person, body: Any, accept: str = JSON, **headers: str) -> httpx2.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    given = {"content-type": JSON, "accept": accept, **person.headers, **headers}
    return await person.people.http.post("/graphql", content=content, headers=given)


async def tasks_of(person: Person) -> int:
    count: int = (await person.ask(COUNT)).data["tasks"]["totalCount"]
    return count


def refusal(response: httpx2.Response, code: str = "VALIDATION_ERROR") -> str:
    """The message of an answer that is nothing but one error, stamped."""
    answer = response.json()
    assert list(answer) == ["errors"], answer
    (error,) = answer["errors"]
    extensions = error["extensions"]
    assert extensions["code"] == code
    assert extensions["traceId"] == response.headers["x-request-id"]
    assert abs((datetime.now(UTC) - datetime.fromisoformat(extensions["timestamp"])).total_seconds()) < 60
    message: str = error["message"]
    return message
