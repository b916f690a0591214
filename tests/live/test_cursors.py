"""Cursors are opaque: read by the server that wrote them, and telling clients nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from live.cursors import MalformedCursor, epoch_of, opened, sealed
from live.log import State
from live.positions import START, Position

SECRET = "5eb63bbbe01eeed093cb22bb8f5acdc3"
NUMBERS = st.integers(0, (1 << 63) - 1)


@given(xid=NUMBERS, id=NUMBERS)
def test_a_cursor_is_read_as_it_was_written(xid: int, id: int) -> None:
    text = sealed("abc123", SECRET, Position(xid, id))
    assert (epoch_of(text), opened(SECRET, text)) == ("abc123", Position(xid, id))


def test_neighbours_have_nothing_in_common() -> None:
    """Otherwise the difference of two cursors would tell how much others have written in between."""
    texts = [sealed("abc123", SECRET, Position(700, id)).rpartition("-")[2] for id in range(1000)]
    assert len({text[:8] for text in texts}) == 1000
    assert len({text[-8:] for text in texts}) == 1000


def test_a_cursor_of_another_epoch_has_no_position() -> None:
    state = State("abc123", START, SECRET)
    assert state.opened(sealed("another1234", "another secret", Position(1, 2))) is None


@pytest.mark.parametrize(
    "text",
    [
        *("", "-", "abc123", "abc123-", "abc123-1", "abc123-1-2", "-" + "0" * 32, "abc-" + "0" * 32),
        *("ABC123-" + "0" * 32, "abc123-" + "F" * 32, "abc123-" + "0" * 33, "abc123-" + "g" * 32, "x" * 10_000),
        *("abc123-" + "0" * 32 + "\n", " abc123-" + "0" * 32, "é" * 6 + "-" + "0" * 32, "\x00"),
    ],
)
def test_anything_else_is_malformed(text: str) -> None:
    with pytest.raises(MalformedCursor):
        epoch_of(text)


def test_a_number_that_no_position_has_is_malformed() -> None:
    with pytest.raises(MalformedCursor):
        opened(SECRET, sealed("abc123", SECRET, Position(1 << 63, 1)))
