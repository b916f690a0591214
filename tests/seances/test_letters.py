"""Answers are spelled at one pace for all, and whoever comes late can tell where the planchette is."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from resolvers.seances.letters import LONGEST, SHORTEST, begins_at, ends_at, planchette, spelled_since, timing

MIDNIGHT = datetime(2026, 11, 22, tzinfo=UTC)


def after(ms: float) -> datetime:
    return MIDNIGHT + timedelta(milliseconds=ms)


def test_letters_are_even_and_spaces_and_punctuation_longer() -> None:
    assert timing("I AM, HERE!") == [200, 400, 200, 200, 500, 400, 200, 200, 200, 200, 700]


def test_a_character_is_a_code_point() -> None:
    assert timing("e\u0301\U0001f47b") == [200, 200, 200]


@given(st.text(max_size=1_000))
def test_of_any_text_each_character_has_its_time_and_the_whole_no_more_than_a_minute(text: str) -> None:
    found = timing(text)
    assert len(found) == len(text)
    assert all(ms >= SHORTEST for ms in found)
    assert sum(found) <= LONGEST
    assert found == timing(text)


@given(st.text(alphabet="A .", min_size=300, max_size=1_000))
def test_what_is_hastened_keeps_its_rests(text: str) -> None:
    of = dict(zip(text, timing(text), strict=True))
    assert of.get("A", 0) <= of.get(" ", LONGEST) <= LONGEST
    assert of.get(" ", 0) <= of.get(".", LONGEST)


def test_a_thousand_stops_take_a_minute() -> None:
    assert timing("." * 1_000) == [60] * 1_000
    assert set(timing("." * 999 + "A")) == {37, 60}


@pytest.mark.parametrize(
    ("ms", "spelled"), [(-1_500, 0), (0, 0), (199.9, 0), (200, 1), (599, 1), (600, 2), (799, 2), (800, 3), (10**9, 3)]
)
def test_the_planchette_is_where_its_time_says(ms: float, spelled: int) -> None:
    assert planchette(timing("A B"), MIDNIGHT, after(ms)) == spelled


@given(st.lists(st.integers(SHORTEST, 700), max_size=300), st.integers(0, 300))
def test_whoever_comes_late_is_in_step_with_who_has_counted_from_the_start(paces: list[int], number: int) -> None:
    begun = [after(sum(paces[:index])) for index in range(len(paces))]
    if number < len(paces):
        assert planchette(paces, MIDNIGHT, begun[number]) == number
    assert planchette(paces, MIDNIGHT, ends_at(paces, MIDNIGHT)) == len(paces)


def test_an_answer_waits_for_the_one_before_it_but_not_for_ever() -> None:
    assert begins_at(MIDNIGHT, None) == after(1_500)
    assert begins_at(MIDNIGHT, after(-10_000)) == after(1_500)
    assert begins_at(MIDNIGHT, after(9_000)) == after(10_000)
    assert begins_at(MIDNIGHT, after(119_001)) == after(120_000)
    assert ends_at(timing("." * 1_000), begins_at(spelled_since(MIDNIGHT), after(10**9))) == MIDNIGHT
