"""The house's own rules, as programs: what would otherwise have to be remembered."""

import ast
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    is_introspection_type,
)
from sqlalchemy import inspect
from strawberry.schema.schema_converter import GraphQLCoreConverter

from db.models import Activity, Claim, Contribution, Entity, Giving, Presence
from kit.settings import Settings
from live.topics import TOPICS
from resolvers import audience
from resolvers.changes import EntityType
from resolvers.policies import POLICIES
from resolvers.topics import GATES
from schema.kinds import CallField, VerbField
from schema.models import BINDINGS
from schema.schema import made

ROOT = Path(__file__).parent.parent
LAYERS = ("kit", "db", "live", "resolvers", "schema", "server")
DOMAINS = ("accounts", "gifts", "seances", "tasks")
SCHEMA = made()._schema

# Entities that nobody follows, with the reason.
UNHEARD: dict[type[Entity], str] = {
    Presence: "it is true for seconds, and told by a live query of its own: the log would only grow",
    Giving: "it is told as a change of its item",
    Claim: "it is told as a change of its item",
    Contribution: "it is told as a change of its item",
    Activity: "it comes with what it speaks of, and a dashboard is asked anew by that",
}

# Anybody may call these: they are how one becomes somebody, and how one hears that nobody can.
PUBLIC = {"login", "refreshToken", "register", "health"}

# Mutations without a limit of their own, with the reason.
UNLIMITED = {
    "login": "its tries are counted by whose they are, in resolvers/accounts/throttle.py",
    "changePassword": "its tries are counted there as well",
    "updateTask": "whoever types writes often, each time one row; the budget of all that is asked is enough",
}

# Larger than the ceiling, each with its reason.
LONG_FILES = {
    "tests/tasks/test_recurrence.py": "the calendar has that many corners",
    "tests/server/test_postgres.py": "one supervisor, and all the ways to die",
}
LONG_FUNCTIONS: dict[str, str] = {}


def _sources() -> list[Path]:
    return [path for layer in LAYERS for path in sorted((ROOT / layer).rglob("*.py")) if "versions" not in path.parts]


def _tests() -> str:
    return "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))


def _entities() -> list[type[Entity]]:
    models = [mapper.class_ for mapper in Entity.registry.mappers if issubclass(mapper.class_, Entity)]
    return sorted(models, key=lambda model: model.__name__)


@pytest.mark.parametrize("model", _entities(), ids=lambda model: model.__name__)
def test_every_entity_has_a_policy_and_a_type_of_its_name(model: type[Entity]) -> None:
    assert model in POLICIES, f"say in resolvers/*/policy.py who may see and change a {model.__name__}"
    assert BINDINGS[model.__name__].model is model


@pytest.mark.parametrize("model", _entities(), ids=lambda model: model.__name__)
def test_every_entity_has_topics_or_a_reason_for_none(model: type[Entity]) -> None:
    assert (model in TOPICS) is not (model in UNHEARD), f"name the topics of {model.__name__} in live/topics.py"


@pytest.mark.parametrize("model", _entities(), ids=lambda model: model.__name__)
def test_every_entity_that_is_heard_of_can_be_followed_in_the_stream_of_all_changes(model: type[Entity]) -> None:
    listed = model.__name__ in set(EntityType)
    assert listed is not (model in UNHEARD), f"add {model.__name__} to EntityType in resolvers/changes.py"


@pytest.mark.parametrize("model", [*TOPICS], ids=lambda model: model.__name__)
def test_every_topic_has_a_gate(model: type[Entity]) -> None:
    """Topics are named by ids and by the types of parents: a row of anything will do."""
    columns = inspect(model).column_attrs
    ids = {column.key: next(iter(getattr(column.columns[0].type, "enums", ["user_0"]))) for column in columns}
    names = {topic.rpartition(":")[0] for topic in TOPICS[model](SimpleNamespace(**ids))}
    assert names <= GATES.keys(), f"say in resolvers/topics.py who may follow the topics of {model.__name__}"


def test_of_every_circle_it_can_be_said_who_hears() -> None:
    """Its rule asks for nothing but the viewer's id; whether its topics can tell each alone, every write asks."""
    for model in [model for model, policy in POLICIES.items() if policy.circle is not None]:
        audience.statement(model)


def test_prefixes_of_ids_are_unique() -> None:
    prefixes = [model.prefix for model in _entities()]
    assert len(prefixes) == len(set(prefixes))


def test_every_relationship_is_loaded_by_the_reader_alone() -> None:
    lazy = {str(r) for model in _entities() for r in model.__mapper__.relationships if r.lazy != "raise"}
    assert lazy == set()


def _root_fields() -> dict[str, CallField]:
    roots = [SCHEMA.query_type, SCHEMA.mutation_type]
    fields = {name: field for root in roots if root for name, field in root.fields.items()}
    return {name: field.extensions[GraphQLCoreConverter.DEFINITION_BACKREF] for name, field in fields.items()}


def test_every_root_field_demands_a_role_or_is_listed_as_public() -> None:
    assert all(isinstance(field, CallField) for field in _root_fields().values())
    assert {name for name, field in _root_fields().items() if field.floor is None} == PUBLIC


@pytest.mark.parametrize("name", [name for name, field in _root_fields().items() if isinstance(field, VerbField)])
def test_every_mutation_is_tried_by_a_stranger_or_by_nobody(name: str) -> None:
    """The tables of tests/*/test_strangers.py and their like name every verb."""
    assert re.search(rf"\b{name}\b", _tests()), f"no test speaks of {name}"


def test_every_mutation_has_a_limit_or_a_reason_for_none() -> None:
    assert SCHEMA.mutation_type is not None
    fields = {name: field for name, field in _root_fields().items() if name in SCHEMA.mutation_type.fields}
    assert {name for name, field in fields.items() if getattr(field, "limit", None) is None} == UNLIMITED.keys()


def _described() -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, kind in SCHEMA.type_map.items():
        if is_introspection_type(kind) or name in ("String", "Int", "Float", "Boolean", "ID"):
            continue
        found.append((name, kind.description))
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType | GraphQLInputObjectType):
            for key, field in kind.fields.items():
                found.append((f"{name}.{key}", field.description))
                arguments = getattr(field, "args", {})
                found += [(f"{name}.{key}({arg}:)", given.description) for arg, given in arguments.items()]
        if isinstance(kind, GraphQLEnumType):
            found += [(f"{name}.{key}", value.description) for key, value in kind.values.items()]
    return found


def test_every_type_field_argument_and_value_says_what_it_is() -> None:
    assert [name for name, text in _described() if not text] == []


def test_every_setting_stands_in_the_example_and_has_a_reason() -> None:
    listed = re.findall(r"^#?\s?([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


@pytest.mark.parametrize("layer", ["db", "resolvers", "schema"])
def test_the_path_rhymes(layer: str) -> None:
    folders = {path.name for path in (ROOT / layer).iterdir() if path.is_dir()} - {"__pycache__", "migrations"}
    assert folders == set(DOMAINS)


def test_no_file_is_longer_than_300_lines_without_a_reason() -> None:
    paths = [*_sources(), *(ROOT / "tests").rglob("*.py")]
    lengths = {str(path.relative_to(ROOT)): len(path.read_text().splitlines()) for path in paths}
    assert {name for name, length in lengths.items() if length > 300} == set(LONG_FILES)


def test_no_function_is_longer_than_40_lines_without_a_reason() -> None:
    found = set()
    for path in _sources():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or 0) - node.lineno + 1
                if length > 40:
                    found.add(f"{path.relative_to(ROOT)}:{node.name}")
    assert found == set(LONG_FUNCTIONS)


def test_no_name_is_a_manager_helper_or_util() -> None:
    pattern = re.compile(r"\b(?:class|def)\s+\w*(?:Manager|Helper|Util)\w*|(?:manager|helper|util)s?\.py")
    assert [str(path) for path in _sources() if pattern.search(path.read_text()) or pattern.search(path.name)] == []


def test_lock_files_carry_no_address() -> None:
    locks = [
        *(ROOT / "requirements").glob("*.txt"),
        ROOT / "tests/clients/package-lock.json",
        ROOT / "benchmarks/peers/package-lock.json",
    ]
    assert [lock.name for lock in locks if re.search(r"https?://", lock.read_text())] == []


def test_the_changelog_speaks_of_this_version() -> None:
    version = re.search(r'^version = "(.+)"', (ROOT / "pyproject.toml").read_text(), re.MULTILINE)
    assert version is not None
    assert f"## {version[1]}" in (ROOT / "CHANGELOG.md").read_text()
