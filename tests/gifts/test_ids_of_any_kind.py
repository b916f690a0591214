"""Whatever a client writes where an id, or a word, belongs: the answer is a refusal or nothing, never a fault."""

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLInputObjectType, get_named_type, is_required_argument, is_required_input_field

from schema.schema import made
from tests.everything import Pool, Question, questions
from tests.gifts.test_adversary import ELSEWHERE
from tests.gifts.test_topics_of_gifts import MUTATIONS
from tests.gifts.world import World

SCHEMA = made()._schema
WORDS = (
    "family",
    "person",
    "occasion",
    "list",
    "gift",
    "item",
    "user",
    "comment",
    "claim",
    "member",
    "invite",
    "guest",
)
ODD = {
    "NUL": {word: [f"{word}_\x00" + "0" * 31, f"{word}_" + "0" * 31 + "\x00"] for word in WORDS},
    "none": {word: [""] for word in WORDS},
}


def _value(kind: Any, name: str, odd: str) -> Any:
    """The least that the type must have, with the odd id wherever there is one."""
    named = get_named_type(kind)
    if isinstance(named, GraphQLInputObjectType):
        fields = named.fields.items()
        return {key: _value(field.type, key, odd) for key, field in fields if _wanted(key, field)}
    word = name.removesuffix("Id") if name != "id" else "item"
    given = {
        "ID": ODD[odd].get(word, ODD[odd]["item"])[0],
        "Int": 1,
        "Boolean": True,
        "Date": "2030-01-01",
        "String": "a",
        "DateTime": "2090-01-01T00:00:00Z",
    }
    return given[named.name] if named.name in given else [*named.values][-1]


def _wanted(key: str, field: Any) -> bool:
    return is_required_input_field(field) or (get_named_type(field.type).name == "ID" and key != "personId")


def verbs(odd: str) -> Iterator[Question]:
    assert SCHEMA.mutation_type is not None
    for name in MUTATIONS:
        field = SCHEMA.mutation_type.fields[name]
        args = {k: a for k, a in field.args.items() if is_required_argument(a) or get_named_type(a.type).name == "ID"}
        declared = ", ".join(f"${key}: {arg.type}" for key, arg in args.items())
        passed = ", ".join(f"{key}: ${key}" for key in args)
        given = {key: _value(arg.type, key, odd) for key, arg in args.items()}
        yield Question(name, f"mutation ({declared}) {{ {name}({passed}) {{ __typename }} }}", given)


@pytest.mark.parametrize("odd", ODD)
async def test_odd_ids_are_refused(home: World, once: None, odd: str) -> None:
    pool = Pool(ODD[odd], ["a\x00b" if odd == "NUL" else "a"], [f"list:{ODD[odd]['list'][0]}"])
    faults = []
    for question in [*verbs(odd), *(q for q in questions(SCHEMA, pool, ELSEWHERE) if len(q.query) < 900)]:
        body = {"query": question.query, "variables": question.variables}
        response = await home.dora.people.http.post("/graphql", json=body, headers=home.dora.headers)
        if response.status_code >= 500 or "INTERNAL_ERROR" in response.text or "BAD_USER_INPUT" in response.text:
            faults.append((question, response.text[:300]))
    assert faults == []
