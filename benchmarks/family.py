"""What a large family costs: 500 people, 5,000 gifts, 20,000 items on 600 lists, beside another such family.

Everything is asked over HTTP, one request after the other, by somebody who gives and by the person from whom a quarter
of all is kept. Beside it stands the time of the very statement on a connection of asyncpg, with nothing around it.
"""

import time
from statistics import median
from typing import Any

import asyncpg

from benchmarks import family_rows
from benchmarks.capture import restored
from benchmarks.commands import servers
from benchmarks.family_questions import QUESTIONS, Question
from benchmarks.family_rows import Family
from benchmarks.figures import Verdict
from benchmarks.rows import PASSWORD
from benchmarks.running import SIGN_IN, Running, running
from benchmarks.stage import Stage, prepared
from benchmarks.statements import listening
from benchmarks.tables import number, table

WARM, MEASURED = 3, 20  # requests of a question
LIMIT = 300  # milliseconds (GI-37)


async def measured(stage: Stage) -> list[dict[str, Any]]:
    """A row per viewer and question; times in milliseconds. Raises Unfit."""
    database, viewer = await prepared(stage, "family")
    began, found = time.monotonic(), []
    async with database.connected() as connection:
        family = await family_rows.seed(connection)
        print(f"a family: filled in {time.monotonic() - began:.0f} s", flush=True)
        for who, email in (("giver", family.giver), ("recipient", family.recipient)):
            with listening(stage, database, viewer) as heard:
                _sign_in(heard.parlor, email)
                given = [(one, _variables(one, heard.parlor, family)) for one in QUESTIONS]
                statements = [heard.statement(one.text, variables) for one, variables in given]
            with running(servers()[0], stage, database, viewer) as parlor:
                _sign_in(parlor, email)
                for (one, variables), statement in zip(given, statements, strict=True):
                    times = _asked(parlor, one, variables)
                    alone = await _alone(connection, statement.sql, [restored(value) for value in statement.arguments])
                    row = {"question": one.name, "viewer": who, "p50": median(times), "p95": _p95(times)}
                    print(f"  {who}, {one.name}: {row['p50']:.1f} ms, p95 {row['p95']:.1f}", flush=True)
                    found.append(row | {"statement": median(alone)})
    return found


def _sign_in(parlor: Running, email: str) -> None:
    token = parlor.ask(SIGN_IN, {"who": email, "password": PASSWORD})["login"]["accessToken"]
    parlor.headers["authorization"] = f"Bearer {token}"


def _variables(one: Question, parlor: Running, family: Family) -> dict[str, Any]:
    """With the cursor of the first page, where the second is asked for."""
    given = one.variables(family)
    if one.deep:
        (page,) = parlor.ask(one.text, given).values()
        given["after"] = page["pageInfo"]["endCursor"]
    return given


def _asked(parlor: Running, one: Question, variables: dict[str, Any]) -> list[float]:
    times = []
    for _ in range(WARM + MEASURED):
        began = time.perf_counter()
        parlor.ask(one.text, variables)
        times.append((time.perf_counter() - began) * 1000)
    return times[WARM:]


async def _alone(connection: asyncpg.Connection, sql: str, arguments: list[Any]) -> list[float]:
    times = []
    for _ in range(WARM + MEASURED):
        began = time.perf_counter()
        await connection.fetchval(sql, *arguments)
        times.append((time.perf_counter() - began) * 1000)
    return times[WARM:]


def _p95(times: list[float]) -> float:
    return sorted(times)[int(len(times) * 0.95) - 1]


def verdicts(found: list[dict[str, Any]]) -> list[Verdict]:
    if not found:
        return []
    slowest = max(found, key=lambda row: float(row["p95"]))
    told = f"{slowest['p95']:.0f} ms ({slowest['question']})"
    return [Verdict(f"a family of 500: every p95 under {LIMIT} ms", told, slowest["p95"] < LIMIT)]


def told(found: list[dict[str, Any]]) -> str:
    by = {(row["question"], row["viewer"]): row for row in found}
    rows = []
    for question in dict.fromkeys(row["question"] for row in found):
        of = [by[question, "giver"], by[question, "recipient"]]
        rows.append([question, *(number(row[name], 1) for row in of for name in ("p50", "p95", "statement"))])
    head = ["", "giver p50", "p95", "statement", "recipient p50", "p95", "statement"]
    return (
        f"### A large family\n\n{table(head, rows)}\n\nMilliseconds. *statement*: what it takes PostgreSQL alone (p50)."
    )
