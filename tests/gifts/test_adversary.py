"""The person a present is for asks everything there is to ask, before and after others have acted for her.

The questions are made of the schema (`tests/everything.py`), so that whatever is added to it is asked as well. The
answers must be the same, byte for byte.
"""

import re
from collections import Counter

import pytest

from db.base import Entity
from resolvers.policies import POLICIES
from schema.schema import made
from tests.everything import Pool, questions
from tests.gifts.scenario import everything_givers_do, staged
from tests.gifts.world import World
from tests.transcripts import answered, as_fakes, fake, transcript

SCHEMA = made()._schema
ELSEWHERE = (
    *("health", "websocketHealth", "websocketConnections", "systemHealth"),
    *("task", "tasks", "taskCounts", "label", "labels", "find"),  # one's own: no family is in them
)
WORDS = ["Roller skates", "helmet", "sport"]
IN_A_FAMILY = [model for model, policy in POLICIES.items() if policy.circle is not None]


def topics(home: World, ids: dict[str, list[str]]) -> list[str]:
    kinds = ("occasion", "list", "item", "gift", "person")
    return [
        *(f"{name}:{id}" for name in ("family", "person", "occasion", "list", "gift") for id in ids.get(name, [])),
        *(f"comments:{kind}:{id}" for kind in kinds for id in ids.get(kind, [])),
        f"list-items:all:{home.family.id}",
        *(f"{name}:{home.ida.id}" for name in ("user", "families", "givings")),
    ]


async def rows(home: World) -> dict[str, list[str]]:
    """The ids of all that the family has, by the word that they begin with."""
    found: dict[str, list[str]] = {}
    for model in IN_A_FAMILY:
        of = model.id if model.__name__ == "Family" else model.family_id  # type: ignore[attr-defined]
        table = model.__tablename__
        sql = f"select id from {table} where {of.key} = $1 order by id"  # noqa: S608 (names of ours)
        found[model.prefix] = [row["id"] for row in await home.people.services.db.fetch(sql, home.family.id)]
    return found


async def test_all_answers_stay_the_same(home: World, once: None) -> None:
    stage = await staged(home)
    ids = await rows(home) | {"user": [home.ida.id, home.gus.id, home.dora.id]}
    asked = [*questions(SCHEMA, Pool(ids, WORDS, topics(home, ids)), ELSEWHERE)]
    before = await transcript(home.ida, asked)
    await everything_givers_do(stage)
    after = await transcript(home.ida, asked)
    assert {key: (before[key], answer) for key, answer in after.items() if before[key] != answer} == {}
    codes = Counter(re.findall(r'"code":"([A-Z_]+)"', "".join(after.values())))
    assert codes.keys() <= {"FORBIDDEN", "NOT_FOUND", *(code for code in codes if code.endswith("_NOT_FOUND"))}, codes
    assert sum('"errors"' not in answer for answer in after.values()) > len(asked) / 2


async def test_what_is_kept_from_her_is_as_what_was_never_there(home: World, once: None) -> None:
    """Whoever comes to know an id learns nothing with it."""
    stage = await staged(home)
    before = await rows(home)
    await everything_givers_do(stage)
    kept = {word: [*({*ids} - {*before[word]})] for word, ids in (await rows(home)).items()}
    kept = {word: ids for word, ids in kept.items() if ids}
    never = {word: [fake(id) for id in ids] for word, ids in kept.items()}
    assert kept.keys() >= {"gift", "item", "giving", "claim", "comment", "activity"}
    transcripts = []
    for ids in (kept, never):
        asked = questions(SCHEMA, Pool(ids, WORDS, topics(home, ids)), ELSEWHERE)
        transcripts.append([await answered(home.ida, question) for question in asked])
    assert [as_fakes(text, kept) for text in transcripts[0]] == transcripts[1]


@pytest.mark.parametrize("model", IN_A_FAMILY, ids=lambda model: model.__name__)
def test_every_type_of_a_family_is_among_what_is_asked(model: type[Entity]) -> None:
    assert any(
        f"... on {model.__name__} " in question.query
        for question in questions(SCHEMA, Pool({"task": ["task_0"]}, ["a"], ["user:a"]))
    )
