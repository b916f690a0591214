"""Labels: made, renamed, put on tasks and taken off again."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from kit.settings import Settings
from tests.clock import Watch
from tests.conftest import served
from tests.people import TASK, Answer, People, Person

NOON = datetime(2026, 3, 10, 12, tzinfo=UTC)
AT_NOON, LATER = "2026-03-10T12:00:00+00:00", "2026-03-10T12:01:00+00:00"

LABEL = "id name color version createdAt updatedAt owner { id }"
CREATE = f"mutation ($input: CreateLabelInput!) {{ createLabel(input: $input) {{ {LABEL} }} }}"
UPDATE = f"""mutation ($id: ID!, $input: UpdateLabelInput!, $version: Int) {{
  updateLabel(id: $id, input: $input, expectedVersion: $version) {{ {LABEL} }} }}"""
DELETE = "mutation ($id: ID!) { deleteLabel(id: $id) { deletedId } }"
READ = f"query ($id: ID!) {{ label(id: $id) {{ {LABEL} }} }}"
LIST = """query ($first: Int, $after: String, $last: Int, $before: String) {
  labels(first: $first, after: $after, last: $last, before: $before) {
    nodes { name } totalCount pageInfo { hasNextPage endCursor } } }"""
MAKE_TASK = "mutation ($input: CreateTaskInput!) { createTask(input: $input) { id } }"
UPDATE_TASK = f"""mutation ($id: ID!, $input: UpdateTaskInput!) {{
  updateTask(id: $id, input: $input) {{ {TASK} }} }}"""
ID = "label_" + "0" * 32
BAD: list[tuple[str, Any]] = [
    ("name", ""),
    ("name", " \t\n"),
    ("name", "x" * 51),
    ("name", None),
    ("name", "a\x00b"),
    ("name", 5),
    ("color", "red"),
    ("color", "#fff"),
    ("color", "#gggggg"),
    ("color", "#ff00000"),
    ("color", "#ff0000\n#"),
    ("color", ""),
    ("color", None),
    ("ownerId", "user_" + "0" * 32),
]
WATCH = Watch(NOON)


@pytest.fixture(autouse=True)
def watch() -> Watch:
    WATCH.at = NOON
    return WATCH


@pytest.fixture(scope="module")
async def people(settings: Settings) -> AsyncIterator[People]:
    async with served(settings, WATCH) as running:
        yield running.people


async def update(person: Person, label: Any, version: int | None = None, **changes: Any) -> Answer:
    return await person.ask(UPDATE, id=label["id"], input=changes, version=version)


async def put_on(person: Person, task: Any, *labels: Any, **changes: Any) -> Answer:
    return await person.ask(UPDATE_TASK, id=task["id"], input={"labelIds": [label["id"] for label in labels]} | changes)


async def names(person: Person) -> list[str]:
    return [label["name"] for label in (await person.ask(LIST)).data["labels"]["nodes"]]


async def test_a_label_has_a_colour_though_none_was_given(people: People) -> None:
    dora = await people.one()
    label = (await dora.ask(CREATE, input={"name": " home\n"})).data["createLabel"]
    assert label.pop("id").startswith("label_")
    times = {"version": 1, "createdAt": AT_NOON, "updatedAt": AT_NOON}
    assert label == {"name": "home", "color": "#6b7280", "owner": {"id": dora.id}} | times


async def test_a_colour_is_kept_in_lower_case(people: People) -> None:
    dora = await people.one()
    assert (await dora.label("home", color=" #FF00aa "))["color"] == "#ff00aa"


async def test_a_name_may_have_50_characters(people: People) -> None:
    assert (await (await people.one()).label(" " + "ä" * 50 + " "))["name"] == "ä" * 50


@pytest.mark.parametrize(("field", "value"), BAD)
async def test_what_is_amiss_makes_and_changes_nothing(people: People, field: str, value: Any) -> None:
    dora = await people.one()
    label = await dora.label()
    before = await people.row(label["id"])
    for answer in (
        await dora.ask(CREATE, input={"name": "other", field: value}),
        await update(dora, label, **{"name": "other", field: value}),
    ):
        assert (answer.code, list(answer.details)) == ("VALIDATION_ERROR", [field])
    assert await people.row(label["id"]) == before
    assert await names(dora) == ["home"]


@pytest.mark.parametrize("name", ["home", "HOME", " Home "])
async def test_a_name_is_given_once_in_any_case(people: People, name: str) -> None:
    dora = await people.one()
    await dora.label("home")
    answer = await dora.ask(CREATE, input={"name": name})
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "LABEL_EXISTS")
    assert answer.details == {"name": ["Label already exists"]}
    assert await names(dora) == ["home"]


async def test_two_people_may_use_the_same_name(people: People) -> None:
    for person in (await people.one(), await people.one()):
        assert (await person.label("home"))["name"] == "home"


async def test_a_label_is_not_renamed_to_one_that_is_there(people: People) -> None:
    dora = await people.one()
    home, work = await dora.label("home"), await dora.label("work")
    before = await people.row(work["id"])
    answer = await update(dora, work, name="Home")
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "LABEL_EXISTS")
    assert await people.row(work["id"]) == before
    assert (await update(dora, home, name="HOME")).data["updateLabel"]["name"] == "HOME"


async def test_an_update_changes_what_it_names_and_nothing_else(people: People, watch: Watch) -> None:
    dora = await people.one()
    label = (await dora.ask(READ, id=(await dora.label(color="#ff0000"))["id"])).data["label"]
    watch.tick()
    changed = (await update(dora, label, name="work")).data["updateLabel"]
    assert changed == label | {"name": "work", "version": 2, "updatedAt": LATER}
    changed = (await update(dora, label, color="#00FF00")).data["updateLabel"]
    assert changed == label | {"name": "work", "color": "#00ff00", "version": 3, "updatedAt": LATER}


async def test_an_update_that_changes_nothing_writes_nothing(people: People, watch: Watch) -> None:
    dora = await people.one()
    label = await dora.label()
    before = await people.row(label["id"])
    watch.tick()
    assert (await update(dora, label)).data["updateLabel"]["version"] == 1
    assert (await update(dora, label, name=" home ", color=label["color"].upper())).data["updateLabel"]["version"] == 1
    assert await people.row(label["id"]) == before


async def test_an_outdated_version_is_a_conflict(people: People) -> None:
    dora = await people.one()
    label = await dora.label()
    assert (await update(dora, label, 1, name="work")).data["updateLabel"]["version"] == 2
    answer = await update(dora, label, 1, name="garden")
    assert (answer.code, answer.error["extensions"]["reason"]) == ("CONFLICT", "STALE_VERSION")
    assert await names(dora) == ["work"]


@pytest.mark.parametrize("id", [ID, "x", "", "a\x00b", "task_" + "0" * 32, "label_" + "x" * 100_000])
async def test_an_unknown_label_is_not_found(people: People, id: str) -> None:
    dora = await people.one()
    for answer in (
        await dora.ask(READ, id=id),
        await dora.ask(UPDATE, id=id, input={"name": "work"}),
        await dora.ask(DELETE, id=id),
    ):
        assert answer.code == "LABEL_NOT_FOUND"
    assert (await dora.ask("query ($id: ID!) { node(id: $id) { id } }", id=id)).data == {"node": None}


async def test_a_label_is_a_node(people: People) -> None:
    dora = await people.one()
    label = await dora.label()
    answer = await dora.ask("query ($id: ID!) { node(id: $id) { id ... on Label { name } } }", id=label["id"])
    assert answer.data == {"node": {"id": label["id"], "name": "home"}}


async def test_labels_are_listed_by_name_and_paged(people: People) -> None:
    dora = await people.one()
    for name in "cadbe":
        await dora.label(name)
    start = (await dora.ask(LIST, first=3)).data["labels"]
    rest = (await dora.ask(LIST, first=3, after=start["pageInfo"]["endCursor"])).data["labels"]
    assert "".join(label["name"] for label in start["nodes"] + rest["nodes"]) == "abcde"
    assert (start["totalCount"], start["pageInfo"]["hasNextPage"], rest["pageInfo"]["hasNextPage"]) == (5, True, False)
    assert [label["name"] for label in (await dora.ask(LIST, last=2)).data["labels"]["nodes"]] == ["d", "e"]


async def test_a_task_has_its_labels_by_name_and_once(people: People) -> None:
    dora = await people.one()
    red, blue = await dora.label("red"), await dora.label("blue")
    task = await dora.task(labelIds=[red["id"], blue["id"], red["id"]])
    assert [label["name"] for label in task["labels"]] == ["blue", "red"]


async def test_an_update_says_all_labels_that_a_task_is_to_have(people: People, watch: Watch) -> None:
    dora = await people.one()
    red, blue, green = [await dora.label(name) for name in ("red", "blue", "green")]
    task = await dora.task(labelIds=[red["id"], blue["id"]])
    watch.tick()
    changed = (await put_on(dora, task, blue, green)).data["updateTask"]
    worn = [{"id": label["id"], "name": label["name"]} for label in (blue, green)]
    assert changed == task | {"labels": worn, "version": 2, "updatedAt": LATER}


async def test_no_ids_take_all_labels_off_and_absent_ones_stay(people: People) -> None:
    dora = await people.one()
    task = await dora.task(labelIds=[(await dora.label())["id"]])
    kept = (await dora.ask(UPDATE_TASK, id=task["id"], input={"title": "New"})).data["updateTask"]
    assert [label["name"] for label in kept["labels"]] == ["home"]
    assert (await put_on(dora, task)).data["updateTask"]["labels"] == []


async def test_new_labels_and_a_new_title_are_one_change(people: People) -> None:
    dora = await people.one()
    task, label = await dora.task(), await dora.label()
    assert (await put_on(dora, task, label, title="New")).data["updateTask"]["version"] == 2


@pytest.mark.parametrize("which", ["unknown", "a stranger's", "a task's", "no id", "NUL"])
async def test_a_task_with_a_label_that_is_not_ones_own_is_not_made(people: People, which: str) -> None:
    dora, sam = await people.one(), await people.one()
    own, theirs, task = await dora.label(), await sam.label(), await dora.task()
    ids = {"unknown": ID, "a stranger's": theirs["id"], "a task's": task["id"], "no id": "x", "NUL": "label_\x00"}
    answer = await dora.ask(MAKE_TASK, input={"title": "New", "labelIds": [own["id"], ids[which]]})
    assert (answer.code, answer.error["message"]) == ("LABEL_NOT_FOUND", f"Label with id '{ids[which]}' not found")
    assert (await dora.ask("{ tasks { totalCount } }")).data == {"tasks": {"totalCount": 1}}


@pytest.mark.parametrize("which", ["unknown", "a stranger's"])
async def test_a_label_that_is_not_ones_own_changes_nothing(people: People, which: str) -> None:
    dora, sam = await people.one(), await people.one()
    own, theirs = await dora.label(), await sam.label()
    task = await dora.task(labelIds=[own["id"]])
    before = await people.row(task["id"])
    bad = {"id": ID} if which == "unknown" else theirs
    assert (await put_on(dora, task, bad, title="New")).code == "LABEL_NOT_FOUND"
    assert await people.row(task["id"]) == before
    worn = (await dora.ask("query ($id: ID!) { task(id: $id) { labels { id } } }", id=task["id"])).data
    assert worn == {"task": {"labels": [{"id": own["id"]}]}}


async def test_deleting_a_label_takes_it_off_all_tasks_and_these_have_changed(people: People, watch: Watch) -> None:
    dora = await people.one()
    red, blue = await dora.label("red"), await dora.label("blue")
    worn, plain = await dora.task(labelIds=[red["id"], blue["id"]]), await dora.task()
    watch.tick()
    assert (await dora.ask(DELETE, id=red["id"])).data == {"deleteLabel": {"deletedId": red["id"]}}
    read = "query ($id: ID!) { task(id: $id) { version updatedAt labels { name } } }"
    task = {"version": 2, "updatedAt": LATER, "labels": [{"name": "blue"}]}
    assert (await dora.ask(read, id=worn["id"])).data == {"task": task}
    assert (await people.row(plain["id"]))["version"] == 1
    assert await names(dora) == ["blue"]


async def test_a_deleted_label_leaves_its_name_free(people: People) -> None:
    dora = await people.one()
    await dora.ask(DELETE, id=(await dora.label())["id"])
    assert (await dora.label())["name"] == "home"
