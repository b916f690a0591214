"""Who sees what of a room, and what each field of rooms is."""

from typing import Any

from db.models import (
    MessageKind,
    Role,
    Seance,
    SeanceInvite,
    SeanceMessage,
    SeanceParticipant,
    SeanceReport,
    SeanceTurn,
    SeanceVisibility,
    TokenUsage,
    User,
)
from tests.proof.filters import has_words
from tests.proof.lists import Page
from tests.proof.naive.asked import FIELDS, Asked, Given, answers, by_id, page, seen_if, to_many, to_one


def _seat(asked: Asked, room_id: str | None) -> SeanceParticipant | None:
    """The viewer's, also one that they have lost."""
    seats = asked.world.alike(SeanceParticipant, "seance_id", room_id)
    return next((seat for seat in seats if seat.user_id == asked.me.id), None)


def _has_been(asked: Asked, room_id: str | None) -> bool:
    """There, and was not banned."""
    seat = _seat(asked, room_id)
    return seat is not None and seat.banned_at is None


def _was_there(asked: Asked, room_id: str, at: Any) -> bool:
    """Whether the viewer sits there, or sat there at this moment or later."""
    seat = _seat(asked, room_id)
    there = seat is not None and seat.banned_at is None
    return there and at is not None and (seat.left_at is None or at <= seat.left_at)  # type: ignore[union-attr]


def _hosts(asked: Asked, room_id: str | None) -> bool:
    room = asked.world.of(Seance).get(room_id or "")
    return room is not None and room.host_id == asked.me.id


def _administers(asked: Asked) -> bool:
    return asked.me.role in (Role.ADMIN, Role.SUPER_ADMIN)


@seen_if(Seance)
def _(asked: Asked, room: Seance) -> bool:
    return _has_been(asked, room.id) or (room.ended_at is None and room.visibility is not SeanceVisibility.PRIVATE)


@seen_if(SeanceParticipant)
def _(asked: Asked, seat: SeanceParticipant) -> bool:
    mine = _seat(asked, seat.seance_id)
    return mine is not None and (seat.id == mine.id or mine.left_at is None)


@seen_if(SeanceMessage)
def _(asked: Asked, message: SeanceMessage) -> bool:
    return _was_there(asked, message.seance_id, message.created_at)


@seen_if(SeanceTurn)
def _(asked: Asked, turn: SeanceTurn) -> bool:
    """Of one that was open when the viewer left nothing is told."""
    seat = _seat(asked, turn.seance_id)
    sits = seat is not None and seat.left_at is None
    return sits or _was_there(asked, turn.seance_id, turn.finished_at)


@seen_if(TokenUsage)
def _(asked: Asked, usage: TokenUsage) -> bool:
    return usage.user_id == asked.me.id or _administers(asked)


@seen_if(SeanceInvite)
def _(asked: Asked, invite: SeanceInvite) -> bool:
    return _hosts(asked, invite.seance_id)


@seen_if(SeanceReport)
def _(asked: Asked, report: SeanceReport) -> bool:
    """One who made it and was not banned; of a room that is gone administrators alone keep it."""
    made = report.reporter_id == asked.me.id and _has_been(asked, report.seance_id)
    of_others = _hosts(asked, report.seance_id) and report.sender_id != asked.me.id
    return _administers(asked) or made or of_others


by_id("seance", Seance)
by_id("seanceMessage", SeanceMessage)
to_one("Seance.host", User, "host_id")
to_many("Seance.turns", SeanceTurn, "seance_id")
to_many("Seance.invites", SeanceInvite, "seance_id")
to_one("SeanceInvite.seance", Seance, "seance_id")
to_one("SeanceInvite.createdBy", User, "created_by_id")
to_one("SeanceParticipant.seance", Seance, "seance_id")
to_one("SeanceParticipant.user", User, "user_id")
to_one("SeanceMessage.seance", Seance, "seance_id")
to_one("SeanceMessage.sender", User, "sender_id")
to_one("SeanceTurn.seance", Seance, "seance_id")
to_one("SeanceTurn.askedBy", User, "asked_by_id")
to_one("SeanceTurn.question", SeanceMessage, "question_id")
to_one("SeanceTurn.answer", SeanceMessage, "answer_id")
to_one("SeanceReport.seance", Seance, "seance_id")
to_one("SeanceReport.message", SeanceMessage, "message_id")
to_one("SeanceReport.reporter", User, "reporter_id")
to_one("SeanceReport.sender", User, "sender_id")


@answers("Query.seances")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return page(
        "seances", [room for room in asked.all(Seance) if _keeps(asked, room, given.get("filter") or {})], given
    )


def _keeps(asked: Asked, room: Seance, given: Given) -> bool:
    """Of rooms that are not public, and of those that have ended, only those that one has been in."""
    wanted = {name: value for name, value in given.items() if value is not None}
    going_on, been = room.ended_at is None, _has_been(asked, room.id)
    free = going_on and room.participant_count < room.max_users and not room.locked
    return (
        (been or (going_on and room.visibility is SeanceVisibility.PUBLIC))
        and going_on is wanted.get("active", True)
        and ("mine" not in wanted or been is wanted["mine"])
        and ("hosted" not in wanted or (room.host_id == asked.me.id) is wanted["hosted"])
        and ("withFreeSeats" not in wanted or free is wanted["withFreeSeats"])
        and ("search" not in wanted or has_words(wanted["search"], room.name))
    )


@answers("Seance.freeSeats")
def _(asked: Asked, room: Seance) -> int:
    return room.max_users - room.participant_count if room.ended_at is None else 0


FIELDS["Seance.isActive"] = lambda asked, room: room.ended_at is None
FIELDS["Seance.mySeat"] = lambda asked, room: _seat(asked, room.id)


@answers("Seance.participants")
def _(asked: Asked, room: Seance, left: bool, **given: Any) -> Page:
    seats = [seat for seat in asked.all(SeanceParticipant, seance_id=room.id) if left or seat.left_at is None]
    return page("participants", seats, given)


@answers("SeanceParticipant.isHost")
def _(asked: Asked, seat: SeanceParticipant) -> bool:
    return bool(asked.world.of(Seance)[seat.seance_id].host_id == seat.user_id)


@answers("Seance.messages")
def _(asked: Asked, room: Seance, search: str | None = None, **given: Any) -> Page:
    rows = asked.all(SeanceMessage, seance_id=room.id)
    found = [row for row in rows if search is None or (row.hidden_at is None and has_words(search, row.text))]
    return page("messages", found, given)


FIELDS["SeanceMessage.isSystem"] = lambda asked, message: message.kind is MessageKind.SYSTEM


@answers("SeanceMessage.turn")
def _(asked: Asked, message: SeanceMessage) -> SeanceTurn | None:
    return next(iter(asked.all(SeanceTurn, answer_id=message.id)), None)


def _reads(asked: Asked, message: SeanceMessage) -> bool:
    said = message.sender_id == asked.me.id
    return message.hidden_at is None or said or _hosts(asked, message.seance_id)


FIELDS["SeanceMessage.text"] = lambda asked, message: message.text if _reads(asked, message) else None
FIELDS["SeanceMessage.letterTiming"] = lambda asked, message: message.letter_timing if _reads(asked, message) else None


@answers("SeanceTurn.usage")
def _(asked: Asked, turn: SeanceTurn) -> TokenUsage | None:
    return next(iter(asked.all(TokenUsage, subject_id=turn.id)), None)


@answers("Seance.reports")
def _(asked: Asked, room: Seance, **given: Any) -> Page:
    """For its host; what somebody has reported themselves they find by its id."""
    return _reports(asked.all(SeanceReport, seance_id=room.id), given)


@answers("Query.seanceReports")
def _(asked: Asked, _: None, **given: Any) -> Page:
    return _reports(asked.all(SeanceReport), given)


def _reports(rows: list[SeanceReport], given: Given) -> Page:
    open = given.get("open")
    return page("reports", [row for row in rows if open is None or (row.resolved_at is None) is open], given)


@answers("SeanceReport.text")
def _(asked: Asked, report: SeanceReport) -> str | None:
    """For administrators and the host; whoever made it reads on what they may still read where it was said."""
    message = asked.one(SeanceMessage, report.message_id)
    readable = message is not None and _reads(asked, message)
    host = _hosts(asked, report.seance_id) and report.sender_id != asked.me.id
    return report.text if _administers(asked) or host or readable else None
