"""Rounds of questions, of which each file asks some; so the files can be asked side by side."""

import asyncio
import os
from dataclasses import dataclass

import pytest

from tests.proof.proving import Prover

# CI asks 600 questions in each file, always the same ones; `make proof EXAMPLES=50000 SEED=1` asks more and others.
# Seven documents make ten of them or more, because those with variables are asked twice.
EXAMPLES = int(os.environ.get("EXAMPLES") or 600)
SEED = int(os.environ.get("SEED") or 20_261_121)


@dataclass(frozen=True)
class Round:
    """Who asks for which root fields, and in how many of a hundred questions; nodes may be of these types."""

    name: str
    percent: int
    viewers: tuple[str, ...]
    roots: tuple[str, ...]
    nodes: tuple[str, ...] = ()


def each(*rounds: Round) -> pytest.MarkDecorator:
    assert sum(round.percent for round in rounds) == 100
    return pytest.mark.parametrize("round", [pytest.param(round, id=round.name) for round in rounds])


async def ask(prover: Prover, round: Round) -> None:
    examples = EXAMPLES * round.percent * 7 // 1_000
    await asyncio.to_thread(prover.prove, round.viewers, round.roots, round.nodes, examples=examples, first=SEED)


def were_worth_asking(prover: Prover) -> None:
    if prover.tally.counts["asked"] < 0.9 * EXAMPLES:
        pytest.skip("not all of the above were asked")
    assert prover.tally.counts["asked"] >= EXAMPLES
    assert prover.tally.share("without errors") > 2 / 3
    assert prover.tally.share("too complex") < 0.02
