"""The SQL that Parlor's reader makes for a question: heard at the driver of a Parlor that serves it once."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson

from benchmarks.cases import Case
from benchmarks.commands import servers
from benchmarks.rows import Rows
from benchmarks.running import Running, operation, running
from benchmarks.stage import Database, Stage

PATIENCE = 5  # seconds

# What a mutation costs at the least. Parlor's own does more: it takes turns, locks, checks, and writes an event.
_UPDATE = """update task set title = $2, version = version + 1, updated_at = now()
where id = $1 and owner_id = $3 and trashed_at is null
returning json_build_object('id', id, 'title', title, 'version', version, 'updatedAt', updated_at)::text"""


@dataclass(frozen=True, slots=True)
class Statement:
    sql: str
    arguments: list[Any]


@dataclass(frozen=True, slots=True)
class Heard:
    """A Parlor whose statements can be read after each question."""

    parlor: Running
    file: Path

    def statement(self, text: str, variables: dict[str, Any]) -> Statement:
        """The last one that PostgreSQL answers with JSON; the others look up who asks."""
        before, deadline = self.file.stat().st_size, time.monotonic() + PATIENCE
        self.parlor.ask(text, variables)
        while time.monotonic() < deadline:  # the driver tells of a statement a moment after its answer
            *lines, _ = self.file.read_bytes()[before:].split(b"\n")  # the last may still be written
            told = [orjson.loads(line) for line in lines]
            if found := [one for one in told if "row_to_json" in one["sql"]]:
                return Statement(found[-1]["sql"], found[-1]["arguments"])
            time.sleep(0.05)
        raise LookupError(f"Parlor asked PostgreSQL for no JSON: {told}")


@contextmanager
def listening(stage: Stage, database: Database, viewer: str) -> Iterator[Heard]:
    file = stage.folder / f"statements-{database.name}.jsonl"
    file.touch()
    parlor = next(server for server in servers() if server.name == "parlor")
    words = (parlor.command[0], "-m", "benchmarks.capture", str(file), "serve", "--port")
    with running(replace(parlor, command=words), stage, database, viewer) as made:
        yield Heard(made, file)


def for_the_floor(heard: Heard, cases: tuple[Case, ...], rows: Rows) -> dict[str, Any]:
    """By the operation's name: its SQL, and for each argument either where it lies in the request or its value."""
    found = {}
    for case in cases:
        name = operation(case.text)
        if case.writes:
            paths: list[Any] = [
                [["variables", "id"], None],
                [["variables", "input", "title"], None],
                [None, rows.viewer],
            ]
            found[name] = {"key": case.key, "sql": _UPDATE, "arguments": paths}
            continue
        variables = case.calls(rows)[0]
        statement = heard.statement(case.text, variables)
        places = {value: ["variables", key] for key, value in variables.items()}
        arguments = [[places.get(value) if isinstance(value, str) else None, value] for value in statement.arguments]
        found[name] = {"key": case.key, "sql": statement.sql, "arguments": arguments}
    return found
