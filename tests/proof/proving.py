"""The same question to the server and to the naive executor; the answers must be the same, errors included."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any

import httpx2
from graphql import DocumentNode, ExecutionResult
from hypothesis import HealthCheck, Phase, assume, given, seed, settings
from hypothesis import strategies as st

from db.models import User
from resolvers.accounts.tokens import access_token
from schema.schema import Schema
from tests.clock import Watch
from tests.conftest import Served
from tests.proof.again import Again
from tests.proof.executor import SCHEMA, answer
from tests.proof.naive import Asked
from tests.proof.pools import Pools, cursors
from tests.proof.questions import documents
from tests.proof.refusals import Refusal
from tests.proof.rows.accounts import MOMENTS, NAMES, id_of
from tests.proof.smaller import smaller
from tests.proof.twists import Question, twisted
from tests.proof.world import World

MOST_TOLD = 20  # errors of one answer

# Nothing but the rows should decide; the tests of the limits are elsewhere.
LIMITS = {
    "max_query_depth": 50,
    "max_query_fields": 5_000,
    "max_root_fields": 500,
    "max_query_aliases": 500,
    "max_query_cost": 10**15,
    "max_query_tokens": 50_000,
    "max_body_bytes": 2_000_000,
}
SESSIONS = {name: id_of("session", number) for number, name in enumerate(NAMES, 1)}


@dataclass
class Tally:
    """What became of the examples."""

    counts: Counter[str] = field(default_factory=Counter)
    codes: Counter[str] = field(default_factory=Counter)

    def note(self, got: dict[str, Any], asked: Asked) -> None:
        codes = {error["extensions"]["code"] for error in got.get("errors", ())}
        self.codes.update(codes)
        self.counts["asked"] += 1
        self.counts["without errors"] += not codes
        self.counts["telling"] += not codes and _tells(got["data"])
        self.counts["too complex"] += "QUERY_TOO_COMPLEX" in codes
        self.counts["statements"] += asked.statements

    def share(self, name: str) -> float:
        return self.counts[name] / max(1, self.counts["asked"])

    def __str__(self) -> str:
        parts = [f"{name} {count} ({self.share(name):.1%})" for name, count in self.counts.most_common()]
        return ", ".join(parts) + "; refused: " + ", ".join(f"{code} {n}" for code, n in self.codes.most_common())


@dataclass
class Differs(BaseException):
    """The smallest question found whose answers are not the same. (Hypothesis would ask again after an Exception.)"""

    question: Question
    viewer: str
    at: datetime
    said: str

    def __str__(self) -> str:
        sent = json.dumps(self.question.variables, ensure_ascii=False)
        asked = f"{self.question.text}\nvariables: {sent}\noperation: {self.question.operation}"
        return f"{self.viewer} at {self.at} asks\n{asked}\n{self.said}"


@dataclass
class Prover:
    """Asks the server over HTTP as everybody in the world, at the moments of its clock."""

    house: Served
    http: httpx2.Client
    world: World
    watch: Watch
    tally: Tally = field(default_factory=Tally)
    statements: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._again = Again()
        self._executed = False
        self._unsettled = False
        keys = cursors(self.world)
        self._pools = {name: Pools(self.world, NAMES.get(name), keys) for name in (*NAMES, "nobody")}
        self._tokens = {
            (name, at): access_token(self.house.services.settings, self.world.of(User)[NAMES[name]], SESSIONS[name], at)  # type: ignore[arg-type]
            for name in NAMES
            for at in MOMENTS
        }

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Every read of the server is one `fetchval`; those are noted. Some questions go the executor's way."""
        db = self.house.services.db
        fetchval, prepared = db.fetchval, Schema.prepared

        async def noted(sql: str, arguments: Any) -> Any:
            self.statements.append(sql)
            return await fetchval(sql, arguments)

        async def sometimes(schema: Schema, *asked: Any) -> Any:
            return None if self._executed else await prepared(schema, *asked)

        db.fetchval = noted  # type: ignore[method-assign]
        Schema.prepared = sometimes  # type: ignore[method-assign, assignment]
        try:
            yield
        finally:
            db.fetchval = fetchval  # type: ignore[method-assign]
            Schema.prepared = prepared  # type: ignore[method-assign]

    def prove(
        self, viewers: tuple[str, ...], roots: tuple[str, ...], nodes: tuple[str, ...], *, examples: int, first: int
    ) -> None:
        """Asks so many questions, those with variables twice and the second time with other ones.

        Raises Differs with the smallest one whose answers are not the same.
        """

        @seed(first)
        @settings(
            max_examples=examples,
            database=None,
            deadline=None,
            phases=[Phase.generate],  # `smaller` knows better than hypothesis how to shrink a document
            suppress_health_check=list(HealthCheck),  # large documents are the point
        )
        @given(documents(roots, nodes), st.integers(0, 2**64))
        def one(document: DocumentNode, number: int) -> None:
            random = Random(number)  # noqa: S311 (of the example, not of a secret)
            viewer, at = random.choice(viewers), random.choice(MOMENTS)
            question = twisted(document, random, self._pools[viewer])
            self.tally.counts["not valid"] += not question.valid
            assume(question.valid)
            self._checked(question, viewer, at, random)
            if question.variables:
                other = viewer if random.randrange(4) else random.choice(viewers)
                self._checked(self._again.asked(question, random), other, random.choice(MOMENTS), random)

        one()

    def _checked(self, question: Question, viewer: str, at: datetime, random: Random) -> None:
        """Raises Differs."""
        self._executed = not random.randrange(3)
        self.tally.counts["executed"] += self._executed
        try:
            wrong = self.differs(question, viewer, at)
        except Exception as error:
            raise Differs(question, viewer, at, "cannot be compared") from error
        if wrong:
            raise self._smallest(question, viewer, at)

    def _smallest(self, question: Question, viewer: str, at: datetime) -> Differs:
        tally, self.tally = self.tally, Tally()  # of what is tried now nothing counts
        small = smaller(question, lambda less: self.differs(less, viewer, at) is not None)
        said, self.tally = self.differs(small, viewer, at), tally
        return Differs(small, viewer, at, said or "not the second time")

    def differs(self, question: Question, viewer: str, at: datetime) -> str | None:
        """What is not the same, or None."""
        self.watch.at = at
        body = {"query": question.text, "variables": question.variables, "operationName": question.operation}
        headers = {"authorization": f"Bearer {self._tokens[viewer, at]}"} if viewer in NAMES else {}
        self.statements.clear()
        response = self.http.post("/graphql", json=body, headers=headers)
        got = json.loads(response.text, parse_int=float, object_pairs_hook=_unique)
        wrong, asked = self._compared(got, question, viewer, at)
        self.tally.note(got, asked)
        return wrong

    def _compared(self, got: Any, question: Question, viewer: str, at: datetime) -> tuple[str | None, Asked]:
        asked = Asked(self.world, self.world.of(User).get(NAMES.get(viewer, "")), SESSIONS.get(viewer), at)
        expected = answer(asked, question.document, question.variables, question.operation)
        return self._judged(got, expected, asked), asked

    def _judged(self, got: dict[str, Any], expected: ExecutionResult, asked: Asked) -> str | None:
        told = got.get("errors", [])
        codes = {error["extensions"]["code"] for error in told}
        if "QUERY_TOO_COMPLEX" in codes:
            return None
        if expected.errors and expected.data is None and not asked.refused:
            right = "data" not in got and codes == {"VALIDATION_ERROR"}
            return None if right else f"expected a refusal: {expected.errors}\ngot: {got}"
        if wrong := _wrong_errors(told, asked):
            return wrong
        wanted = None if asked.nothing else expected.data
        if (a := json.dumps(got.get("data", "none"))) != (b := canonical(wanted)):
            return f"expected: {b}\ngot:      {a}"
        unsettled, self._unsettled = self._unsettled, asked.nothing  # other fields may be read even after the answer
        if len(self.statements) != asked.statements and not (asked.nothing or unsettled):
            return f"expected {asked.statements} statements, got {len(self.statements)}"
        return None


def _wrong_errors(told: list[Any], asked: Asked) -> str | None:
    """Each root field tells one of the errors that it has; where nothing remains, one field tells one of its own."""
    where = [error.get("path") for error in told]
    if asked.nothing:
        right = bool(told) and all(path and path[0] in asked.refused for path in where)
    else:
        right = sorted(map(str, where)) == sorted(str([key]) for key in asked.refused) or len(told) == MOST_TOLD
    for error in told if right else ():
        extensions = error["extensions"]
        right = right and Refusal(extensions["code"], extensions.get("details")) in asked.refused[error["path"][0]]
    return None if right else f"expected errors: {asked.refused}\ngot: {told}"


def _tells(value: Any) -> bool:
    """Whether there is more in an answer than names of types, zeros and nothing."""
    if isinstance(value, dict | list):
        return any(map(_tells, value.values() if isinstance(value, dict) else value))
    return bool(value) and value not in SCHEMA.type_map


def canonical(value: Any) -> str:
    """JSON with the order of keys kept, where 1 and 1.0 are the same and true is not."""
    return json.dumps(json.loads(json.dumps(value), parse_int=float))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len(dict(pairs)) == len(pairs), f"a key comes twice: {pairs}"
    return dict(pairs)
