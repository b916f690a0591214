"""Values worth asking with: mostly those that find something, some that must not, some that make no sense."""

import base64
import json
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

from db.models import Task
from tests.proof.executor import SCHEMA
from tests.proof.refusals import ORDERS, order_of
from tests.proof.world import DORA, SAM, World, id_of

MALFORMED = ["", "task_", "task_1", "nope", id_of("task", 1).upper(), "😀", "task_\x00", "' or true --", "session_"]
ZONES = [
    "Europe/Berlin",
    "Asia/Beirut",
    "America/Los_Angeles",
    "Pacific/Kiritimati",
    "Asia/Kathmandu",
    "UTC",
    "Atlantic/Azores",
]
WORDS = [
    "w", "wat pla", "WATER", "milk", "bread milk", "MILK, bal", "äpf", "買", "c++", "42", "zoë", "x", "don't", "hi \\",
    "case snake", "bal-cony", "water water", "sch Äpf", "panic don", "on the bal", "bread", "\"'", "% _", "no-such",
    "milk\u2014bread", "bread\u2014milk", "panic\u2019don", "don\u2019t", "🎂 zoë",
]  # fmt: skip
STRANGE_WORDS = ["", " \t", "\x00", "x" * 201, "'" * 200, "milk\x00"]
PARTS = ["dora", "zoë", "EXAMPLE.ORG", "100%_", "\\", "'", "a", " ida ", "nobody", "@"]
STRANGE_PARTS = ["", " ", "\x01", "x" * 101]
MOMENTS = [
    "2026-10-24T22:00:00Z", "2026-10-25T12:30:00+00:00", "2026-10-25T23:59:59.5+01:00", "2026-03-29T00:00:00+02:00",
    "1000-01-01T00:00:00Z", "9899-12-31T23:59:59.999999Z", "2026-03-28 22:00+00:00",
]  # fmt: skip
SIZES = [1, 2, 3, 5, 20, 100]
STRANGE_SIZES = [0, -1, 101, 2**31 - 1]


T = TypeVar("T")
TEXTS: dict[str, tuple[list[str], list[str]]] = {
    "Words": (WORDS, STRANGE_WORDS),
    "Part": (PARTS, STRANGE_PARTS),
    "Name": (["home", "HOME", " zoo ", "ÄRGER", "home 2", "work"], ["", "x" * 51, "\x01"]),
    "Zone": (ZONES, ["", "Nowhere", "localtime"]),
    "DateTime": (MOMENTS, []),
}


TASK_ORDERS = [
    {"field": field, "direction": direction}
    for field in SCHEMA.type_map["TaskOrderField"].values  # type: ignore[attr-defined]
    for direction in ("ASC", "DESC")
]


class Pools:
    """What this viewer might ask with. A value is odd in one of so many cases."""

    def __init__(self, world: World, viewer: str | None) -> None:
        self._viewer = viewer
        everything: dict[str, dict[str, Any]] = {
            "User": world.users,
            "Session": world.sessions,
            "Label": world.labels,
            "Task": world.tasks,
        }
        self._own: dict[str, list[str]] = {}
        self._odd: dict[str, list[str]] = {}
        for kind, rows in everything.items():
            owners = {row.id: getattr(row, "owner_id", getattr(row, "user_id", row.id)) for row in rows.values()}
            own = [id for id, owner in owners.items() if owner == viewer]
            there = [id for id in own if getattr(rows[id], "trashed_at", None) is None]
            self._odd[kind] = [*owners.keys() - there, id_of(kind.lower(), 999_999), *MALFORMED]
            self._odd[kind].sort()
            self._own[kind] = there or self._odd[kind]
        self._cursors = cursors(world)

    def value(self, random: Random, meant: str) -> str:
        """For an argument that means such a thing: the id of a type, or one of TEXTS."""
        if meant in TEXTS:
            return _mostly(random, *TEXTS[meant])
        if meant == "Topic":
            own = [f"{name}:{self._viewer}" for name in ("user", "user", "tasks")]
            return _mostly(random, own, [f"user:{id}" for id in (DORA, SAM, *MALFORMED)], odds=8)
        if meant == "Node":
            meant = random.choice(["Task", "Task", "Task", "Label", "User", "Session"])
        return _mostly(random, self._own[meant], self._odd[meant], odds=12)

    def user(self, random: Random) -> str | None:
        return self._viewer if self._viewer and random.randrange(8) else SAM

    def cursor(self, random: Random, order: str) -> str:
        """Of this order as a rule; sometimes of another, and sometimes none at all."""
        strange = random.randrange(25)
        if strange == 0:
            return random.choice(BROKEN_CURSORS)
        return random.choice(self._cursors[order if strange > 1 else random.choice(sorted(self._cursors))])

    def size(self, random: Random) -> int:
        return _mostly(random, SIZES, STRANGE_SIZES, odds=50)


def _mostly(random: Random, good: list[T], odd: list[T], odds: int = 25) -> T:
    return random.choice(good if not odd or random.randrange(odds) else odd)


def cursors(world: World) -> dict[str, list[str]]:
    """By the name of an order those of all rows; whether the server gives the same ones is seen in every page."""

    def title_of_parent(task: Task) -> str | None:
        return world.tasks[task.parent_id].title if task.parent_id else None

    everything: list[dict[str, Any]] = [world.users, world.sessions, world.labels, world.tasks, world.presences]
    made: dict[str, list[str]] = {}
    for order in [*ORDERS.values(), *(order_of("tasks", {"orderBy": by}) for by in TASK_ORDERS)]:
        reached = order.by == "parent.title"
        order = replace(order, of=title_of_parent) if reached else order
        for row in [row for rows in everything for row in rows.values()]:
            if isinstance(row, Task) if reached else hasattr(row, order.by):
                made.setdefault(order.name, []).append(order.cursor(row))
    return made


def packed(*values: Any) -> str:
    return base64.b64encode(json.dumps(values).encode()).decode()


BROKEN_CURSORS = [
    *("", "x", "!!", "ä", packed(), packed("created_at-"), packed(1, 2, 3), packed([], {}, [])),
    packed("title+", "a", 5),
    packed("created_at-", "yesterday", SAM),
    packed("created_at-", None, DORA),
    packed("created_at-", "2026-01-01T00:00:00", ""),
    packed("created_at-", "9999-12-31T23:59:59-14:00", ""),
    packed("due_at+", None, ""),
    packed("due_at-", "0001-01-01T00:00:00+00:00", "x"),
    packed("position+", "zero", DORA),
    packed("position+", 1e308, ""),
    packed("priority+", "SOME", DORA),
    packed("priority-", "HIGH", "z"),
    packed("title+", "M", id_of("task", 0)),
    packed("owner_id+", SAM, SAM),
]
