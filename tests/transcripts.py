"""What is answered to a question, as it came over the wire, so that two worlds can be compared byte for byte.

Only what differs in any two answers is blanked: trace ids, and the moments of errors.
"""

import re
from collections.abc import Iterable, Mapping

from tests.everything import Question
from tests.people import Person

CHANGING = re.compile(r'"(traceId|timestamp)":"[^"]*"')


async def transcript(person: Person, asked: Iterable[Question]) -> dict[str, str]:
    return {f"{q.query}{q.variables}": await answered(person, q) for q in asked}


async def answered(person: Person, question: Question) -> str:
    body = {"query": question.query, "variables": question.variables}
    response = await person.people.http.post("/graphql", json=body, headers=person.headers)
    assert response.status_code == 200, (question, response.text)
    return blanked(response.text)


def blanked(text: str) -> str:
    return CHANGING.sub(r'"\1":""', text)


def differing(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, tuple[str, str]]:
    """Of questions that were asked both times."""
    return {asked: (before[asked], answer) for asked, answer in after.items() if before[asked] != answer}


def fake(id: str) -> str:
    """The id of what never was."""
    return id[:-8] + "f" * 8


def as_fakes(text: str, ids: Mapping[str, Iterable[str]]) -> str:
    for found in ids.values():
        for id in found:
            text = text.replace(id, fake(id))
    return text
