"""Accounts and tasks: whatever may be asked is answered alike, by one statement per root field."""

from tests.proof.asking import Round, ask, each, were_worth_asking
from tests.proof.proving import Prover

PEOPLE = ("dora", "dora", "dora", "dora", "sam", "sam", "ada", "ida")
NODES = ("User", "Session", "Task", "Label")
ALL = ("me", "user", "sessions", "presence", "task", "tasks", "taskCounts", "label", "labels", "find", "node", "nodes")


@each(
    Round("tasks", 40, PEOPLE, ("tasks",)),
    Round("task", 22, PEOPLE, ("task",)),
    Round("any of several types", 12, PEOPLE, ("node", "nodes", "find"), NODES),
    Round("presence", 3, PEOPLE, ("presence",)),
    Round("all together", 18, PEOPLE, ALL, NODES),
    Round("users", 3, ("ada",), ("users",)),
    Round("refused", 2, ("nobody", "dora", "ida"), ("users", *ALL), NODES),
)
async def test_the_reader_answers_as_the_naive_executor_does(prover: Prover, round: Round) -> None:
    await ask(prover, round)


async def test_the_questions_were_worth_asking(prover: Prover) -> None:
    were_worth_asking(prover)
