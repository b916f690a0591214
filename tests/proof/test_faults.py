"""Faults that the server had, each as small as it can be asked."""

import asyncio
from typing import Any

import pytest

from tests.proof.proving import Prover
from tests.proof.rows.accounts import MOMENTS, id_of
from tests.proof.twists import Question

OCTOBER, _ = MOMENTS
HALF = id_of("task", 9)  # due at half a second past, every day


async def differs(prover: Prover, text: str, **variables: Any) -> str | None:
    """As Dora asks in October, what is not as it should be."""
    return await asyncio.to_thread(prover.differs, Question(text, variables, None), "dora", OCTOBER)


@pytest.mark.parametrize("skipped", ["@skip(if: true)", "@include(if: false)"])
async def test_the_arguments_of_a_skipped_field_do_not_matter(prover: Prover, skipped: str) -> None:
    assert (
        await differs(
            prover, f"{{ tasks {{ totalCount nodes {{ id subtasks(first: 0) {skipped} {{ totalCount }} }} }} }}"
        )
        is None
    )


async def test_the_arguments_of_a_field_of_another_type_do_not_matter(prover: Prover) -> None:
    label = id_of("label", 1)
    text = f'{{ node(id: "{label}") {{ id ... on Task {{ subtasks(first: 0) {{ totalCount }} }} }} }}'
    assert await differs(prover, text) is None


@pytest.mark.parametrize("words", ["bread", "milk—bread", "t panic"])
async def test_punctuation_of_any_script_parts_words(prover: Prover, words: str) -> None:
    assert await differs(prover, f'{{ tasks(filter: {{search: "{words}"}}) {{ nodes {{ id title }} }} }}') is None


async def test_a_day_begins_with_the_first_of_two_midnights(prover: Prover) -> None:
    assert await differs(prover, '{ taskCounts(filter: {timeZone: "Atlantic/Azores"}) { today } }') is None


async def test_a_moment_is_written_in_one_way(prover: Prover) -> None:
    assert await differs(prover, f'{{ task(id: "{HALF}") {{ dueAt occurrences(first: 1) }} }}') is None


@pytest.mark.parametrize("switch", ["skip", "include"])
async def test_a_switch_must_not_be_null(prover: Prover, switch: str) -> None:
    assert (
        await differs(prover, f"query ($it: Boolean = true) {{ me {{ id name @{switch}(if: $it) }} }}", it=None) is None
    )
