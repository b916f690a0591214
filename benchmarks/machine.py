"""On what the figures were made: the machine, and the version of everything that took part."""

import json
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.commands import PEERS, node
from benchmarks.processes import cpu_model
from server.postgres import binaries

PYTHON = (
    "ariadne", "aiodataloader", "asyncpg", "broadcaster", "graphql-core", "httptools", "orjson", "sqlalchemy",
    "starlette", "strawberry-graphql", "uvicorn", "uvloop", "websockets",
)  # fmt: skip


def described(tree: Path) -> dict[str, Any]:
    return {"machine": f"{cpu_model()}, {platform.system()} {platform.machine()}", "versions": _versions(tree)}


def _versions(tree: Path) -> dict[str, str]:
    package: dict[str, dict[str, str]] = json.loads((PEERS / "package.json").read_text())
    postgres = _said(str(binaries() / "postgres"), "--version").split()[-1]
    found = {
        "parlor": _said("git", "-C", str(tree), "describe", "--always", "--dirty"),
        "python": platform.python_version(),
        "node": _said(node(), "--version").removeprefix("v"),
        "postgresql": postgres,
    }
    return found | {name: version(name) for name in PYTHON} | package["dependencies"]


def _said(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    return done.stdout.strip() or "unknown"
