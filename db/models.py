"""All models, so that whoever imports this knows every table."""

from db.accounts.audit import AuditEntry
from db.accounts.identities import Identity
from db.accounts.presence import Presence, PresenceGone, PresenceLease
from db.accounts.sessions import RefreshToken, Session
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
    "ListItem",
    "LogState",
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
    "Session",
    "Task",
    "User",
    "task_label",
]
