"""What may not come in: refused with the field that is amiss, and nothing has happened."""

from typing import Any

import pytest

from tests.people import Answer, People, Person

DUE = "2026-03-28T08:00:00Z"
CREATE = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
UPDATE = "mutation ($id: ID!, $input: UpdateTaskInput!) { updateTask(id: $id, input: $input) { id } }"
COUNT = "{ all: tasks { totalCount } trash: tasks(filter: {trashed: true}) { totalCount } }"
NONE = {"all": {"totalCount": 0}, "trash": {"totalCount": 0}}

BAD: list[tuple[str, Any, str]] = [
    ("title", "", "title"),
    ("title", " \t\r\n\u2003 ", "title"),
    ("title", "x" * 201, "title"),
    ("title", None, "title"),
    ("title", 5, "title"),
    ("title", "a\x00b", "title"),
    ("title", "a\x1bb", "title"),
    ("description", "x" * 10_001, "description"),
    ("description", "a\x00b", "description"),
    ("description", "a\x08b", "description"),
    ("priority", "MOST", "priority"),
    ("priority", "high", "priority"),
    ("priority", None, "priority"),
    ("dueAt", "2026-02-30T09:00:00Z", "dueAt"),
    ("dueAt", "2026-03-28T25:00:00Z", "dueAt"),
    ("dueAt", "2026-03-28T08:00:00", "dueAt"),
    ("dueAt", "2026-03-28", "dueAt"),
    ("dueAt", "0001-01-01T00:00:00+14:00", "dueAt"),
    ("dueAt", "tomorrow", "dueAt"),
    ("dueAt", "", "dueAt"),
    ("dueAt", 1_774_684_800, "dueAt"),
    ("recurrence", "FREQ=DAILY", "recurrence"),
    ("timeZone", "Mars/Olympus", "timeZone"),
    ("timeZone", "../../etc/passwd", "timeZone"),
    ("timeZone", "localtime", "timeZone"),
    ("timeZone", "", "timeZone"),
    ("reminders", list(range(11)), "reminders"),
    ("reminders", [-1], "reminders.0"),
    ("reminders", [5, 40_321], "reminders.1"),
    ("reminders", [5, None], "reminders.1"),
    ("reminders", [1.5], "reminders.0"),
    ("reminders", None, "reminders"),
    ("repeatsFrom", "NOW", "repeatsFrom"),
    ("repeatsFrom", None, "repeatsFrom"),
    ("labelIds", None, "labelIds"),
    ("labelIds", ["label_" + "0" * 32] * 101, "labelIds"),
    ("colour", "red", "colour"),
    ("completedAt", DUE, "completedAt"),
    ("ownerId", "user_" + "0" * 32, "ownerId"),
    ("position", 1, "position"),
]

LITERALS = [
    ("priority: MOST", "priority"),
    ('priority: "HIGH"', "priority"),
    ('dueAt: "2026-02-30T09:00:00Z"', "dueAt"),
    ('dueAt: "2026-03-28T08:00:00"', "dueAt"),
    ("reminders: [5, -1]", "reminders.1"),
    ("title: null", "title"),
    ('title: ""', "title"),
    ('colour: "red"', "colour"),
]

FREQUENCY = "FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY."
NAME_VALUE = "Each part must read NAME=VALUE, with one ; between two parts."
ONE_LINE = "Give one RRULE on one line, without DTSTART, EXDATE or RDATE."
INTERVAL = "INTERVAL must be a whole number from 1 to 1000."
COUNT_RULE = "COUNT must be a whole number from 1 to 1000."
UNTIL = "UNTIL must be a date (20261231) or a date and time (20261231T090000, in UTC with a Z)."
MONTH_DAY = "BYMONTHDAY must be whole numbers from 1 to 31 or -31 to -1."
BY_DAY = "BYDAY must be weekdays such as MO, 1MO or -1FR, with numbers from 1 to 53 or -53 to -1."
NUMBERED = "Numbered weekdays need a month (5 at most) or a year, and exclude BYWEEKNO."
NEVER = "The rule does not come round within ten years."
IMPOSSIBLE = [
    ("", "The rule is empty."),
    ("RRULE:", "The rule is empty."),
    ("FREQ=DAILY" + " " * 191, "The rule is longer than 200 characters."),
    ("FREQ=DAILY\nFREQ=WEEKLY", ONE_LINE),
    ("DTSTART:20260101T090000", ONE_LINE),
    ("FREQ=DAILY;EXDATE=20260101", ONE_LINE),
    ("FREQ=DAILY;INTERVAL=\uff12", "The rule has characters that belong in no rule."),
    ("FREQ=DAILY\x00", FREQUENCY),
    ("every day", NAME_VALUE),
    ("FREQ=DAILY;", NAME_VALUE),
    ("INTERVAL=2", "FREQ is missing."),
    ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is given twice."),
    ("FREQ=SECONDLY", FREQUENCY),
    ("FREQ=DAILY,WEEKLY", FREQUENCY),
    ("FREQ=DAILY;BYHOUR=9", "BYHOUR is not accepted: the time of day is the due date's own."),
    ("FREQ=YEARLY;BYEASTER=0", "BYEASTER is not a part of a recurrence rule."),
    ("FREQ=DAILY;COUNT=2;UNTIL=20261231", "COUNT and UNTIL exclude each other."),
    ("FREQ=DAILY;INTERVAL=0", INTERVAL),
    ("FREQ=DAILY;INTERVAL=1001", INTERVAL),
    ("FREQ=DAILY;COUNT=0", COUNT_RULE),
    ("FREQ=DAILY;COUNT=1001", COUNT_RULE),
    ("FREQ=DAILY;UNTIL=20260230", UNTIL),
    ("FREQ=DAILY;UNTIL=2026-01-01", UNTIL),
    ("FREQ=MONTHLY;BYMONTHDAY=" + ",".join(["1"] * 61), "BYMONTHDAY has more than 60 values."),
    ("FREQ=YEARLY;BYMONTH=13", "BYMONTH must be whole numbers from 1 to 12."),
    ("FREQ=MONTHLY;BYMONTHDAY=0", MONTH_DAY),
    ("FREQ=MONTHLY;BYMONTHDAY=32", MONTH_DAY),
    ("FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY must be whole numbers from 1 to 366 or -366 to -1."),
    ("FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO must be whole numbers from 1 to 53 or -53 to -1."),
    ("FREQ=DAILY;BYSETPOS=367", "BYSETPOS must be whole numbers from 1 to 366 or -366 to -1."),
    ("FREQ=DAILY;WKST=XX", "WKST must be one of MO, TU, WE, TH, FR, SA, SU."),
    ("FREQ=WEEKLY;BYDAY=MONDAY", BY_DAY),
    ("FREQ=MONTHLY;BYDAY=0MO", BY_DAY),
    ("FREQ=WEEKLY;BYDAY=1MO", NUMBERED),
    ("FREQ=MONTHLY;BYDAY=6MO", NUMBERED),
    ("FREQ=MONTHLY;BYYEARDAY=3", "BYWEEKNO and BYYEARDAY need FREQ=YEARLY."),
    ("FREQ=WEEKLY;BYMONTHDAY=13", "BYMONTHDAY does not go with FREQ=WEEKLY."),
    ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs another BY part."),
    ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", NEVER),
    ("FREQ=WEEKLY;INTERVAL=1000", NEVER),
]

ID = "task_" + "0" * 32
IDS = [ID, "x", "", "a\x00b", ID + "\x00", ID.upper(), ID + "\n", "task_" + "x" * 100_000, "label_" + "0" * 32]
VERBS = [
    "updateTask(id: $id, input: {}) { id }",
    "completeTask(id: $id) { id }",
    "completeTasks(ids: [$id]) { id }",
    "reopenTask(id: $id) { id }",
    "moveTask(id: $id, input: {}) { id }",
    "deleteTask(id: $id) { deletedId }",
    "deleteTasks(ids: [$id]) { deletedId }",
    "restoreTask(id: $id) { id }",
    "purgeTask(id: $id) { deletedId }",
]


def refused(answer: Answer, field: str) -> None:
    assert answer.code == "VALIDATION_ERROR", answer.body
    assert list(answer.details) == [field]
    assert all(isinstance(said, str) and said for said in answer.details[field])


async def kept(person: Person, task: Any, answer: Answer, field: str, before: Any) -> None:
    refused(answer, field)
    assert await person.people.row(task["id"]) == before


@pytest.mark.parametrize(("name", "value", "field"), BAD)
async def test_no_task_is_made_of_what_is_amiss(people: People, name: str, value: Any, field: str) -> None:
    dora = await people.one()
    refused(await dora.ask(CREATE, input={"title": "A task", name: value}), field)
    assert (await dora.ask(COUNT)).data == NONE


@pytest.mark.parametrize(("name", "value", "field"), BAD)
async def test_no_task_is_changed_by_what_is_amiss(people: People, name: str, value: Any, field: str) -> None:
    dora = await people.one()
    task = await dora.task()
    before = await people.row(task["id"])
    answer = await dora.ask(UPDATE, id=task["id"], input={"description": "Changed", name: value})
    await kept(dora, task, answer, field, before)


@pytest.mark.parametrize(("text", "field"), LITERALS)
async def test_what_is_amiss_in_the_document_is_named_too(people: People, text: str, field: str) -> None:
    dora = await people.one()
    more = "" if field == "title" else ', title: "A task"'
    refused(await dora.ask(f"mutation {{ createTask(input: {{{text}{more}}}) {{ id }} }}"), field)
    assert (await dora.ask(COUNT)).data == NONE


@pytest.mark.parametrize("document", [CREATE, "mutation { createTask(input: {}) { id } }"])
async def test_a_title_must_be_given(people: People, document: str) -> None:
    dora = await people.one()
    refused(await dora.ask(document, **({"input": {}} if document == CREATE else {})), "title")
    assert (await dora.ask(COUNT)).data == NONE


@pytest.mark.parametrize(("rule", "message"), IMPOSSIBLE)
async def test_an_impossible_rule_is_refused_and_told_why(people: People, rule: str, message: str) -> None:
    dora = await people.one()
    answer = await dora.ask(CREATE, input={"title": "A task", "dueAt": DUE, "recurrence": rule})
    assert answer.code == "VALIDATION_ERROR"
    assert answer.details == {"recurrence": [message]}
    assert (await dora.ask(COUNT)).data == NONE


@pytest.mark.parametrize("more", [{}, {"dueAt": None}])
async def test_a_rule_needs_a_due_date(people: People, more: dict[str, Any]) -> None:
    dora = await people.one()
    answer = await dora.ask(CREATE, input={"title": "A task", "recurrence": "FREQ=DAILY"} | more)
    assert answer.details == {"recurrence": ["needs dueAt"]}
    assert (await dora.ask(COUNT)).data == NONE


async def test_a_due_date_does_not_go_while_a_rule_is_given(people: People) -> None:
    dora = await people.one()
    task = await dora.task(dueAt=DUE)
    before = await people.row(task["id"])
    answer = await dora.ask(UPDATE, id=task["id"], input={"dueAt": None, "recurrence": "FREQ=DAILY"})
    await kept(dora, task, answer, "recurrence", before)


async def test_all_that_is_amiss_is_told_at_once(people: People) -> None:
    dora = await people.one()
    answer = await dora.ask(CREATE, input={"title": "", "timeZone": "Mars/Olympus", "reminders": [-1, 5, -2]})
    assert list(answer.details) == ["title", "timeZone", "reminders.0", "reminders.2"]


@pytest.mark.parametrize("id", IDS)
@pytest.mark.parametrize("verb", VERBS)
async def test_no_verb_finds_what_is_no_id_of_a_task(people: People, verb: str, id: str) -> None:
    answer = await (await people.one()).ask(f"mutation ($id: ID!) {{ {verb} }}", id=id)
    assert (answer.code, answer.body["data"]) == ("TASK_NOT_FOUND", None)


@pytest.mark.parametrize("id", IDS)
async def test_no_read_finds_what_is_no_id_of_a_task(people: People, id: str) -> None:
    dora = await people.one()
    assert (await dora.ask("query ($id: ID!) { task(id: $id) { id } }", id=id)).code == "TASK_NOT_FOUND"
    assert (await dora.ask("query ($id: ID!) { node(id: $id) { id } }", id=id)).data == {"node": None}


@pytest.mark.parametrize("id", IDS)
async def test_what_is_no_id_is_nobodys_parent(people: People, id: str) -> None:
    dora = await people.one()
    assert (await dora.ask(CREATE, input={"title": "A task", "parentId": id})).code == "TASK_NOT_FOUND"
    assert (await dora.ask(COUNT)).data == NONE


@pytest.mark.parametrize("verb", ["completeTasks(ids: $ids) { id }", "deleteTasks(ids: $ids) { deletedId }"])
@pytest.mark.parametrize("many", [0, 101])
async def test_a_bulk_is_of_1_to_100_ids(people: People, verb: str, many: int) -> None:
    dora = await people.one()
    task = await dora.task()
    before = await people.row(task["id"])
    answer = await dora.ask(f"mutation ($ids: [ID!]!) {{ {verb} }}", ids=[task["id"]] * many)
    await kept(dora, task, answer, "ids", before)


@pytest.mark.parametrize(
    "document",
    [
        "{ tasks(colour: 5) { totalCount } }",
        "{ tasks(filter: {colour: 5}) { totalCount } }",
        "{ tasks(orderBy: {field: COLOUR}) { totalCount } }",
        "{ tasks(offset: 5) { totalCount } }",
        "mutation { completeTask(id: 1, colour: 5) { id } }",
        "mutation { completeTask { id } }",
    ],
)
async def test_an_argument_that_is_not_there_is_refused(people: People, document: str) -> None:
    assert (await (await people.one()).ask(document)).code == "VALIDATION_ERROR"
