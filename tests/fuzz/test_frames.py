import json

from hypothesis import given
from hypothesis import strategies as st
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.fuzz.fuzzing import OURS, PATIENCE, for_a_while, fuzzing, told_well
from tests.fuzz.given import frames
from tests.server.processes import Running

CLOSES = {1002, 1003, 1007, 1009, 4400, 4401, 4403, 4409, 4429}


def closed_well(closed: ConnectionClosed) -> None:
    assert closed.rcvd is not None, "it dropped without a close frame"
    assert closed.rcvd.code in CLOSES, closed.rcvd
    assert not OURS.search(closed.rcvd.reason)


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
