"""Who may see and change what in a room.

A private room is there for those alone who have had a seat in it; any other may also be found by whoever has its id,
while it lasts. What is said is heard by those who sit there. Whoever has left reads on what was said until then, and
sees of the room itself its name, its host and how many are there, as they are now, but of the seats only their own;
who was banned nothing of it.
"""

from typing import Any

from sqlalchemy import ColumnElement, and_, inspect, or_, select
from sqlalchemy.orm import InstrumentedAttribute, aliased

from db.accounts.users import Role
from db.seances.invites import SeanceInvite
from db.seances.messages import SeanceMessage
from db.seances.reports import SeanceReport
from db.seances.rooms import Seance, SeanceVisibility
from db.seances.seats import SeanceParticipant
from db.seances.turns import SeanceTurn
from db.slots import VIEWER_ID
from resolvers.policy import Policy, Rule, both, either, owner, role, through


def _seat(column: InstrumentedAttribute[Any], *conditions: Rule) -> Rule:
    """The viewer has or had a seat, of which the conditions hold, in the room that the column names."""
    seat = aliased(SeanceParticipant)

    def holds(row: Any) -> ColumnElement[bool]:
        mine = select(seat.id).where(seat.seance_id == getattr(row, column.key), seat.user_id == VIEWER_ID)
        there = mine.where(seat.banned_at.is_(None), *(rule(seat) for rule in conditions))
        return there.correlate(inspect(row).selectable).exists()

    return holds


def _taken(seat: Any) -> ColumnElement[bool]:
    taken: ColumnElement[bool] = seat.left_at.is_(None)
    return taken


def _open(room: Any) -> ColumnElement[bool]:
    """To whoever knows of it."""
    return and_(room.ended_at.is_(None), room.visibility != SeanceVisibility.PRIVATE)


def hosts(room: Any) -> ColumnElement[bool]:
    return and_(room.host_id.is_not(None), room.host_id == VIEWER_ID)


def _while_there(column: InstrumentedAttribute[Any], since: InstrumentedAttribute[Any]) -> Rule:
    """Of what was so while the viewer had a seat there, or before; null: of what is not so yet."""

    def holds(row: Any) -> ColumnElement[bool]:
        heard: Rule = lambda seat: or_(seat.left_at.is_(None), getattr(row, since.key) <= seat.left_at)  # noqa: E731
        return _seat(column, heard)(row)

    return holds


was_in = _seat(Seance.id)
sits_in = _seat(Seance.id, _taken)
speaks_in = both(_seat(Seance.id, _taken, lambda seat: seat.muted_at.is_(None)), lambda room: room.ended_at.is_(None))
sees_message = _while_there(SeanceMessage.seance_id, SeanceMessage.created_at)
sees_turn = _while_there(SeanceTurn.seance_id, SeanceTurn.finished_at)  # or it would tell what became of it later


def _mine(column: InstrumentedAttribute[Any]) -> Rule:
    return lambda row: and_(getattr(row, column.key).is_not(None), getattr(row, column.key) == VIEWER_ID)


def _of_host(column: InstrumentedAttribute[Any]) -> Rule:
    """The viewer is the host of the room that the column names."""
    return through(column, Seance, hosts)


def _of_another(report: Any) -> ColumnElement[bool]:
    """It is not about the viewer, who then hears nothing of it even as the host."""
    return or_(report.sender_id.is_(None), report.sender_id != VIEWER_ID)


_made_report = both(_mine(SeanceReport.reporter_id), _seat(SeanceReport.seance_id))
_sees_to_report = either(both(_of_host(SeanceReport.seance_id), _of_another), role(Role.ADMIN))

POLICIES = {
    Seance: Policy(either(_open, was_in), hosts),
    SeanceParticipant: Policy(
        either(owner(SeanceParticipant.user_id), _seat(SeanceParticipant.seance_id, _taken)),
        either(owner(SeanceParticipant.user_id), _of_host(SeanceParticipant.seance_id)),
    ),
    SeanceMessage: Policy(sees_message, either(_mine(SeanceMessage.sender_id), _of_host(SeanceMessage.seance_id))),
    SeanceInvite: Policy(_of_host(SeanceInvite.seance_id), _of_host(SeanceInvite.seance_id)),
    SeanceTurn: Policy(sees_turn, either(_mine(SeanceTurn.asked_by_id), _of_host(SeanceTurn.seance_id))),
    SeanceReport: Policy(either(_made_report, _sees_to_report), _sees_to_report),
}
