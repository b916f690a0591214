"""The tasks that wear a label: a connection over a table that lies between."""

from typing import Any

from tests.people import People, Person

TASKS = """query ($id: ID!, $filter: TaskFilter, $first: Int, $after: String, $last: Int, $before: String) {
  label(id: $id) { tasks(filter: $filter, orderBy: {field: TITLE}, first: $first, after: $after, last: $last,
    before: $before) { totalCount nodes { title } edges { cursor node { title } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } }"""


async def labelled(person: Person) -> dict[str, Any]:
    """Tasks a to e; a, b and c wear "home", c, d and e "work". The labels by name."""
    labels = {name: await person.label(name) for name in ("home", "work")}
    for title, names in {"a": ["home"], "b": ["home"], "c": ["home", "work"], "d": ["work"], "e": ["work"]}.items():
        await person.task(title, labelIds=[labels[name]["id"] for name in names])
    await person.task("f")
    return labels


async def page(person: Person, label: Any, **arguments: Any) -> Any:
    return (await person.ask(TASKS, id=label["id"], **arguments)).data["label"]["tasks"]


def titles(page: Any) -> str:
    return "".join(task["title"] for task in page["nodes"])


async def test_a_label_knows_the_tasks_that_wear_it(people: People) -> None:
    dora = await people.one()
    labels = await labelled(dora)
    home = await page(dora, labels["home"])
    assert (titles(home), home["totalCount"]) == ("abc", 3)
    assert [edge["node"]["title"] for edge in home["edges"]] == ["a", "b", "c"]
    assert titles(await page(dora, labels["work"])) == "cde"


async def test_its_tasks_come_in_pages_in_both_directions(people: People) -> None:
    dora = await people.one()
    home = (await labelled(dora))["home"]
    first = await page(dora, home, first=2)
    assert (titles(first), first["totalCount"], first["pageInfo"]["hasNextPage"]) == ("ab", 3, True)
    rest = await page(dora, home, first=2, after=first["pageInfo"]["endCursor"])
    assert (titles(rest), rest["totalCount"], rest["pageInfo"]["hasNextPage"]) == ("c", 3, False)
    back = await page(dora, home, last=2, before=rest["pageInfo"]["startCursor"])
    assert (titles(back), back["pageInfo"]["hasPreviousPage"]) == ("ab", False)


async def test_its_tasks_can_be_filtered_and_those_in_the_trash_are_not_among_them(people: People) -> None:
    dora = await people.one()
    labels = await labelled(dora)
    trashed = (await page(dora, labels["home"], filter={"search": "a"}))["nodes"]
    assert trashed == [{"title": "a"}]
    found = (await dora.ask('{ tasks(filter: {search: "a"}) { nodes { id } } }')).data["tasks"]["nodes"][0]["id"]
    assert (await dora.ask("mutation ($id: ID!) { deleteTask(id: $id) { deletedId } }", id=found)).data
    assert titles(await page(dora, labels["home"])) == "bc"
    assert titles(await page(dora, labels["home"], filter={"trashed": True})) == "a"
    both = await page(dora, labels["home"], filter={"labelIds": [labels["work"]["id"]]})
    assert (titles(both), both["totalCount"]) == ("c", 1)


async def test_tasks_and_labels_lead_to_each_other_at_any_depth(people: People) -> None:
    dora = await people.one()
    await labelled(dora)
    query = """{ labels(first: 5) { nodes { name tasks(orderBy: {field: TITLE}, last: 1) { totalCount nodes { title
      labels { name tasks(orderBy: {field: TITLE, direction: DESC}, first: 2) { totalCount nodes { title
        labels { name tasks { totalCount } } } } } } } } } }"""
    c = {
        "title": "c",
        "labels": [{"name": "home", "tasks": {"totalCount": 3}}, {"name": "work", "tasks": {"totalCount": 3}}],
    }
    b = {"title": "b", "labels": [{"name": "home", "tasks": {"totalCount": 3}}]}
    d, e = [{"title": title, "labels": [{"name": "work", "tasks": {"totalCount": 3}}]} for title in "de"]
    home = {"name": "home", "tasks": {"totalCount": 3, "nodes": [c, b]}}
    work = {"name": "work", "tasks": {"totalCount": 3, "nodes": [e, d]}}
    assert (await dora.ask(query)).data["labels"]["nodes"] == [
        {"name": "home", "tasks": {"totalCount": 3, "nodes": [{"title": "c", "labels": [home, work]}]}},
        {"name": "work", "tasks": {"totalCount": 3, "nodes": [{"title": "e", "labels": [work]}]}},
    ]


async def test_whose_tasks_is_asked_here_too(people: People) -> None:
    dora, sam = await people.one(), await people.one()
    label = await dora.label()
    query = "query ($id: ID!, $user: ID) { label(id: $id) { tasks(userId: $user) { totalCount } } }"
    assert (await dora.ask(query, id=label["id"], user=sam.id)).code == "FORBIDDEN"
    assert (await dora.ask(query, id=label["id"], user=dora.id)).data == {"label": {"tasks": {"totalCount": 0}}}
