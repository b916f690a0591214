"""Users, their sessions, tasks and labels, and who looks at what."""

from datetime import UTC, datetime, timedelta
from typing import Any

from db.models import Label, Presence, Priority, RepeatsFrom, Role, Session, Task, User

# Half past two twice in Berlin and midnight twice on the Azores; 23 hours in Berlin and no midnight in Beirut.
MOMENTS = (datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 3, 29, 0, 30, tzinfo=UTC))
ZONES = ("Europe/Berlin", "America/Los_Angeles", "Asia/Kathmandu", "Asia/Beirut", "Pacific/Kiritimati", "UTC")
EARLY, LATE = datetime(2026, 1, 1, tzinfo=UTC), datetime(2026, 9, 30, 23, 59, 59, 999999, tzinfo=UTC)
FIRST, LAST = datetime(1000, 1, 1, tzinfo=UTC), datetime(9899, 12, 31, 23, 59, 59, 999000, tzinfo=UTC)

TITLES = (
    "Water the plants",
    "water the plants",
    "Milk—bread",
    "Say \"hi\" \\ 'bye'",
    "Äpfel schälen",
    "買牛奶",
    "🎂 for Zoë",
    "a",
    "Don\u2019t panic",
    "C++/snake_case (42b)",
    "Water the plants",
    "{}[]<b>\u2028\t\n",
    "x" * 200,
)
DUES = (
    None,
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 10, 25, 22, 59, 59, tzinfo=UTC),
    datetime(2026, 10, 25, 23, tzinfo=UTC),
    datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
    FIRST,
    None,
    datetime(2026, 3, 28, 22, tzinfo=UTC),
    datetime(2026, 3, 28, 23, tzinfo=UTC),
    datetime(2026, 3, 29, 21, 59, 59, 500000, tzinfo=UTC),
    LAST,
)
DAILY, WEEKLY = "FREQ=DAILY;COUNT=3", "FREQ=WEEKLY;BYDAY=MO"
POSITIONS = (1.0, 2.0, 2.0, -1.5, 0.1, 1.7976931348623157e308, 0.0, 5e-324, 123456789.01234567)


def id_of(prefix: str, number: int) -> str:
    return f"{prefix}_{number:032x}"


DORA, SAM, ADA, IDA, GUS, GINA, MAX = (id_of("user", n) for n in range(1, 8))
PIA, QUINN = (id_of("user", n) for n in range(8, 10))  # who ask nothing
NAMES = {"dora": DORA, "sam": SAM, "ada": ADA, "ida": IDA, "gus": GUS, "gina": GINA, "max": MAX}


def _users() -> list[dict[str, Any]]:
    shared: dict[str, Any] = {"created_at": EARLY, "updated_at": LATE}
    return [
        {"id": DORA, "email": "dora@example.org", "name": 'Dora "D" O\'Hara\\', "time_zone": "Europe/Berlin"} | shared,
        {"id": SAM, "email": "sam@example.org", "name": "Zoë", "time_zone": "Asia/Beirut", "username": "sam"} | shared,
        {"id": ADA, "email": "ada@example.org", "name": "ZOË", "role": Role.ADMIN, "time_zone": "Atlantic/Azores"}
        | shared,
        {"id": IDA, "email": "ida@example.com", "name": "ida 100%_", "role": Role.AGENT, "version": 7}
        | {"created_at": LATE, "updated_at": LATE},
        {"id": GUS, "email": "gus@example.org", "name": "Gus", "time_zone": "Pacific/Kiritimati"} | shared,
        {"id": GINA, "email": "gina@example.org", "name": "Gina", "username": "gina"} | shared,
        {"id": MAX, "email": "max@example.net", "name": "Max", "time_zone": "America/Los_Angeles"} | shared,
        {"id": PIA, "email": "pia@example.net", "name": "Pia"} | shared,
        {"id": QUINN, "email": "quinn@example.net", "name": "Quinn"} | shared,
    ]


def _sessions() -> list[dict[str, Any]]:
    """One for each, and some of Dora's that tie, were revoked or have ended by the later moment."""
    times: dict[str, Any] = {
        "created_at": EARLY,
        "updated_at": EARLY,
        "last_used_at": EARLY,
        "expires_at": datetime(2027, 1, 1, tzinfo=UTC),
    }
    more: list[dict[str, Any]] = [
        {"user_agent": 'A "browser"\\ ☃'},
        {"address": "::1"},
        {"last_used_at": LATE},
        {"revoked_at": LATE},
        {"expires_at": MOMENTS[0]},
        {"expires_at": datetime(2026, 6, 1, tzinfo=UTC)},
    ]
    made = [{"user_id": user} | times for user in NAMES.values()] + [
        {"user_id": DORA} | times | given for given in more
    ]
    return [{"id": id_of("session", number)} | row for number, row in enumerate(made, 1)]


def _labels() -> list[dict[str, Any]]:
    owned = [(DORA, name) for name in ("home", "Home 2", "ärger", "Zoo", '"\\', "x" * 50)]
    owned += [(SAM, "home"), (SAM, "work"), (ADA, "Home")]
    return [
        {"id": id_of("label", n), "owner_id": owner, "name": name, "created_at": EARLY, "updated_at": LATE}
        | ({"color": "#ff0000"} if n % 2 else {})
        for n, (owner, name) in enumerate(owned, 1)
    ]


def _tasks() -> list[dict[str, Any]]:
    """Trees of four levels."""
    owners = [DORA] * 27 + [SAM] * 9 + [ADA] * 2
    return [_task(n, owner) for n, owner in enumerate(owners, 1)]


# By number: what a task is a part of, and what opened it. Three are entangled with somebody else's.
PARENTS = dict.fromkeys(range(2, 8), 1) | {8: 2, 9: 2, 10: 8, 11: 8, 12: 10, 13: 9, 16: 15, 17: 15}
PARENTS |= {29: 28, 30: 28, 31: 29, 35: 1, 26: 28, 27: 35}
PREVIOUS = {19: 18, 20: 19, 21: 20, 33: 32, 34: 22}
TRASHED = {7, 11, 15, 16, 20, 30}
COMPLETED = {3, 6, 9, 18, 19, 21, 28}
WORN = {n: [1 + n % 6, 1 + (n // 2) % 6] for n in range(1, 24)} | {1: [1, 2, 3, 4, 5, 6], 2: [1, 7], 24: [8]}
WORN |= {28: [7, 8], 29: [8], 31: [1]}


def _task(n: int, owner: str) -> dict[str, Any]:
    due = DUES[n % len(DUES)]
    done = LATE if n % 2 else LATE + timedelta(days=n)
    return {
        "id": id_of("task", n),
        "owner_id": owner,
        "parent_id": id_of("task", PARENTS[n]) if n in PARENTS else None,
        "previous_id": id_of("task", PREVIOUS[n]) if n in PREVIOUS else None,
        "title": TITLES[n % len(TITLES)],
        "description": (None, "", "On the bal-cony\nwith milk", "bread—milk")[n % 4],
        "priority": [*Priority][n % 5],
        "position": POSITIONS[n % len(POSITIONS)],
        "due_at": due,
        "time_zone": ZONES[n % len(ZONES)],
        "reminders": ([], [0], [5, 40_320])[n % 3],
        "recurrence": (DAILY, WEEKLY)[n % 4 // 2] if due and due.year == 2026 and n % 2 else None,
        "repeats_from": [*RepeatsFrom][n % 2],
        "next_due_at": due + timedelta(days=7) if due and due.year == 2026 and n % 2 else None,
        "completed_at": done if n in COMPLETED else None,
        "trashed_at": LATE if n in TRASHED else None,
        "version": 1 + n % 3,
        "created_at": EARLY + timedelta(microseconds=n // 3),
        "updated_at": LATE - timedelta(hours=n % 4, milliseconds=n % 2),
    }


# Two processes live for ever, as far as these tests go, and one is dead.
LEASES = {"one": datetime(2200, 1, 1, tzinfo=UTC), "two": datetime(2200, 1, 1, tzinfo=UTC), "dead": FIRST}
THERE = (
    *[("dead", f"user:{DORA}", user, FIRST) for user in (DORA, SAM)],
    *[("one", f"user:{DORA}", user, at) for user, at in ((DORA, LATE), (ADA, EARLY), (IDA, EARLY))],
    *[("two", f"user:{DORA}", user, at) for user, at in ((DORA, EARLY), (ADA, EARLY), (SAM, LAST))],
    *[("two", f"{name}:{user}", user, LATE) for name in ("tasks", "user") for user in (SAM, ADA, IDA)],
    ("one", f"user:{SAM}", ADA, EARLY),
)
# Of gifts and rooms by number: the first is of somebody else's family, or a room that has ended.
LOOKED_AT = [
    *(f"list:{id_of('list', n)}" for n in (32, 2, 7, 8, 10, 11, 16, 38)),
    *(f"comments:item:{id_of('item', n)}" for n in (98, 4, 20, 22, 31, 33, 47)),
    *(f"gift:{id_of('gift', n)}" for n in (25, 1, 2, 4, 7)),
    *(f"occasion:{id_of('occasion', n)}" for n in (6, 1, 2, 3, 4)),
    *(f"person:{id_of('person', n)}" for n in (8, 1, 2, 3)),
    *(f"family:{id_of('family', n)}" for n in (2, 1)),
    *(f"seance:{id_of('seance', n)}" for n in (2, 1, 3, 5, 7)),
    *(f"comments:{kind}:{id_of(kind, n)}" for kind in ("list", "gift", "occasion", "person") for n in (1, 2, 8)),
    f"item:{id_of('item', 4)}",  # which is no topic
]


def _presences() -> list[dict[str, Any]]:
    names = ("process", "topic", "user_id", "since")
    there = [("one", topic, user, EARLY) for topic in LOOKED_AT for user in (IDA, GUS, DORA, SAM)]
    rows = [*THERE, *there]
    return [{"id": id_of("presence", n)} | dict(zip(names, row, strict=True)) for n, row in enumerate(rows, 1)]


ROWS = {User: _users(), Session: _sessions(), Label: _labels(), Presence: _presences(), Task: _tasks()}
