"""What cannot be read is told with what is amiss, never repeated: in a document with its place, and in variables."""

import json

import pytest

from tests.people import Answer, People

CREATE_TASK = 'createTask(input: {title: "Late", dueAt: %s}) { id }'
MOMENTS = {
    '"soon"': "not a date and time such as 2026-11-21T09:00:00Z",
    '"2026-11-21"': "a moment needs a time of day, such as 2026-11-21T09:00:00Z",
    '"2026-11-21T09:00:00"': "a moment needs its offset from UTC, such as …Z or …+01:00",
    '"0999-12-31T00:00:00Z"': "the year must be 1000 to 9899",
    "5": "a moment is a string such as 2026-11-21T09:00:00Z",
}
OCCASIONS = '{ occasions(familyId: "", filter: {after: %s}) { totalCount } }'
NO_DAYS = ['"soon"', '"21.11.2026"', '"2026-02-29"', "5"]


@pytest.mark.parametrize(("given", "said"), MOMENTS.items())
async def test_what_is_no_moment_is_told_why(people: People, given: str, said: str) -> None:
    dora = await people.one()
    written = await dora.ask(f"mutation {{ {CREATE_TASK % given} }}")
    assert told(written) == (said, {"dueAt": [said]}, 53)
    answer = await dora.ask(f"mutation ($at: DateTime) {{ {CREATE_TASK % '$at'} }}", at=json.loads(given))
    assert told(answer) == (f"Variable '$at' has invalid value: {said}", {"at": [said]}, 11)


@pytest.mark.parametrize("given", NO_DAYS)
async def test_what_is_no_day_is_told_so(people: People, given: str) -> None:
    dora, said = await people.one(), "not a day such as 2026-11-21"
    assert told(await dora.ask(OCCASIONS % given)) == (said, {"after": [said]}, 43)
    answer = await dora.ask(f"query ($day: Date) {OCCASIONS % '$day'}", day=json.loads(given))
    assert told(answer) == (f"Variable '$day' has invalid value: {said}", {"day": [said]}, 8)


async def test_what_is_no_cursor_is_told_so(people: People) -> None:
    async with (await people.one()).socket() as socket:
        payload = await socket.ask("subscription { taskEvents(after: 5) { __typename } }")
    assert [error["message"] for error in payload] == ["a cursor is a string"]


def told(answer: Answer) -> tuple[str, dict[str, list[str]], int]:
    """The message of the only error, its details and its column."""
    (error,) = answer.body["errors"]
    (place,) = error["locations"]
    return error["message"], error["extensions"]["details"], place["column"]
