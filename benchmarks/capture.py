"""Parlor's command line with an ear at the driver: each statement and its arguments go to a file, a line each.

Run in a process of its own and never while anything is timed: `python -m benchmarks.capture FILE serve --port …`.
"""

import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import asyncpg
import orjson


def listen(file: Path) -> None:
    """Every connection that asyncpg makes from now on gets asyncpg's own query logger."""
    made = asyncpg.Connection.__init__
    lines = file.open("ab", buffering=0)

    def heard(query: Any) -> None:
        told = {"sql": query.query, "arguments": [_told(value) for value in query.args or ()]}
        lines.write(orjson.dumps(told) + b"\n")

    def make(connection: asyncpg.Connection, *arguments: Any, **more: Any) -> None:
        made(connection, *arguments, **more)
        connection.add_query_logger(heard)

    asyncpg.Connection.__init__ = make  # type: ignore[assignment, method-assign]


def _told(value: Any) -> Any:
    return {"moment": value} if isinstance(value, datetime) else value


def restored(value: Any) -> Any:
    """An argument from its line in the file."""
    return datetime.fromisoformat(value["moment"]) if isinstance(value, dict) else value


if __name__ == "__main__":
    listen(Path(sys.argv.pop(1)))
    from server.cli import main

    main()
