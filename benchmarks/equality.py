"""Nobody is timed before they have given the same answers as Parlor."""

import difflib
import json
from typing import Any

from benchmarks.cases import Case, normalised
from benchmarks.rows import Rows
from benchmarks.running import Running, Unfit
from benchmarks.stage import Database

CHECKED = 5  # calls of each case
TITLE = "As everybody must answer"


async def answers(running: Running, case: Case, rows: Rows, database: Database) -> list[Any]:
    """What a server answers to the first calls of a case, in Parlor's shape."""
    text = case.generated if running.server.generated else case.text
    found = []
    for variables in case.calls(rows)[:CHECKED]:
        if case.writes:
            found.append(await _written(running, case, text, variables["id"], database))
        else:
            found.append(normalised(running.ask(text, variables)[case.key], case.key))
    return found


async def _written(running: Running, case: Case, text: str, id: str, database: Database) -> Any:
    """The answer of a mutation of a row that is as if nobody had changed it, and what then is in the row."""
    async with database.connected() as connection:
        await connection.execute(
            "update task set title = 'As it was', version = 1, updated_at = created_at where id = $1", id
        )
        answer = running.ask(text, {"id": id, "input": {"title": TITLE}})[case.key]
        kept = await connection.fetchrow(
            "select title, version, updated_at > created_at as later from task where id = $1", id
        )
    return [normalised(answer, case.key), dict(kept or {})]


def require(running: Running, case: Case, expected: list[Any], found: list[Any]) -> None:
    """Raises Unfit with the difference."""
    if found == expected:
        return
    wanted, got = (json.dumps(one, indent=1, sort_keys=True).splitlines() for one in (expected, found))
    told = list(difflib.unified_diff(wanted, got, "Parlor", running.server.title, lineterm="", n=2))[:60]
    raise Unfit(f"{running.server.title} answers '{case.title}' otherwise than Parlor:\n" + "\n".join(told))
