"""Two real clients, a whole evening in a room: they talk, ask the spirit, drop out, come back, send each other away."""

import signal
from pathlib import Path

from tests.clients.playing import Server, played

SAID = [
    ["SYSTEM", "Session created"],
    ["USER", "Good evening; drop the table by the window"],
    ["USER", "<b>Hello</b>"],
    ["USER", "Is anybody there?"],
    ["SPIRIT"],
    ["USER", "One"],
    ["USER", "Two"],
    ["USER", "Three"],
    ["USER", "Good night"],
    ["SYSTEM", "Session ended"],
]


def test_two_clients_play_a_whole_evening_and_hear_all_of_it_in_one_order(tmp_path: Path) -> None:
    server = Server(tmp_path, SEANCE_HOLD_SECONDS="2")
    server.start()
    try:
        assert played("evening", server, seconds=60) == {"transcript": SAID, "both": True}
    finally:
        assert server.end(signal.SIGTERM) == 0
    assert "Traceback" not in server.log.read_text()
