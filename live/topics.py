"""Who hears of a row: the topics its events go to, by table. Several readers may follow one topic.

A topic names what is followed and whose it is; a subscription may only name topics that its viewer may see.
"""

from collections.abc import Callable
from typing import Any

from db.accounts.sessions import Session
from db.accounts.usage import TokenUsage
from db.accounts.users import User
from db.base import Entity
from db.gifts.comments import Comment
from db.gifts.families import Family, FamilyInvite, FamilyMember
from db.gifts.gifts import Gift, GiftPrice
from db.gifts.items import ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion, OccasionPerson
from db.gifts.persons import Person
from db.seances.invites import SeanceInvite
from db.seances.messages import SeanceMessage
from db.seances.reports import SeanceReport
from db.seances.rooms import Seance, SeanceVisibility
from db.seances.seats import SeanceParticipant
from db.seances.turns import SeanceTurn
from db.tasks.labels import Label
from db.tasks.tasks import Task
from kit.ids import Id


def tasks_of(owner: Id) -> str:
    return f"tasks:{owner}"


def labels_of(owner: Id) -> str:
    return f"labels:{owner}"


def user(id: Id) -> str:
    return f"user:{id}"


def sessions_of(owner: Id) -> str:
    return f"sessions:{owner}"


def families_of(member: Id) -> str:
    return f"families:{member}"


def family(id: Id) -> str:
    """All that happens in a family."""
    return f"family:{id}"


def person(id: Id) -> str:
    return f"person:{id}"


def occasion(id: Id) -> str:
    return f"occasion:{id}"


def gift_list(id: Id) -> str:
    return f"list:{id}"


def items_of(family: Id) -> str:
    return f"list-items:all:{family}"


def gift(id: Id) -> str:
    return f"gift:{id}"


def givings_of(giver: Id) -> str:
    """What becomes of the items that somebody has claimed or takes care of."""
    return f"givings:{giver}"


def comments_on(type: str, id: Id) -> str:
    return f"comments:{type.lower()}:{id}"


LOBBY = "lobby:seances"  # what becomes of the rooms that anybody may find


def seance(id: Id) -> str:
    """All that happens in a room."""
    return f"seance:{id}"


def hosting(seance: Id) -> str:
    """What is for the host of a room alone; also what becomes of the room, so that it is told here whose it is."""
    return f"seance:hosting:{seance}"


def seats_of(user: Id) -> str:
    """The seats that somebody takes and loses, in whatever rooms."""
    return f"seats:{user}"


def reports_of(host: Id) -> str:
    """Complaints about what was said while they were the host."""
    return f"reports:{host}"


def usage_of(user: Id) -> str:
    return f"usage:{user}"


def _named(name: Callable[[Id], str], id: Id | None) -> list[str]:
    return [] if id is None else [name(id)]


def _judge(report: SeanceReport) -> Id | None:
    """Who was the host then, unless they have said it themselves: of that they hear nothing. Whoever is the host later
    may be the one who said it, and goes on in an old stream: so they hear of it neither.
    """
    return None if report.host_id == report.sender_id else report.host_id


TOPICS: dict[type[Entity], Callable[[Any], list[str]]] = {
    Task: lambda task: [tasks_of(task.owner_id)],
    Label: lambda label: [labels_of(label.owner_id)],
    User: lambda account: [user(account.id)],
    Session: lambda session: [sessions_of(session.user_id)],
    Family: lambda row: [family(row.id)],
    FamilyMember: lambda row: [family(row.family_id), families_of(row.user_id)],
    FamilyInvite: lambda row: [family(row.family_id)],
    Person: lambda row: [person(row.id), family(row.family_id)],
    Occasion: lambda row: [occasion(row.id), family(row.family_id)],
    OccasionPerson: lambda row: [occasion(row.occasion_id), person(row.person_id), family(row.family_id)],
    GiftList: lambda row: [
        gift_list(row.id),
        *_named(person, row.person_id),
        *_named(occasion, row.occasion_id),
        family(row.family_id),
    ],
    Gift: lambda row: [gift(row.id), family(row.family_id)],
    GiftPrice: lambda row: [gift(row.gift_id), family(row.family_id)],
    ListItem: lambda row: [
        gift_list(row.list_id),
        *_named(person, row.person_id),
        items_of(row.family_id),
        family(row.family_id),
    ],
    Comment: lambda row: [comments_on(row.parent_type, row.parent_id), family(row.family_id)],
    Seance: lambda row: [
        seance(row.id),
        hosting(row.id),
        *([LOBBY] if row.visibility is SeanceVisibility.PUBLIC else []),
    ],
    SeanceParticipant: lambda row: [seance(row.seance_id), seats_of(row.user_id)],
    SeanceMessage: lambda row: [seance(row.seance_id)],
    SeanceTurn: lambda row: [seance(row.seance_id)],
    SeanceInvite: lambda row: [hosting(row.seance_id)],
    SeanceReport: lambda row: _named(reports_of, _judge(row)),
    TokenUsage: lambda row: [usage_of(row.user_id)],
}

# Rows that decide who may see what, and when a viewer's day begins, by the columns that do: a change of these has every
# stream on its topics, and every stream of the users it names, looked at again before anything more is told there.
GRANTING: dict[type[Entity], frozenset[str]] = {
    User: frozenset({"role", "time_zone"}),  # the zone decides what is due today
    Session: frozenset({"revoked_at"}),
    FamilyMember: frozenset({"role"}),
    Person: frozenset({"user_id"}),
    GiftList: frozenset({"visibility", "kept_until", "kept_from_id", "reveal_at"}),
    Seance: frozenset({"host_id", "visibility"}),
    SeanceParticipant: frozenset({"left_at", "banned_at"}),
}

# Those whose end does so too, since it takes from somebody the sight of others. With a list, a person or a room goes
# all that they decided on; whoever follows them shall hear that they end.
ENDING = frozenset({User, Session, FamilyMember})


def of_viewer(id: Id) -> tuple[str, ...]:
    """Where it is told that a user may see more or less than before."""
    return user(id), sessions_of(id), families_of(id), seats_of(id)
