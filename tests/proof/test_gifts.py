"""Lists, what is on them and what givers do: to whom it is for it is as if nobody had done anything."""

from tests.proof.asking import Round, ask, each, were_worth_asking
from tests.proof.proving import Prover

PEOPLE = ("ida", "ida", "ida", "gus", "gus", "dora", "gina", "max", "sam", "ada")
ALL = ("list", "lists", "listItem", "listItems", "gift", "gifts", "personHistory", "myGivings", "node", "nodes")


@each(
    Round("lists", 15, PEOPLE, ("list", "lists")),
    Round("items", 28, PEOPLE, ("listItem", "listItems")),
    Round("gifts", 15, PEOPLE, ("gift", "gifts")),
    Round("received", 8, PEOPLE, ("personHistory",)),
    Round("given", 10, PEOPLE, ("myGivings",)),
    Round(
        "any of several types", 16, PEOPLE, ("node", "nodes"), ("ListItem", "Giving", "Claim", "Contribution", "Gift")
    ),
    Round("all together", 8, (*PEOPLE, "nobody"), ALL, ("GiftList", "GiftPrice", "Claim", "Activity")),
)
async def test_the_reader_answers_as_the_naive_executor_does(prover: Prover, round: Round) -> None:
    await ask(prover, round)


async def test_the_questions_were_worth_asking(prover: Prover) -> None:
    were_worth_asking(prover)
