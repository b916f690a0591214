"""All models, so that whoever imports this knows every table."""

from db.accounts.audit import AuditEntry
from db.accounts.identities import Identity
from db.accounts.presence import Presence, PresenceGone, PresenceLease
from db.accounts.sessions import RefreshToken, Session
from db.accounts.usage import TokenUsage
from db.accounts.users import Role, User
from db.base import Base, Entity
from db.gifts.activity import Activity, ActivityKind
from db.gifts.comments import Comment, CommentParent
from db.gifts.families import Family, FamilyInvite, FamilyMember, FamilyRole
from db.gifts.gifts import Gift, GiftPrice, PageState
from db.gifts.items import Claim, Contribution, Giving, ItemStatus, ListItem
from db.gifts.lists import GiftList, GiftListType, GiftListVisibility
from db.gifts.occasions import Occasion, OccasionPerson, OccasionType
from db.gifts.persons import Person
from db.idempotency import IdempotencyKey
from db.log import Event, LogState
from db.readings import MeterReading
from db.seances.invites import SeanceInvite
from db.seances.messages import MessageKind, SeanceMessage
from db.seances.reports import SeanceReport
from db.seances.rooms import Seance, SeanceVisibility
from db.seances.seats import LeftReason, SeanceParticipant
from db.seances.turns import SeanceTurn, TurnFailure, TurnState
from db.tasks.labels import Label, task_label
from db.tasks.tasks import Priority, RepeatsFrom, Task

__all__ = [
    "Activity",
    "ActivityKind",
    "AuditEntry",
    "Base",
    "Claim",
    "Comment",
    "CommentParent",
    "Contribution",
    "Entity",
    "Event",
    "Family",
    "FamilyInvite",
    "FamilyMember",
    "FamilyRole",
    "Gift",
    "GiftList",
    "GiftListType",
    "GiftListVisibility",
    "GiftPrice",
    "Giving",
    "IdempotencyKey",
    "Identity",
    "ItemStatus",
    "Label",
    "LeftReason",
    "ListItem",
    "LogState",
    "MessageKind",
    "MeterReading",
    "Occasion",
    "OccasionPerson",
    "OccasionType",
    "PageState",
    "Person",
    "Presence",
    "PresenceGone",
    "PresenceLease",
    "Priority",
    "RefreshToken",
    "RepeatsFrom",
    "Role",
    "Seance",
    "SeanceInvite",
    "SeanceMessage",
    "SeanceParticipant",
    "SeanceReport",
    "SeanceTurn",
    "SeanceVisibility",
    "Session",
    "Task",
    "TokenUsage",
    "TurnFailure",
    "TurnState",
    "User",
    "task_label",
]
