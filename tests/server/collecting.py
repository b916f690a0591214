"""A server on the loopback that takes what is sent to it and keeps it: Sentry's place, and a collector's."""

import asyncio
import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import Empty, Queue

SECONDS = 20  # for something to arrive


@dataclass(frozen=True)
class Sent:
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Collector:
    """`url` has no path."""

    url: str
    arrived: Queue[Sent] = field(default_factory=Queue)

    async def next(self) -> Sent:
        return await asyncio.to_thread(self.arrived.get, timeout=SECONDS)

    def rest(self) -> list[Sent]:
        """What has arrived and not been looked at."""
        found = []
        while True:
            try:
                found.append(self.arrived.get_nowait())
            except Empty:
                return found


@contextmanager
def collecting(*, hangs: bool = False) -> Iterator[Collector]:
    """With `hangs` it takes what comes and does not answer until the block ends."""
    over = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            collector.arrived.put(Sent(self.path, dict(self.headers), body))
            if hangs:
                over.wait(SECONDS)
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector = Collector(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        over.set()
        server.shutdown()
        server.server_close()
        thread.join()
