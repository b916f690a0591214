"""Those who write and follow, made over the API."""

import asyncio
from dataclasses import dataclass, field
from typing import Any

import httpx2

from live import topics

REGISTER = "mutation ($input: RegisterInput!) { register(input: $input) { id } }"
LOGIN = """mutation ($who: String!, $password: String!) {
  login(identifier: $who, password: $password) { accessToken } }"""
PASSWORD = "a password of the soak"
# For the servers: everybody may register, and nobody's token ends before the run.
SETTINGS = {"OPEN_SIGN_UP": "true", "ACCESS_TOKEN_MINUTES": "600"}


@dataclass(frozen=True)
class Somebody:
    """`shared` are the tasks that several writers change."""

    id: str
    token: str
    shared: list[str] = field(default_factory=list)

    @property
    def topic(self) -> str:
        return topics.tasks_of(self.id)  # type: ignore[arg-type]

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"}


async def somebody(url: str, number: int) -> Somebody:
    email = f"person{number}@example.org"
    async with httpx2.AsyncClient(base_url=url, timeout=30) as http:

        async def ask(query: str, **variables: Any) -> Any:
            answer = (await http.post("/graphql", json={"query": query, "variables": variables})).json()
            assert "errors" not in answer, answer
            return next(iter(answer["data"].values()))

        made = await ask(REGISTER, input={"email": email, "name": f"Person {number}", "password": PASSWORD})
        token = (await ask(LOGIN, who=email, password=PASSWORD))["accessToken"]
    return Somebody(made["id"], token)


async def some(url: str, number: int) -> list[Somebody]:
    return [*(await asyncio.gather(*(somebody(url, each) for each in range(number))))]
