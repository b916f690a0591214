"""Whatever may be asked is answered as the naive executor answers it, by one statement per root field."""

import asyncio
import os

import pytest

from tests.proof.executor import SCHEMA
from tests.proof.proving import Prover

PEOPLE = ("dora", "dora", "dora", "dora", "sam", "sam", "ada", "ida")
assert SCHEMA.query_type is not None
ALL = tuple(name for name in SCHEMA.query_type.fields if name != "users")  # which are for administrators

# CI asks 600 questions, always the same ones; `make proof EXAMPLES=50000 SEED=1` asks more and others.
# Six documents make ten of them, because those with variables are asked twice.
EXAMPLES = int(os.environ.get("EXAMPLES") or 600)
SEED = int(os.environ.get("SEED") or 20_261_121)


@pytest.mark.parametrize(
    ("viewers", "roots", "percent"),
    [
        pytest.param(PEOPLE, ("tasks",), 40, id="tasks"),
        pytest.param(PEOPLE, ("task",), 22, id="task"),
        pytest.param(PEOPLE, ("node", "nodes", "find"), 12, id="any of several types"),
        pytest.param(PEOPLE, ("presence",), 3, id="presence"),
        pytest.param(PEOPLE, ALL, 18, id="all together"),
        pytest.param(("ada",), ("users",), 3, id="users"),
        pytest.param(("nobody", "dora", "ida"), ("users", *ALL), 2, id="refused"),
    ],
)
async def test_the_reader_answers_as_the_naive_executor_does(
    prover: Prover, viewers: tuple[str, ...], roots: tuple[str, ...], percent: int
) -> None:
    await asyncio.to_thread(prover.prove, viewers, roots, examples=EXAMPLES * percent * 6 // 1_000, first=SEED)


async def test_the_questions_were_worth_asking(prover: Prover) -> None:
    if prover.tally.counts["asked"] < 0.9 * EXAMPLES:
        pytest.skip("not all of the above were asked")
    assert prover.tally.counts["asked"] >= EXAMPLES
    assert prover.tally.share("without errors") > 2 / 3
    assert prover.tally.share("too complex") < 0.02
