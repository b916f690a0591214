"""`parlor serve`: what it says, what it keeps, and how it ends."""

import signal
from dataclasses import dataclass
from pathlib import Path
from resource import RUSAGE_CHILDREN, getrusage
from typing import Any

import httpx2
import pytest

from kit.settings import Settings
from tests.conftest import url_of
from tests.server.processes import SECRET, Done, parlor, postgres_of, serving, until

DEMO = ["Birthday party for Mira", "Install Parlor", "Send the report", "Water the plants"]
PEOPLE = ["demo@parlor.example", "stranger@parlor.example", "admin@parlor.example"]
GIVER, RECEIVER = "gus@parlor.example", "ida@parlor.example"
WISHES = """{ families { nodes { name } } lists(filter: {type: [WISHLIST]}) { nodes { items { nodes {
    gift { name } status giving { claimed fundedMinor targetMinor } } } } } }"""
ROOMS = """{ seances { nodes { name participantCount freeSeats host { name } turns { nodes { state answer { text } } }
    messages { nodes { kind text letterTiming } } } } }"""


@dataclass(frozen=True)
class Life:
    """What was seen of one data directory: served, stopped, served again, killed, served again, interrupted."""

    url: str
    said: list[str]
    health: Any
    titles: list[list[str]]
    roles: Any
    wishes: list[Any]
    wishes_again: Any
    rooms: list[Any]
    rooms_again: Any
    postgres: list[str]
    second: Done
    second_expected: str
    stopped: int
    postgres_after_stop: list[str]
    seconds: float
    said_again: list[str]
    titles_again: list[str]
    postgres_after_kill: list[str]
    titles_after_kill: list[str]
    interrupted: int
    postgres_after_interrupt: list[str]
    last_words: str


@pytest.fixture(scope="module")
def life(tmp_path_factory: pytest.TempPathFactory) -> Life:
    data = tmp_path_factory.mktemp("life") / "data"
    seen: dict[str, Any] = {}
    with serving(data, "--demo") as one:
        seen["health"] = httpx2.get(f"{one.url}/health").json()
        seen |= {"url": one.url, "said": one.said.splitlines(), "postgres": postgres_of(data)}
        seen["titles"] = [one.titles(email) for email in PEOPLE]
        seen["roles"] = one.ask("{ users { nodes { email role } } }", one.token(PEOPLE[2]))
        seen["wishes"] = [one.ask(WISHES, one.token(email))["data"] for email in (GIVER, RECEIVER, PEOPLE[1])]
        seen["rooms"] = [one.ask(ROOMS, one.token(email))["data"]["seances"] for email in (GIVER, PEOPLE[1])]
        seen["second"] = parlor("serve", "--data", "data", cwd=data.parent, JWT_SECRET=SECRET)
        seen["second_expected"] = f"Another Parlor (process {one.process.pid}) uses {data}"
        seen["stopped"] = one.stop(signal.SIGTERM)
        seen["postgres_after_stop"] = postgres_of(data)
    with serving(data, "--demo", JWT_SECRET=SECRET) as two:
        seen["said_again"] = two.said.splitlines()[:1]
        seen["titles_again"] = two.titles(PEOPLE[0])
        seen["wishes_again"] = two.ask(WISHES, two.token(GIVER))["data"]
        seen["rooms_again"] = two.ask(ROOMS, two.token(GIVER))["data"]["seances"]
        made = two.ask('mutation { createTask(input: {title: "Kept"}) { id } }', two.token(PEOPLE[0]))
        assert "errors" not in made
        used = getrusage(RUSAGE_CHILDREN)
        two.stop(signal.SIGKILL)
        seen["seconds"] = getrusage(RUSAGE_CHILDREN).ru_utime - used.ru_utime
        until(lambda: not postgres_of(data), "the end of PostgreSQL")
        seen["postgres_after_kill"] = postgres_of(data)
    with serving(data, JWT_SECRET=SECRET) as three:
        seen["titles_after_kill"] = three.titles(PEOPLE[0])
        seen["interrupted"] = three.stop(signal.SIGINT)
        seen |= {"postgres_after_interrupt": postgres_of(data), "last_words": three.said.splitlines()[-1]}
    return Life(**seen)


def test_a_first_start_says_what_it_does_and_where_it_listens(life: Life) -> None:
    assert life.said == [
        "… JWT_SECRET is not set: a random one is used, and access tokens end with this process.",
        "… Preparing the database (first start only) …",
        f"✓ Parlor listens on {life.url}/graphql",
        "  sign in as demo@parlor.example (Dora Demo) with the password parlor-demo",
        "  sign in as gus@parlor.example (Gus Lindgren) with the password parlor-demo",
        "  sign in as ida@parlor.example (Ida Lindgren) with the password parlor-demo",
        "  sign in as stranger@parlor.example (Sam Stranger) with the password parlor-demo",
        "  sign in as admin@parlor.example (Ada Admin) with the password parlor-demo",
    ]


def test_it_listens_as_soon_as_it_says_so_on_a_database_of_its_own(life: Life) -> None:
    assert life.health == {"status": "healthy", "db": "connected"}
    assert life.postgres


def test_the_people_of_the_demo_can_sign_in_and_see_their_own_alone(life: Life) -> None:
    assert life.titles == [DEMO, [], []]
    assert {user["email"]: user["role"] for user in life.roles["data"]["users"]["nodes"]} == {
        "demo@parlor.example": "USER",
        GIVER: "USER",
        RECEIVER: "USER",
        "stranger@parlor.example": "USER",
        "admin@parlor.example": "SUPER_ADMIN",
    }


def _wishes(seen: Any) -> list[tuple[Any, ...]]:
    found = [item for one in seen["lists"]["nodes"] for item in one["items"]["nodes"]]
    return [(item["gift"]["name"], item["status"], *(item["giving"] or {}).values()) for item in found]


def test_the_family_of_the_demo_prepares_a_surprise_of_which_its_receiver_sees_nothing(life: Life) -> None:
    gus, ida, stranger = life.wishes
    assert gus["families"]["nodes"] == ida["families"]["nodes"] == [{"name": "The Lindgrens"}]
    assert _wishes(gus) == [
        ("Roller skates", "PURCHASED", 1, 0, None),
        ("A telescope", "IDEA", 0, 6000, 12000),
        ("Books about dragons", "IDEA", 0, 0, None),
    ]
    assert _wishes(ida) == [("Roller skates", "IDEA"), ("A telescope", "IDEA"), ("Books about dragons", "IDEA")]
    assert stranger == {"families": {"nodes": []}, "lists": {"nodes": []}}
    assert life.wishes_again == gus


def test_in_the_room_of_the_demo_a_spirit_has_answered_and_a_stranger_hears_nothing_of_it(life: Life) -> None:
    gus, stranger = (rooms["nodes"] for rooms in life.rooms)
    assert [(room["name"], room["host"]["name"], room["participantCount"], room["freeSeats"]) for room in gus] == [
        ("The attic", "Gus Lindgren", 3, 3)
    ]
    said = [(message["kind"], message["text"]) for message in reversed(gus[0]["messages"]["nodes"])]
    assert said[0] == ("SYSTEM", "Session created")
    assert said[-2:] == [("SPIRIT", "Under the blue pot. Look twice."), ("USER", "I knew it!")]
    (answer,) = (message for message in gus[0]["messages"]["nodes"] if message["kind"] == "SPIRIT")
    assert len(answer["letterTiming"]) == len(answer["text"])
    assert gus[0]["turns"]["nodes"] == [{"state": "ANSWERED", "answer": {"text": answer["text"]}}]
    assert stranger == [gus[0] | {"messages": {"nodes": []}, "turns": {"nodes": []}}]
    assert life.rooms_again == life.rooms[0]


def test_a_second_server_on_the_same_data_is_refused(life: Life) -> None:
    assert life.second.code == 1
    assert life.second.said == f"✗ {life.second_expected}: stop it, or choose another --data.\n"


def test_sigterm_ends_it_in_order_and_its_postgres_with_it(life: Life) -> None:
    assert life.stopped == 0
    assert life.postgres_after_stop == []


def test_a_second_start_is_quick_and_fills_in_nothing_twice(life: Life) -> None:
    assert life.seconds < 8  # of a core, all in all: 2 on a quiet machine, and no more on a busy one
    assert life.said_again[0].startswith("✓ Parlor listens on http://127.0.0.1:")
    assert life.titles_again == DEMO


def test_kill_9_takes_its_postgres_with_it_and_loses_nothing(life: Life) -> None:
    assert life.postgres_after_kill == []
    assert life.titles_after_kill == sorted([*DEMO, "Kept"])


def test_ctrl_c_ends_it_in_order_and_its_postgres_with_it(life: Life) -> None:
    assert life.interrupted == 0
    assert life.postgres_after_interrupt == []
    assert life.last_words == "Parlor has stopped."


def test_a_database_that_is_named_is_used_and_none_is_started(settings: Settings, data: Path) -> None:
    with serving(data, DATABASE_URL=url_of(settings), JWT_SECRET=SECRET) as running:
        assert httpx2.get(f"{running.url}/health").status_code == 200
        assert running.said == f"✓ Parlor listens on {running.url}/graphql\n"
        assert not data.exists()
        port = running.url.rpartition(":")[2]
        done = parlor(
            *("serve", "--port", port),
            cwd=data.parent,
            DATABASE_URL=url_of(settings),
            JWT_SECRET=SECRET,
        )
        assert done.code != 0
        assert "Address already in use" in done.said
        assert "listens on" not in done.said
        assert running.stop(signal.SIGTERM) == 0
