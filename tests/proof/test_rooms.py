"""Rooms: who sits there, who left, who was banned and who never came are each answered alike."""

from tests.proof.asking import Round, ask, each, were_worth_asking
from tests.proof.proving import Prover

PEOPLE = ("dora", "sam", "ada", "ida", "gus", "gina", "max")
NODES = ("SeanceParticipant", "SeanceMessage", "SeanceTurn", "SeanceReport", "TokenUsage")
ALL = ("seance", "seances", "seanceMessage", "seanceReports", "node", "nodes", "me", "user", "presence")


@each(
    Round("room", 36, PEOPLE, ("seance",)),
    Round("rooms", 24, PEOPLE, ("seances",)),
    Round("message", 6, PEOPLE, ("seanceMessage",)),
    Round("reports", 8, ("ada",), ("seanceReports",)),
    Round("any of several types", 16, PEOPLE, ("node", "nodes"), NODES),
    Round("all together", 10, (*PEOPLE, "nobody"), ALL, ("Seance", "SeanceInvite", "SeanceReport")),
)
async def test_the_reader_answers_as_the_naive_executor_does(prover: Prover, round: Round) -> None:
    await ask(prover, round)


async def test_the_questions_were_worth_asking(prover: Prover) -> None:
    were_worth_asking(prover)
