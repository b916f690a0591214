"""What reads the printed schema: codegen, and the check that no client breaks; and the page on how clients are made."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from kit.settings import Settings
from schema.schema import made

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
NODE = Path(sys.executable).parent / "node"
SECONDS = 60  # most of it on a busy machine


def ran(*command: str) -> subprocess.CompletedProcess[str]:
    assert (HERE / "node_modules").is_dir(), "The JavaScript clients are not installed: `make test` does it."
    return subprocess.run([NODE, *command], cwd=HERE, capture_output=True, text=True, timeout=SECONDS, check=False)


def test_graphql_codegen_makes_types_that_a_strict_program_agrees_with() -> None:
    made_of = ran("codegen.mjs")
    assert made_of.returncode == 0, made_of.stderr
    checked = ran("node_modules/typescript/bin/tsc", "--project", "codegen")
    assert (checked.returncode, checked.stdout) == (0, ""), checked.stdout
    manifest = HERE / "codegen" / "generated" / "persisted-documents.json"
    made(Settings(_env_file=None, trusted_documents=manifest))  # which raises where one is not valid


@pytest.mark.parametrize("name", ["staying", "lasting", "apollo", "urql", "relay"])
def test_the_page_on_clients_shows_what_is_tried(name: str) -> None:
    assert (HERE / "made" / f"{name}.mjs").read_text() in (ROOT / "docs" / "clients.md").read_text()


def test_the_released_schema_is_that_of_this_version() -> None:
    """Whoever raises the version runs `make released` too."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert (ROOT / "schema" / "released.graphql").read_text().startswith(f"# Parlor {version}\n")


RELEASED = """
type Query { task(id: ID!, old: Int @deprecated): Task tasks: [Task!]! }
type Task { id: ID! title: String! done: Boolean! @deprecated(reason: "completed says it") state: State! }
enum State { OPEN DONE }
input New { title: String! }
"""


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (
            "title: String! done",
            "title: String done",
            "Task.title: Field 'Task.title' changed type from 'String!' to 'String'",
        ),
        ("tasks: [Task!]!", "", "Query.tasks: Field 'tasks' was removed from object type 'Query'"),
        ("OPEN DONE", "OPEN", "State.DONE: Enum value 'DONE' was removed from enum 'State'"),
        (
            "{ title: String! }",
            "{ title: String! due: String! }",
            "New.due: Input field 'due' of type 'String!' was added to input object type 'New'",
        ),
        ("(id: ID!", "(id: ID!, by: ID!", "Query.task.by: Argument 'by: ID!' added to field 'Query.task'"),
        ('done: Boolean! @deprecated(reason: "completed says it")', "", None),
        ("OPEN DONE", "OPEN DONE GONE", None),
        ("tasks: [Task!]!", "tasks: [Task!]! more: Int", None),
    ],
)
def test_what_breaks_clients_of_the_last_release_is_said(
    tmp_path: Path, before: str, after: str, said: str | None
) -> None:
    released, here = tmp_path / "released.graphql", tmp_path / "here.graphql"
    released.write_text(RELEASED)
    here.write_text(RELEASED.replace(before, after))
    checked = ran("breaking.mjs", f"{released}", f"{here}")
    assert (checked.returncode, checked.stderr.split("\n")[0]) == ((0, "") if said is None else (1, said))


def test_breaks_that_are_accepted_are_printed_with_their_reasons_and_must_be_ones(tmp_path: Path) -> None:
    released, here, accepted = (tmp_path / name for name in ("released.graphql", "here.graphql", "accepted.json"))
    released.write_text(RELEASED)
    here.write_text(RELEASED.replace("title: String! done", "title: String done"))
    accepted.write_text('{"Task.title": "nobody has it yet"}')
    said = "Task.title: Field 'Task.title' changed type from 'String!' to 'String'"
    checked = ran("breaking.mjs", f"{released}", f"{here}", f"{accepted}")
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, f"accepted: {said} (nobody has it yet)\n", "")
    here.write_text(RELEASED)
    checked = ran("breaking.mjs", f"{released}", f"{here}", f"{accepted}")
    told = "Task.title: accepted as a break, but it breaks nothing: take it off the list\n"
    assert (checked.returncode, checked.stdout, checked.stderr) == (1, "", told)
