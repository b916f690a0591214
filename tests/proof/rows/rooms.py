"""Rooms of each kind, some of which have ended, with those who sit there, left, were sent away or banned."""

from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

from db.models import (
    LeftReason,
    MessageKind,
    Seance,
    SeanceInvite,
    SeanceMessage,
    SeanceParticipant,
    SeanceReport,
    SeanceTurn,
    SeanceVisibility,
    TokenUsage,
    TurnFailure,
    TurnState,
)
from tests.proof.rows.accounts import (
    ADA,
    DORA,
    EARLY,
    GINA,
    GUS,
    IDA,
    LATE,
    MAX,
    MOMENTS,
    PIA,
    QUINN,
    SAM,
    TITLES,
    id_of,
)

Row = dict[str, Any]
USERS = (DORA, SAM, ADA, IDA, GUS, GINA, MAX)
FAR = datetime(2200, 1, 1, tzinfo=UTC)  # what is held or worked at, as far as these tests go
NAMES = ("The cellar", "the cellar", "Äpfel, milk—bread", "C++ room", "買")
KINDS = [
    *product(SeanceVisibility, (False, True)),
    *product(SeanceVisibility, (False,)),
    (SeanceVisibility.PUBLIC, True),
]


def at(minutes: float) -> datetime:
    """Of the one evening on which all rooms were."""
    return datetime(2026, 2, 1, 20, tzinfo=UTC) + timedelta(minutes=minutes)


def _numbered(prefix: str, rows: list[Row]) -> list[Row]:
    return [
        {"id": id_of(prefix, n), "version": 1 + n % 3, "created_at": EARLY, "updated_at": LATE - timedelta(hours=n % 4)}
        | row
        for n, row in enumerate(rows, 1)
    ]


def _last() -> list[Row]:
    """Whom Max has met there is Pia, who came back after he had left, and not Quinn, who came then."""
    room: Row = {"seance_id": id_of("seance", len(KINDS) + 1), "banned_at": None, "muted_at": None}
    came = {DORA: (0, 0), MAX: (1, 1), PIA: (3, 25), QUINN: (20, 20)}
    made = [room | {"user_id": user, "created_at": at(a), "joined_at": at(b)} for user, (a, b) in came.items()]
    stays, left = {"left_at": None, "left_reason": None, "held_until": FAR}, {"left_at": at(11), "held_until": None}
    return [row | (left | {"left_reason": LeftReason.LEFT} if row["user_id"] == MAX else stays) for row in made]


def _seat(n: int, k: int) -> Row:
    """Of the one who has come to room `n` as the k-th, the host first. Some have come back."""
    row: Row = {"seance_id": id_of("seance", n + 1), "user_id": USERS[(n * 3 + k) % 7], "held_until": FAR}
    row |= {"created_at": at(k), "joined_at": at(25 if k == 3 else k), "left_at": None, "left_reason": None}
    row |= {"banned_at": None, "muted_at": at(9) if (n + k) % 4 == 3 else None}
    if k and (n + k) % 5:
        reason = [*LeftReason][(n * 2 + k) % 4]
        row |= {"left_at": at(30 if k == 3 else 10 + k), "left_reason": reason, "held_until": None}
        row["banned_at"] = row["left_at"] if reason is LeftReason.BANNED else None
    return row


SEATS = _numbered("seat", [_seat(n, k) for n in range(len(KINDS)) for k in range(5 - n % 2)] + _last())


def _rooms() -> list[Row]:
    made = []
    for n, (visibility, ended) in enumerate([*KINDS, (SeanceVisibility.PRIVATE, False)]):
        seats = [row for row in SEATS if row["seance_id"] == id_of("seance", n + 1)]
        sitting = sum(row["left_at"] is None for row in seats)
        made.append(
            {"name": NAMES[n % 5], "host_id": None if n == 9 else seats[0]["user_id"], "visibility": visibility}
            | {"max_users": max(2, sitting + n % 3), "participant_count": sitting, "locked": n % 4 == 2}
            | {"ended_at": at(60) if ended else None, "created_at": at(-(n // 2))}
        )
    return _numbered("seance", made)


ROOMS = _rooms()


def _messages() -> list[Row]:
    """Some at the very moment when somebody left. The last four of a room are the spirit's."""
    made = []
    for n, room in enumerate(ROOMS):
        whose = [row["user_id"] for row in SEATS if row["seance_id"] == room["id"]]
        for k, minute in enumerate((0, 0, 5, 11, 12, 12, 13, 20, 27, 31, 6, 13, 14, 40)):
            spoken, text = k > 9, TITLES[(n + k) % 13]
            kind = MessageKind.SPIRIT if spoken else MessageKind.SYSTEM if k == 0 else MessageKind.USER
            hidden = k and (n + k) % 4 == 1
            made.append(
                {"seance_id": room["id"], "kind": kind, "created_at": at(minute), "text": text}
                | {"sender_id": [*whose, None][k % (len(whose) + 1)] if kind is MessageKind.USER else None}
                | {"letter_timing": [200] * len(text) if spoken else None, "starts_at": at(minute) if spoken else None}
                | {"hidden_at": at(50) if hidden else None, "withdrawn": bool(hidden and k % 2 and not spoken)}
            )
    return _numbered("seancemessage", made)


MESSAGES = _messages()


def _turns() -> list[Row]:
    """Of a room: four that are answered, one that has failed, one that is thought of, and one that waits."""
    made = []
    for n, room in enumerate(ROOMS):
        said = [row for row in MESSAGES if row["seance_id"] == room["id"]]
        asked, answers = [row for row in said if row["kind"] is MessageKind.USER], said[10:]
        states = [TurnState.ANSWERED] * 4 + [TurnState.FAILED, TurnState.THINKING, TurnState.QUEUED]
        for k, state in enumerate(states[: 5 if room["ended_at"] else 7]):
            answer = answers[k] if k < 4 else None
            finished = answer["created_at"] if answer else at(12) if state is TurnState.FAILED else None
            made.append(
                {"seance_id": room["id"], "asked_by_id": asked[k]["sender_id"], "question_id": asked[k]["id"]}
                | {"answer_id": answer and answer["id"], "state": state, "created_at": asked[k]["created_at"]}
                | {"failure": [*TurnFailure][n % 5] if state is TurnState.FAILED else None, "finished_at": finished}
                | {
                    "provider": "embedded" if answer else None,
                    "alive_until": FAR if state is TurnState.THINKING else None,
                }
                | {"started_at": asked[k]["created_at"] if state is not TurnState.QUEUED else None}
            )
    return _numbered("turn", made)


TURNS = _turns()


def _usages() -> list[Row]:
    asked = [turn for turn in TURNS if turn["answer_id"] and turn["asked_by_id"]]
    return _numbered("usage", [
        {"user_id": turn["asked_by_id"], "subject_id": turn["id"], "provider": "embedded", "model": "rules"}
        | {"input_tokens": 10 * n, "output_tokens": n, "cost_micro_usd": n % 3 or None}
        for n, turn in enumerate(asked) if n % 4
    ])  # fmt: skip


def _invites() -> list[Row]:
    return _numbered("seanceinvite", [
        {"seance_id": room["id"], "code": f"room-{n}-{k}", "created_by_id": (room["host_id"], None, IDA)[k]}
        | {"expires_at": (FAR, MOMENTS[0])[k % 2], "most_uses": 3, "uses": k, "revoked_at": LATE if k == 2 else None}
        for n, room in enumerate(ROOMS) for k in range(3)
    ])  # fmt: skip


def _reports() -> list[Row]:
    """Also of hosts, of what is hidden since, and of rooms that have been deleted."""
    made = []
    for n, message in enumerate([row for row in MESSAGES if row["kind"] is not MessageKind.SYSTEM][::3]):
        room = next(row for row in ROOMS if row["id"] == message["seance_id"])
        gone = n % 7 == 6
        made.append(
            {"seance_id": None if gone else room["id"], "message_id": None if gone else message["id"]}
            | {"reporter_id": (*USERS, None)[n % 8], "sender_id": message["sender_id"]}
            | {"host_id": DORA if n % 9 == 4 else room["host_id"], "text": message["text"], "reason": "It is rude"}
            | {"resolved_at": LATE if n % 3 == 1 else None, "created_at": at(n // 2)}
        )
    return _numbered("report", made)


ROWS: dict[type[Any], list[Row]] = {
    Seance: ROOMS,
    SeanceParticipant: SEATS,
    SeanceInvite: _invites(),
    SeanceMessage: MESSAGES,
    SeanceTurn: TURNS,
    TokenUsage: _usages(),
    SeanceReport: _reports(),
}
