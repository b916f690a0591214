"""Values worth asking with: mostly those that find something, some that must not, some that make no sense."""

import base64
import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any, TypeVar

from db import models
from db.models import Entity, Gift, Giving, ListItem, Person, Task, User
from tests.proof.executor import SCHEMA
from tests.proof.lists import Order
from tests.proof.naive import KINDS, Asked
from tests.proof.refusals import NEWEST, ORDERS, order_of
from tests.proof.rows import accounts
from tests.proof.rows.accounts import DORA, SAM, id_of
from tests.proof.world import World

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
    "Date": (["2026-10-25", "2026-10-24", "2026-03-28", "2025-12-24", "2026-12-25", "2999-12-31"], []),
    "Tag": (["sport", " SPORT ", "äpfel", "42", "none"], ["", "x" * 31, "\x01"]),
    "Currency": (["EUR", "USD", "CHF"], ["eur", "", "EURO"]),
    "PartOfName": (["christmas", "CHRIST", "100%_", "\\", "äpf", "'", " s "], ["", "x" * 101]),
}


NUMERIC = {"Amount": (["0", "500", "1000", "2500"], ["-1", "1000000001"]), "Days": (["0", "1", "30", "300"], ["-5"])}


class Pools:
    """What this viewer might ask with. A value is odd in one of so many cases."""

    def __init__(self, world: World, viewer: str | None, cursors: dict[str, dict[str, list[str]]]) -> None:
        self._viewer = viewer
        self._cursors = cursors
        self._own: dict[str, list[str]] = {}
        self._odd: dict[str, list[str]] = {}
        asked = Asked(world, world.of(User).get(viewer or ""), None, accounts.MOMENTS[0])
        for prefix, kind in KINDS.items():
            rows = world.of(getattr(models, kind))
            there = [row.id for row in rows.values() if viewer and asked.sees(row)]
            there = [id for id in there if getattr(rows[id], "trashed_at", None) is None]
            self._odd[kind] = [*rows.keys() - there, id_of(prefix, 999_999), *MALFORMED]
            self._odd[kind].sort()
            self._own[kind] = there or self._odd[kind]

    def value(self, random: Random, meant: str, kinds: Sequence[str] = ()) -> str:
        """For an argument that means such a thing: the id of a type, or one of TEXTS. Of nodes these `kinds`."""
        if meant in TEXTS:
            return _mostly(random, *TEXTS[meant])
        if meant in NUMERIC:
            return _mostly(random, *NUMERIC[meant])
        if meant == "Topic":
            if random.randrange(2):
                return random.choice(accounts.LOOKED_AT)
            own = [f"{name}:{self._viewer}" for name in ("user", "user", "tasks")]
            return _mostly(random, own, [f"user:{id}" for id in (DORA, SAM, *MALFORMED)], odds=8)
        if meant == "Parent":
            meant = random.choice(["Occasion", "GiftList", "ListItem", "ListItem", "Gift", "Person"])
        if meant == "Node":
            meant = random.choice(kinds or [*KINDS.values()])
        return _mostly(random, self._own[meant], self._odd[meant], odds=12)

    def user(self, random: Random) -> str | None:
        return self._viewer if self._viewer and random.randrange(8) else SAM

    def cursor(self, random: Random, order: str, kind: str) -> str:
        """Of this order and such a row as a rule; sometimes of another, and sometimes none at all."""
        strange = random.randrange(25)
        if strange == 0:
            return random.choice(BROKEN_CURSORS)
        found = self._cursors[order if strange > 1 else random.choice(sorted(self._cursors))]
        return random.choice(found.get(kind) or found[random.choice(sorted(found))])

    def size(self, random: Random) -> int:
        return _mostly(random, SIZES, STRANGE_SIZES, odds=50)


def _mostly(random: Random, good: list[T], odd: list[T], odds: int = 25) -> T:
    return random.choice(good if not odd or random.randrange(odds) else odd)


def cursors(world: World) -> dict[str, dict[str, list[str]]]:
    """By the names of orders and of types those of all rows; whether the server gives the same ones shows in pages."""
    made: dict[str, dict[str, list[str]]] = {}
    for order in _orders():
        for model, rows in ((model, rows) for model, rows in world.rows.items() if rows):
            reached = REACHED.get((order.by, model))
            if reached or ("." not in order.by and hasattr(model, order.by)):
                of = partial(reached, world) if reached else None
                found = [replace(order, of=of).cursor(row) for row in rows.values()]
                made.setdefault(order.name, {})[KINDS.get(model.prefix, model.__name__)] = found
    return made


def _orders() -> set[Order]:
    found = {*ORDERS.values(), NEWEST}
    for field, kind in ORDER_INPUTS.items():
        for by in SCHEMA.type_map[f"{kind}Field"].values:  # type: ignore[attr-defined]
            found |= {order_of(field, {"orderBy": {"field": by, "direction": way}}) for way in ("ASC", "DESC")}
    return found | {order_of("persons", {"orderBy": by}) for by in SCHEMA.type_map["PersonOrder"].values}  # type: ignore[attr-defined]


def _giving(world: World, item: ListItem) -> Giving:
    (giving,) = world.alike(Giving, "item_id", item.id)
    return giving  # type: ignore[no-any-return]


ORDER_INPUTS = {
    "tasks": "TaskOrder",
    "occasions": "OccasionOrder",
    "lists": "GiftListOrder",
    "gifts": "GiftOrder",
    "items": "ListItemOrder",
    "seances": "SeanceOrder",
}
REACHED: dict[tuple[str, type[Entity]], Callable[..., Any]] = {
    ("parent.title", Task): lambda world, row: world.of(Task)[row.parent_id].title if row.parent_id else None,
    ("next_birthday", Person): lambda world, row: row.birthday and row.birthday.replace(year=2027, day=20),
    ("gift.name", ListItem): lambda world, row: world.of(Gift)[row.gift_id].name,
    ("gift.price_minor", ListItem): lambda world, row: world.of(Gift)[row.gift_id].price_minor,
    ("status", ListItem): lambda world, row: _giving(world, row).status,
    ("giving.received_at", ListItem): lambda world, row: _giving(world, row).received_at,
}


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
