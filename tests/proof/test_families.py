"""Families, their people and occasions, what is said and what happened, and all of it at one glance."""

from tests.proof.asking import Round, ask, each, were_worth_asking
from tests.proof.proving import Prover

PEOPLE = ("ida", "ida", "ida", "gus", "gus", "dora", "gina", "max", "sam", "ada")
NODES = ("Family", "FamilyInvite", "OccasionPerson", "Comment", "Activity")
OF_FAMILIES = ("family", "families", "person", "persons", "occasion", "occasions", "occasionSummary", "dashboard")
ALL: tuple[str, ...] = (*OF_FAMILIES, "comment", "comments", "activity", "node", "nodes", "me", "user")


@each(
    Round("families", 12, PEOPLE, ("family", "families")),
    Round("people", 12, PEOPLE, ("person", "persons")),
    Round("occasions", 18, PEOPLE, ("occasion", "occasions", "occasionSummary")),
    Round("dashboard", 18, PEOPLE, ("dashboard",)),
    Round("comments", 10, PEOPLE, ("comment", "comments")),
    Round("activity", 8, PEOPLE, ("activity",)),
    Round("who looks", 4, PEOPLE, ("presence",)),
    Round("any of several types", 10, PEOPLE, ("node", "nodes"), NODES),
    Round("all together", 8, (*PEOPLE, "nobody"), ALL, ("FamilyMember", "Occasion", "Person")),
)
async def test_the_reader_answers_as_the_naive_executor_does(prover: Prover, round: Round) -> None:
    await ask(prover, round)


async def test_the_questions_were_worth_asking(prover: Prover) -> None:
    were_worth_asking(prover)
