"""Whatever is sent: no 5xx, no traceback in the log, no text of an exception in an answer, no connection that hangs."""

import json
import os
import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from kit.settings import Settings
from server.demo import PEOPLE
from tests.conftest import url_of
from tests.fuzz.given import bodies, calls, frames
from tests.server.processes import Running, serving

SECONDS = float(os.environ.get("FUZZ_SECONDS") or 20)  # for each of three; CI fuzzes a minute
SEED = int(os.environ.get("SEED") or 20_261_121)
PATIENCE = 10  # seconds until an answer that must come counts as missing
STATUS = {200, 400, 403, 404, 405, 406, 408, 413, 414, 415, 421, 429, 431}
CODES = re.compile(
    "UNAUTHENTICATED|FORBIDDEN|([A-Z]+_)+NOT_FOUND|VALIDATION_ERROR|CONFLICT|RATE_LIMITED|QUERY_TOO_COMPLEX"
)
CLOSES = {1002, 1003, 1007, 1009, 4400, 4401, 4403, 4409, 4429}
OURS = re.compile(r"Traceback|asyncpg|sqlalchemy|graphql\.|\.py\b|Error\(|<class|object at 0x", re.IGNORECASE)
fuzzing = settings(
    max_examples=50,
    phases=[Phase.generate],  # a failure is told as it came: to make it smaller would take minutes
    deadline=None,
    database=None,
    suppress_health_check=[*HealthCheck],
    print_blob=True,
)


@pytest.fixture(scope="module")
def running(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """A process of its own, so that its log is all that it says."""
    data = tmp_path_factory.mktemp("fuzz") / "data"
    named = {"DATABASE_URL": url_of(settings), "JWT_SECRET": "a secret of the fuzz tests, long"}
    with serving(data, "--demo", **named) as one:
        yield one
        assert one.ask("{ __typename }") == {"data": {"__typename": "Query"}}, "it still answers"
        assert one.process.poll() is None
        said = one.said
        assert "Traceback" not in said, said[-5_000:]
        assert not re.search(r"\[(error|critical) *\]|\bERROR\b", said), said[-5_000:]


@pytest.fixture(scope="module")
def token(running: Running) -> str:
    return running.token([*PEOPLE][-1])


def for_a_while(test: Callable[[], None]) -> None:
    """Fifty examples at a time, others each time."""
    until, number = time.monotonic() + SECONDS, SEED
    while time.monotonic() < until:
        seed(number)(test)()
        number += 1


def told_well(errors: list[Any]) -> None:
    for error in errors:
        assert CODES.fullmatch(error["extensions"]["code"]), error
        assert not OURS.search(error["message"]), error
        assert len(error["message"]) < 2_000


def closed_well(closed: ConnectionClosed) -> None:
    assert closed.rcvd is not None, "it dropped without a close frame"
    assert closed.rcvd.code in CLOSES, closed.rcvd
    assert not OURS.search(closed.rcvd.reason)


def test_bodies(running: Running, token: str) -> None:
    headers = st.fixed_dictionaries(
        {},
        optional={
            "content-type": st.sampled_from(
                ["application/json"] * 8 + ["application/json; charset=utf-16", "text/plain", ";"]
            ),
            "accept": st.sampled_from(
                [
                    "application/graphql-response+json",
                    "text/event-stream",
                    "multipart/mixed;subscriptionSpec=1.0",
                    "*/*",
                    ",;q=x",
                ]
            ),
            "authorization": st.sampled_from(
                [f"Bearer {token}"] * 3 + ["Bearer", "Basic eDp5", "Bearer ..", "Bearer " + "x" * 3_000]
            ),
            "idempotency-key": st.sampled_from(["", "a", "x" * 300, '"']),
        },
    )
    with httpx2.Client(base_url=running.url, timeout=PATIENCE) as http:

        @fuzzing
        @given(st.sampled_from(["POST"] * 8 + ["PUT", "GET"]), bodies, headers, st.booleans())
        def any_body(method: str, body: bytes, headers: dict[str, str], plain: bool) -> None:
            headers = {"content-type": "application/json"} | headers if plain else headers
            with http.stream(method, "/graphql", content=body, headers=headers) as response:
                assert response.status_code in STATUS, (response.status_code, response.read())
                if response.headers["content-type"].startswith("application/"):
                    answer = json.loads(response.read())
                    assert response.status_code != 200 or answer.keys() <= {"data", "errors", "extensions"}
                    told_well(answer.get("errors", []))

        for_a_while(any_body)


def test_variables(running: Running, token: str) -> None:
    with httpx2.Client(base_url=running.url, timeout=PATIENCE, headers={"authorization": f"Bearer {token}"}) as http:

        @fuzzing
        @given(calls())
        def any_call(call: dict[str, Any]) -> None:
            body = json.dumps(call).encode()
            response = http.post("/graphql", content=body, headers={"content-type": "application/json"})
            assert response.status_code in STATUS, response.text
            told_well(response.json().get("errors", []))

        for_a_while(any_call)


def test_frames(running: Running, token: str) -> None:
    init = json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {token}"}})

    @fuzzing
    @given(frames, st.booleans())
    def any_frames(given: list[str | bytes], begun: bool) -> None:
        protocol = [Subprotocol("graphql-transport-ws")]
        with connect(f"{running.url.replace('http', 'ws')}/graphql", subprotocols=protocol, proxy=None) as socket:
            try:
                for frame in [*([init] if begun else []), *given, '{"type":"ping","payload":{"last":1}}']:
                    socket.send(frame)
                while (message := json.loads(socket.recv(PATIENCE))) != {"type": "pong", "payload": {"last": 1}}:
                    if message["type"] == "error":
                        told_well(message["payload"])
                    elif message["type"] == "next":
                        told_well(message["payload"].get("errors", []))
            except ConnectionClosed as closed:
                closed_well(closed)

    for_a_while(any_frames)
