"""Words that begin words of title or description, in any order; nothing that is typed is an operator."""

from typing import Any

import pytest

from tests.people import Answer, People, Person

SEARCH = """query ($filter: TaskFilter) {
  tasks(filter: $filter, orderBy: {field: POSITION}) { nodes { title } totalCount } }"""


async def search(person: Person, words: str, **more: Any) -> Answer:
    return await person.ask(SEARCH, filter={"search": words} | more)


async def found(person: Person, words: str, **more: Any) -> list[str]:
    tasks = (await search(person, words, **more)).data["tasks"]
    assert tasks["totalCount"] == len(tasks["nodes"])
    return [task["title"] for task in tasks["nodes"]]


@pytest.mark.parametrize(
    "words",
    [
        "w",
        "wat",
        "water",
        "WATER",
        "plants water",
        "pla wat the",
        "balcony",
        "plants balc",
        "  water\t\n plants  ",
        "water water",
    ],
)
async def test_every_word_begins_one_of_title_or_description(people: People, words: str) -> None:
    dora = await people.one()
    await dora.task("Water the plants", description="On the balcony")
    assert await found(dora, words) == ["Water the plants"]


@pytest.mark.parametrize("words", ["ater", "waters", "water cat", "lants", "w4ter", "x"])
async def test_a_word_that_begins_none_finds_nothing(people: People, words: str) -> None:
    dora = await people.one()
    await dora.task("Water the plants", description="On the balcony")
    assert await found(dora, words) == []


@pytest.mark.parametrize(
    "words",
    [
        "milk & bread",
        "milk | bread",
        "milk !bread",
        "milk <-> bread",
        "milk:* bread:*",
        "(milk) (bread",
        "'milk' \"bread\"",
        "milk' bread''",
        "milk\\ \\bread",
        "\\'milk bread\\\\",
        "milk* %bread%",
        "milk, bread.",
        "milk\x00bread",
        "milk -bread",
    ],
)
async def test_no_word_is_an_operator(people: People, words: str) -> None:
    dora = await people.one()
    await dora.task("Bread and milk")
    await dora.task("Milk")
    await dora.task("Bread")
    assert await found(dora, words) == ["Bread and milk"]


@pytest.mark.parametrize(
    "words",
    ["!", "!!!", "'", "''", '"', "\\", "\\\\", "&", "|", ":*", "()", "( )", "<->", "%", "-", "—", "“ ”", "❤\ufe0f"],
)
async def test_nothing_but_punctuation_finds_nothing(people: People, words: str) -> None:
    dora = await people.one()
    await dora.task("Bread & milk!", description="' \" \\ | :* () <-> % - — “ ” ❤\ufe0f")
    assert await found(dora, words) == []


@pytest.mark.parametrize("words", ["", " ", "\t\r\n", "\x00", "\u2003"])
async def test_nothing_but_blanks_is_refused(people: People, words: str) -> None:
    answer = await search(await people.one(), words)
    assert (answer.code, answer.details) == ("VALIDATION_ERROR", {"search": ["must not be blank"]})


async def test_a_search_may_have_200_characters(people: People) -> None:
    dora = await people.one()
    await dora.task("x" * 200)
    assert await found(dora, "x" * 200) == ["x" * 200]
    answer = await search(dora, "x" * 201)
    assert (answer.code, list(answer.details)) == ("VALIDATION_ERROR", ["search"])


async def test_a_search_may_be_all_quotes(people: People) -> None:
    dora = await people.one()
    await dora.task()
    assert await found(dora, "'" * 200) == []
    assert await found(dora, "\\" * 200) == []
    assert await found(dora, "' " * 100) == []


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Äpfel schälen", "äpf"),
        ("Äpfel schälen", "ÄPFEL SCHÄ"),
        ("Straße fegen", "straße"),
        ("Купить молоко", "купи МОЛ"),
        ("Πλύνε τα πιάτα", "πιάτ"),
        ("買牛奶", "買牛"),
        ("Call Zoë", "zoë"),
        ("Don't panic", "don't"),
        ("Well-known tricks", "known"),
        ("Learn C++", "c++"),
        ("snake_case", "case"),
        ("Flat 42b", "42"),
    ],
)
async def test_words_of_any_script_are_found(people: People, title: str, words: str) -> None:
    dora = await people.one()
    await dora.task(title)
    assert await found(dora, words) == [title]


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ("Buy milk/bread", "bread"),
        ("Write to dora@example.org", "dora@exa"),
        ("Write to dora@example.org", "example"),
        ("Fix parlor.example.org", "example"),
        ("See https://example.org/a/page", "page"),
        ("Read report.final.pdf", "final"),
        ("Milk—bread", "bread"),
        ("Milk\u2013bread…butter", "butter"),
        ("Say “hi” to Zoë", "hi"),
        ("Don\u2019t panic", "t pan"),
        ("Call\u00a0Zoë", "zoë"),
        ("買\u3000牛奶。今天", "牛 今"),
        ("¿Qué compro?", "qué"),
        ("«Привет»", "прив"),
        ("🎂for Zoë", "for"),
        ("❤\ufe0flove", "love"),
        ("१ किलो आटा।चावल", "किलो चावल"),
        ("Cafe\u0301 au lait", "cafe\u0301"),
    ],
)
async def test_a_word_is_found_wherever_punctuation_ends_it(people: People, title: str, words: str) -> None:
    dora = await people.one()
    await dora.task(title)
    assert await found(dora, words) == [title]


async def test_a_changed_title_is_found_by_its_new_words_only(people: People) -> None:
    dora = await people.one()
    task = await dora.task("Milk", description="Fresh")
    update = 'mutation ($id: ID!) { updateTask(id: $id, input: {title: "Bread", description: null}) { id } }'
    assert (await dora.ask(update, id=task["id"])).data
    assert await found(dora, "milk") == []
    assert await found(dora, "fresh") == []
    assert await found(dora, "bread") == ["Bread"]


async def test_nobody_finds_the_tasks_of_another(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    await dora.task("Secret plan")
    assert await found(sam, "secret") == []


async def test_subtasks_are_searched_as_tasks_are(people: People) -> None:
    dora = await people.one()
    parent = await dora.task("Party")
    for title in ("Buy cake", "Buy wine", "Sing"):
        await dora.task(title, parentId=parent["id"])
    query = """query ($id: ID!, $filter: TaskFilter) {
      task(id: $id) { subtasks(filter: $filter, orderBy: {field: TITLE}) { nodes { title } totalCount } } }"""
    subtasks = (await dora.ask(query, id=parent["id"], filter={"search": "buy"})).data["task"]["subtasks"]
    assert subtasks == {"nodes": [{"title": "Buy cake"}, {"title": "Buy wine"}], "totalCount": 2}
