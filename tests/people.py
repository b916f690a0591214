"""Makers: people who can ask, and what they need to begin with. A person is an HTTP client with a token."""

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import httpx2
from sqlalchemy import text

from db.accounts.sessions import Session
from db.accounts.users import Role, User
from kit.ids import Id
from resolvers.accounts.tokens import access_token
from resolvers.context import Services
from tests.sockets import Socket

_numbers = count(1)


@dataclass(frozen=True)
class Answer:
    status: int
    body: Any

    @property
    def data(self) -> Any:
        """The data of an answer that must have no errors."""
        assert "errors" not in self.body, self.body["errors"]
        return self.body["data"]

    @property
    def error(self) -> Any:
        """The one error of an answer that must have one."""
        assert len(self.body.get("errors", [])) == 1, self.body
        return self.body["errors"][0]

    @property
    def code(self) -> str:
        code: str = self.error["extensions"]["code"]
        return code

    @property
    def details(self) -> Any:
        return self.error["extensions"].get("details")


@dataclass(frozen=True)
class Person:
    """`ask` is a POST to /graphql; without a token it is nobody's."""

    people: "People"
    user: User | None = None
    session_id: Id | None = None
    token: str | None = None

    @property
    def id(self) -> str:
        assert self.user is not None
        return self.user.id

    @property
    def headers(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.token}"} if self.token else {}

    def at(self, people: "People") -> "Person":
        """The same one, who asks another server."""
        return replace(self, people=people)

    async def ask(self, query: str, **variables: Any) -> Answer:
        response = await self.people.http.post(
            "/graphql", json={"query": query, "variables": variables}, headers=self.headers
        )
        return Answer(response.status_code, response.json())

    async def task(self, title: str = "A task", **more: Any) -> Any:
        """Makes a task; its fields as far as tests look at them."""
        query = f"mutation ($input: CreateTaskInput!) {{ createTask(input: $input) {{ {TASK} }} }}"
        return (await self.ask(query, input={"title": title, **more})).data["createTask"]

    async def label(self, name: str = "home", **more: Any) -> Any:
        query = "mutation ($input: CreateLabelInput!) { createLabel(input: $input) { id name color version } }"
        return (await self.ask(query, input={"name": name, **more})).data["createLabel"]

    def socket(self) -> Socket:
        """A graphql-transport-ws client; `async with` connects and initialises it."""
        return Socket(self.people.url.replace("http", "ws", 1) + "/graphql", self.token)


TASK = (
    "id title description completed completedAt priority dueAt timeZone reminders recurrence repeatsFrom nextDueAt"
    " position trashedAt version createdAt updatedAt labels { id name } parent { id } next { id } previous { id }"
)


class People:
    def __init__(self, http: httpx2.AsyncClient, services: Services, url: str) -> None:
        self.http = http
        self.services = services
        self.url = url

    @property
    def nobody(self) -> Person:
        return Person(self)

    async def one(self, role: Role = Role.USER, *, password: str | None = None, **more: Any) -> Person:
        """Somebody new who has signed in. A password costs 80 ms to hash: only where a test needs one."""
        number, now = next(_numbers), self.services.clock()
        hash = await self.services.passwords.hash(password) if password else None
        given = {"email": f"person{number}@example.org", "name": f"Person {number}", "time_zone": "UTC"} | more
        user = User(id=User.fresh_id(), role=role, password_hash=hash, created_at=now, updated_at=now, **given)
        session = Session(
            id=Session.fresh_id(),
            user_id=user.id,
            last_used_at=now,
            expires_at=now + timedelta(days=30),
            created_at=now,
            updated_at=now,
        )
        async with self.services.db.transaction() as transaction:
            transaction.add(user)
            await transaction.flush()
            transaction.add(session)
        token = access_token(self.services.settings, user, session.id, now)
        return Person(self, user, session.id, token)

    async def row(self, id: str) -> dict[str, Any]:
        """A row as it stands in the database, whoever it belongs to; {} when it is gone."""
        tables = {"task": "task", "label": "label", "user": "user_account", "session": "session"}
        statement = text(f"select * from {tables[id.partition('_')[0]]} where id = :id")  # noqa: S608 (a name of ours)
        async with self.services.db.transaction() as transaction:
            found = (await transaction.execute(statement, {"id": id})).mappings().first()
        return dict(found) if found else {}

    async def audit(self, subject: str) -> list[str]:
        """The actions that the audit has of somebody or something, oldest first."""
        statement = text("select action from audit_entry where subject_id = :id or actor_id = :id order by id")
        async with self.services.db.transaction() as transaction:
            return [*(await transaction.scalars(statement, {"id": subject}))]
