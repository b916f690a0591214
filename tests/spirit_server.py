"""A provider of language models on the loopback: it speaks as OpenAI does, at /messages as Anthropic does.

async with spirit_server() as spirits:
    spirits.replies = [stalls("YES", " MY"), answers("NO")]  # one for each request; the last one for all further
    settings = with_spirit(settings, spirits)
    ...
    await spirits.hung_up.wait()  # a client closed the connection before it had its answer
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import SecretStr

from kit.llm.settings import LanguageModelSettings, Provider

KEY = "sk-hush-4f2a9c81d6"
INPUT_TOKENS, OUTPUT_TOKENS = 100, 20

S = TypeVar("S", bound=LanguageModelSettings)


@dataclass(frozen=True)
class Asked:
    """One request, as it came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Wire:
    """The answer to one request, in the manner of OpenAI."""

    def __init__(self, writer: asyncio.StreamWriter, asked: Asked) -> None:
        self.writer = writer
        self.asked = asked

    def head(self, status: str = "200 OK", kind: str = "text/event-stream", more: str = "") -> None:
        self.writer.write(f"HTTP/1.1 {status}\r\ncontent-type: {kind}\r\nconnection: close\r\n{more}".encode())

    def whole(self, body: str, status: str = "200 OK", kind: str = "application/json", more: str = "") -> None:
        self.head(status, kind, f"{more}content-length: {len(body.encode())}\r\n\r\n")
        self.writer.write(body.encode())

    async def raw(self, text: str) -> None:
        """One chunk (RFC 9112, section 7.1)."""
        self.writer.write(f"{len(text.encode()):x}\r\n{text}\r\n".encode())
        await self.writer.drain()

    async def event(self, data: Any, name: str = "") -> None:
        await self.raw((f"event: {name}\n" if name else "") + f"data: {json.dumps(data)}\n\n")

    async def begin(self) -> None:
        self.head(more="transfer-encoding: chunked\r\n\r\n")

    async def piece(self, text: str) -> None:
        await self.chunk([{"index": 0, "delta": {"role": "assistant", "content": text}, "finish_reason": None}])

    async def end(self, reason: str = "stop") -> None:
        await self.chunk([{"index": 0, "delta": {}, "finish_reason": reason}])
        total = INPUT_TOKENS + OUTPUT_TOKENS
        usage = {"prompt_tokens": INPUT_TOKENS, "completion_tokens": OUTPUT_TOKENS, "total_tokens": total}
        await self.chunk([], usage=usage)
        await self.raw("data: [DONE]\n\n")
        await self.close()

    async def close(self) -> None:
        self.writer.write(b"0\r\n\r\n")

    async def error(self, message: str) -> None:
        await self.event({"error": {"message": message, "type": "server_error", "code": None}})

    async def chunk(self, choices: list[Any], **more: Any) -> None:
        named = {"id": "1", "object": "chat.completion.chunk", "created": 1, "model": self.asked.body.get("model")}
        await self.event({**named, "choices": choices, **more})


class AnthropicWire(Wire):
    async def begin(self) -> None:
        await super().begin()
        usage = {"input_tokens": INPUT_TOKENS, "output_tokens": 1}
        message = {"id": "1", "type": "message", "role": "assistant", "model": self.asked.body["model"], "content": []}
        started = {**message, "stop_reason": None, "stop_sequence": None, "usage": usage}
        await self.event({"type": "message_start", "message": started}, "message_start")
        block = {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}}
        await self.event(block, "content_block_start")

    async def piece(self, text: str) -> None:
        delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": text}}
        await self.event(delta, "content_block_delta")

    async def end(self, reason: str = "end_turn") -> None:
        await self.event({"type": "content_block_stop", "index": 0}, "content_block_stop")
        delta = {"stop_reason": reason, "stop_sequence": None}
        told = {"type": "message_delta", "delta": delta, "usage": {"output_tokens": OUTPUT_TOKENS}}
        await self.event(told, "message_delta")
        await self.event({"type": "message_stop"}, "message_stop")
        await self.close()

    async def error(self, message: str) -> None:
        await self.event({"type": "error", "error": {"type": "api_error", "message": message}}, "error")


Reply = Callable[[Wire], Awaitable[None]]


def answers(*pieces: str, reason: str | None = None) -> Reply:
    async def reply(wire: Wire) -> None:
        await begun(wire, pieces)
        await (wire.end() if reason is None else wire.end(reason))

    return reply


def waits(until: asyncio.Event, *pieces: str) -> Reply:
    """The answer comes when the test says so."""

    async def reply(wire: Wire) -> None:
        await until.wait()
        await answers(*pieces)(wire)

    return reply


def stalls(*pieces: str) -> Reply:
    """Nothing comes after these pieces."""

    async def reply(wire: Wire) -> None:
        if pieces:
            await begun(wire, pieces)
        await asyncio.Event().wait()

    return reply


def drips(piece: str, seconds: float) -> Reply:
    """One piece after the other, so far apart, without end."""

    async def reply(wire: Wire) -> None:
        await wire.begin()
        while True:
            await wire.piece(piece)
            await asyncio.sleep(seconds)

    return reply


def breaks(*pieces: str) -> Reply:
    """The connection is cut after these pieces."""

    async def reply(wire: Wire) -> None:
        await begun(wire, pieces)
        wire.writer.transport.abort()

    return reply


def ceases(*pieces: str) -> Reply:
    """The response ends as HTTP wants it, but the answer does not."""

    async def reply(wire: Wire) -> None:
        await begun(wire, pieces)
        await wire.close()

    return reply


def fails(*pieces: str, message: str = f"out of ectoplasm for {KEY}") -> Reply:
    """An error stands in the stream after these pieces."""

    async def reply(wire: Wire) -> None:
        await begun(wire, pieces)
        await wire.error(message)
        await wire.close()

    return reply


def refuses(status: int, message: str = f"Incorrect API key provided: {KEY}", more: str = "") -> Reply:
    async def reply(wire: Wire) -> None:
        body = json.dumps({"type": "error", "error": {"message": message, "type": "x", "code": None}})
        wire.whole(body, f"{status} No", more=more)

    return reply


def writes(body: str, kind: str = "text/event-stream") -> Reply:
    """Whatever it is."""

    async def reply(wire: Wire) -> None:
        wire.whole(body, kind=kind)

    return reply


def babbles(piece: str = "boo ") -> Reply:
    """Without end, as fast as it is read."""

    async def reply(wire: Wire) -> None:
        await wire.begin()
        while True:
            await wire.piece(piece)

    return reply


async def begun(wire: Wire, pieces: Sequence[str]) -> None:
    await wire.begin()
    for piece in pieces:
        await wire.piece(piece)


class SpiritServer:
    """`asked` is what came; `hung_up` is set when a client leaves before its answer has ended."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[Asked] = []
        self.replies: list[Reply] = [answers("YES")]
        self.hung_up = asyncio.Event()
        self.coming = asyncio.Event()  # a request has been read
        self.answering: set[asyncio.Task[Any] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.answering.add(task := asyncio.current_task())
        try:
            asked = await _read(reader)
            reply = self.replies.pop(0) if len(self.replies) > 1 else self.replies[0]
            self.asked.append(asked)
            self.coming.set()
            wire = AnthropicWire if asked.path.endswith("/messages") else Wire
            await self.reply(reply(wire(writer, asked)), reader)
        except (ConnectionError, asyncio.IncompleteReadError):
            self.hung_up.set()
        except asyncio.CancelledError:
            pass  # the test is over
        finally:
            self.answering.discard(task)
            writer.close()

    async def reply(self, replying: Awaitable[None], reader: asyncio.StreamReader) -> None:
        """Until it is done, or the client has gone."""
        speaking, leaving = asyncio.ensure_future(replying), asyncio.ensure_future(reader.read())
        try:
            await asyncio.wait({speaking, leaving}, return_when=asyncio.FIRST_COMPLETED)
            if not speaking.done():
                raise ConnectionResetError
            await speaking
        finally:
            speaking.cancel()
            leaving.cancel()
            await asyncio.gather(speaking, leaving, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked:
    head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in head[1:] if line)}
    body = await reader.readexactly(int(headers.get("content-length", 0)))
    return Asked(head[0].split()[1], headers, json.loads(body or b"{}"))


@asynccontextmanager
async def spirit_server() -> AsyncIterator[SpiritServer]:
    made = SpiritServer()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield made
    finally:
        server.close()
        left = [task for task in made.answering if task is not None]
        for task in left:
            task.cancel()
        await asyncio.gather(*left)
        await server.wait_closed()


def variables(spirits: SpiritServer, **changes: str) -> dict[str, str]:
    """The environment of a process that asks there."""
    named = {"LLM_PROVIDER": "openai", "LLM_MODEL": "gpt-4o-mini", "LLM_API_KEY": KEY, "LLM_BASE_URL": spirits.url}
    return named | changes


def with_spirit(settings: S, spirits: SpiritServer, **changes: Any) -> S:
    """Settings that ask there, and do not wait long."""
    named = {"llm_provider": Provider.OPENAI, "llm_model": "gpt-4o-mini", "llm_api_key": SecretStr(KEY)}
    waits = {"llm_base_url": spirits.url, "llm_seconds": 5.0, "llm_stall_seconds": 2.0}
    return settings.model_copy(update={**named, **waits, **changes})
