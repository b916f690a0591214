"""Every field of every type, at every place where the schema lets it stand: planned, executed, and of its type.

The questions are made from the schema itself. A new type is asked for as soon as it is bound, and fails here by name
until there is a row of it.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    get_named_type,
    is_abstract_type,
    is_leaf_type,
    is_required_argument,
)

from db.accounts.presence import Presence, PresenceLease
from db.accounts.users import Role
from schema.models import BINDINGS
from schema.schema import made
from tests.gifts.whole import whole
from tests.people import People, Person
from tests.seances.whole import whole as whole_room

SCHEMA = made()._schema
QUERY = SCHEMA.query_type
assert QUERY is not None
FEW = "(first: 4)"  # so that pages within pages stay within what a query may reach
PARTS = ("nodes", "edges")  # of a connection, each asked for alone: together they are more than a question may be


def selection(kind: Any, depth: int, part: str, of: str = "") -> str:
    """All fields of a type, and those of the objects in them `depth` levels down; of connections one of the PARTS.

    Of an abstract type all fields of the type `of`, and the id of the others: all of all are more than may be asked.
    """
    if is_abstract_type(kind):
        fields = {one.name: selection(one, depth, part) if one.name == of else "id" for one in possible(kind)}
        return "__typename " + " ".join(f"... on {name} {{ {asked} }}" for name, asked in fields.items())
    if kind.name.endswith("Connection"):
        info = " ".join(get_named_type(kind.fields["pageInfo"].type).fields)
        return f"__typename totalCount pageInfo {{ {info} }} {part} {{ {_rows(kind, depth, part, of)} }}"
    return "__typename " + " ".join(_field(kind, name, depth, part) for name in kind.fields)


def _rows(kind: Any, depth: int, part: str, of: str) -> str:
    target = get_named_type(kind.fields[part].type)
    if part == "nodes":
        return selection(target, depth, part, of)
    return f"__typename cursor node {{ {selection(get_named_type(target.fields['node'].type), depth, part, of)} }}"


def _field(kind: GraphQLObjectType, name: str, depth: int, part: str) -> str:
    """Named after its type too, for types that stand at one place may disagree about a name."""
    alias = f"{kind.name}_{name}: {name}{FEW if 'first' in kind.fields[name].args else ''}"
    target = get_named_type(kind.fields[name].type)
    if is_leaf_type(target):
        return alias
    return f"{alias} {{ {selection(target, depth - 1, part) if depth else '__typename'} }}"


def possible(kind: Any) -> list[GraphQLObjectType]:
    return [one for one in SCHEMA.get_possible_types(kind) if one.name in BINDINGS]


def seen_in(kind: Any, value: Any) -> Iterator[str]:
    """Type and name of all fields of bound types that an answer has a value for; fails where one is not of its type."""
    if isinstance(kind, GraphQLNonNull):
        assert value is not None
        yield from seen_in(kind.of_type, value)
    elif isinstance(kind, GraphQLList) and value is not None:
        for item in value:
            yield from seen_in(kind.of_type, item)
    elif is_leaf_type(kind):
        assert value is None or not isinstance(kind, GraphQLEnumType) or value in kind.values
    elif value is not None:
        concrete = SCHEMA.type_map[value.get("__typename", get_named_type(kind).name)]
        assert isinstance(concrete, GraphQLObjectType)
        for key, inner in value.items():
            name = key.removeprefix(f"{concrete.name}_")
            if name != "__typename":
                yield f"{concrete.name}.{name}"
                yield from seen_in(concrete.fields[name].type, inner)


def fields_of(*names: str) -> set[str]:
    return {f"{name}.{field}" for name in names for field in SCHEMA.type_map[name].fields}  # type: ignore[attr-defined]


def facets_of(name: str) -> set[str]:
    """The types without an id that a type's fields lead to: they are asked for where it is."""
    kinds = leads_to(name)
    rows = {
        get_named_type(kind.fields["nodes"].type) if "nodes" in getattr(kind, "fields", {}) else kind for kind in kinds
    }
    return {kind.name for kind in rows if kind.name in BINDINGS and BINDINGS[kind.name].by_id is None}


def leads_to(name: str) -> set[Any]:
    return {get_named_type(field.type) for field in SCHEMA.type_map[name].fields.values()}  # type: ignore[attr-defined]


def places() -> Iterator[Any]:
    """Every field of Query that leads to bound types, and which types."""
    for name, field in QUERY.fields.items() if QUERY else ():
        kind = get_named_type(field.type)
        inner = get_named_type(kind.fields["nodes"].type) if "nodes" in getattr(kind, "fields", {}) else kind
        types = [one.name for one in possible(inner)] if is_abstract_type(inner) else [inner.name]
        if set(types) <= BINDINGS.keys():
            for type in types:
                for part in PARTS if inner is not kind or has_pages(type) else PARTS[:1]:
                    yield pytest.param(name, type, part, id=f"{name}-{type}-{part}")


def has_pages(name: str) -> bool:
    return any("nodes" in getattr(kind, "fields", {}) for kind in leads_to(name))


@pytest.fixture(scope="module")
async def rows(people: People) -> tuple[Person, dict[str, str]]:
    """Somebody whose rows have something in every relation, and one id of each type."""
    dora = await people.one(Role.ADMIN)
    label = await dora.label("needle")
    top = await dora.task("top", labelIds=[label["id"]])
    daily = {"dueAt": "2026-03-10T09:00:00Z", "recurrence": "FREQ=DAILY"}
    task = await dora.task("needle", parentId=top["id"], labelIds=[label["id"]], **daily)
    await dora.task("part", parentId=task["id"], labelIds=[label["id"]])
    complete = "mutation ($id: ID!) { completeTask(id: $id) { next { id } } }"
    following = (await dora.ask(complete, id=task["id"])).data["completeTask"]["next"]["id"]
    assert (await dora.ask(complete, id=following)).data
    assert dora.session_id is not None
    await _present(dora)
    ids = {"Task": following, "Label": label["id"], "User": dora.id, "Session": dora.session_id, "Presence": ""}
    return dora, ids | await whole(dora) | await whole_room(dora)


async def _present(person: Person) -> None:
    """At their own topic, for ever."""
    process = f"of {person.id}"
    lease = PresenceLease(process=process, until=datetime(2100, 1, 1, tzinfo=UTC))
    row = Presence(id=Presence.fresh_id(), process=process, topic=f"user:{person.id}", user_id=person.id)
    row.since = person.people.services.clock()
    async with person.people.services.db.transaction() as session:
        session.add(lease)
        await session.flush()
        session.add(row)


def _arguments(field: GraphQLField, id: str, ids: dict[str, str]) -> str:
    """Those without which there would be no answer, or more than fits."""
    named = {"id": id, "text": "needle", "q": "needle", "name": "needle", "topic": f"user:{ids['User']}"}
    named |= {"familyId": ids["Family"], "personId": ids["Person"]}
    values = {"first": "4", "ids": f'["{id}"]'} | {name: f'"{value}"' for name, value in named.items()}
    found = [
        f"{name}: {values[name]}"
        for name, argument in field.args.items()
        if is_required_argument(argument) or name in ("first", "name")
    ]
    return f"({', '.join(found)})" if found else ""


@pytest.mark.parametrize(("place", "type", "part"), [*places()])
async def test_every_field_is_answered_at_every_place(
    rows: tuple[Person, dict[str, str]], place: str, type: str, part: str
) -> None:
    dora, ids = rows
    assert QUERY is not None
    field = QUERY.fields[place]
    kind: Any = get_named_type(field.type)
    query = f"{{ {place}{_arguments(field, ids[type], ids)} {{ {selection(kind, 1, part, type)} }} }}"
    seen = {*seen_in(field.type, (await dora.ask(query)).data[place])}
    assert fields_of(type, *facets_of(type)) <= seen


def test_every_bound_type_stands_at_a_place() -> None:
    types = {place.values[1] for place in places()}
    assert types.union(*(facets_of(type) for type in types)) == BINDINGS.keys() & SCHEMA.type_map.keys()


EMPTY = {  # of the rows above
    "User": {"username"},
    "Session": {"address", "userAgent"},
    "Task": {"description", "trashedAt", "reminders"},
    "Gift": {"removedAt"},
    "Seance": {"endedAt"},
    "SeanceMessage": {"letterTiming", "startsAt", "turn"},
    "SeanceTurn": {"failure"},
}


@pytest.mark.parametrize("type", [name for name, binding in BINDINGS.items() if binding.by_id is not None])
async def test_every_relation_of_the_rows_leads_somewhere(rows: tuple[Person, dict[str, str]], type: str) -> None:
    """Or the test above would ask and see nothing."""
    dora, ids = rows
    asked = f"... on {type} {{ {selection(SCHEMA.type_map[type], 1, 'nodes')} }}"
    found = (await dora.ask(f'{{ node(id: "{ids[type]}") {{ {asked} }} }}')).data["node"]
    empty = {key for key, value in found.items() if value is None or value == [] or _no_rows(value)}
    assert empty == {f"{type}_{name}" for name in EMPTY.get(type, ())}


def _no_rows(value: Any) -> bool:
    return isinstance(value, dict) and value.get("nodes") == []
