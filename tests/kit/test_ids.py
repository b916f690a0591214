"""Ids say what they name and sort by the time of their making."""

import re
import time

import pytest

from kit.ids import new_id, prefix_of, uuid7


def test_an_id_is_its_prefix_and_32_hex_digits() -> None:
    assert re.fullmatch(r"task_[0-9a-f]{32}", new_id("task"))


def test_it_has_the_version_and_variant_of_a_uuid7() -> None:
    for _ in range(1_000):
        digits = uuid7()
        assert digits[12] == "7"
        assert digits[16] in "89ab"


def test_it_begins_with_unix_milliseconds() -> None:
    before = time.time_ns() // 1_000_000
    made = int(uuid7()[:12], 16)
    assert before <= made <= time.time_ns() // 1_000_000


def test_ids_sort_by_the_millisecond_of_their_making(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    for milliseconds in range(1_790_000_000_000, 1_790_000_000_300):
        monkeypatch.setattr(time, "time_ns", lambda at=milliseconds: at * 1_000_000)
        made.append(new_id("task"))
    assert made == sorted(made)


def test_the_time_fills_its_48_bits_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: ((1 << 48) - 1) * 1_000_000)
    digits = uuid7()
    assert len(digits) == 32
    assert digits.startswith("ffffffffffff7")


def test_ten_thousand_made_at_once_all_differ() -> None:
    assert len({uuid7() for _ in range(10_000)}) == 10_000


def test_the_prefix_of_an_id_is_its_type() -> None:
    assert prefix_of(new_id("task")) == "task"
    assert prefix_of(new_id("session")) == "session"


DIGITS = "0197c0ffee00" + "7" + "0" * 19


@pytest.mark.parametrize(
    "text",
    [
        "",
        "task",
        "task_",
        f"_{DIGITS}",
        DIGITS,
        f"task_{DIGITS[1:]}",
        f"task_{DIGITS}0",
        f"task_{DIGITS.upper()}",
        f"Task_{DIGITS}",
        f"task-{DIGITS}",
        f"task_{DIGITS}\n",
        f" task_{DIGITS}",
        f"task_{'g' * 32}",
        f"task_task_{DIGITS}",
        f"tâche_{DIGITS}",
        "task_" + "٣" * 32,
    ],
)
def test_what_is_not_an_id_has_no_prefix(text: str) -> None:
    assert prefix_of(text) is None
