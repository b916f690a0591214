"""The floor: what is left of a GraphQL server when there is no GraphQL in it.

A bare ASGI app that knows each operation by its name and runs with asyncpg the very SQL that Parlor runs for it; the
JSON that PostgreSQL wrote goes out in an envelope. No parsing of documents, no validation, no tokens, no limits.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import asyncpg
import orjson
import uvicorn

STATEMENTS: dict[str, dict[str, Any]] = orjson.loads(Path(os.environ["BENCH_STATEMENTS"]).read_bytes())
SESSION = {"TimeZone": "UTC", "jit": "off", "plan_cache_mode": "force_generic_plan"}
free: list[asyncpg.Connection] = []  # asyncpg's own pool costs more than these queries
turns: asyncio.Semaphore


async def app(scope: Any, receive: Any, send: Any) -> None:
    if scope["type"] == "lifespan":
        await _lifespan(receive, send)
        return
    body = b""
    while True:
        message = await receive()
        body += message["body"]
        if not message.get("more_body"):
            break
    json = await _answer(orjson.loads(body))
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(json)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": json})


async def _answer(asked: Any) -> bytes:
    statement = STATEMENTS[asked["operationName"]]
    arguments = [_found(asked, path) if path else value for path, value in statement["arguments"]]
    async with turns:
        connection = free.pop()
        json = await connection.fetchval(statement["sql"], *arguments)
        free.append(connection)
    return b'{"data":{"%s":%s}}' % (statement["key"].encode(), json if isinstance(json, bytes) else json.encode())


def _found(asked: Any, path: list[str]) -> Any:
    for name in path:
        asked = asked[name]
    return asked


async def _lifespan(receive: Any, send: Any) -> None:
    global turns
    await receive()
    turns = asyncio.Semaphore(int(os.environ["BENCH_POOL"]))
    for _ in range(int(os.environ["BENCH_POOL"])):
        connection = await asyncpg.connect(os.environ["DATABASE_URL"], server_settings=SESSION)
        await connection.set_type_codec("json", schema="pg_catalog", format="binary", encoder=bytes, decoder=bytes)
        free.append(connection)
    await send({"type": "lifespan.startup.complete"})
    await receive()
    for connection in free:
        await connection.close()
    await send({"type": "lifespan.shutdown.complete"})


if __name__ == "__main__":
    uvicorn.run(app, port=int(os.environ["PORT"]), access_log=False, log_level="warning", interface="asgi3")
