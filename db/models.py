"""All models, so that whoever imports this knows every table."""

from db.accounts.audit import AuditEntry
from db.accounts.identities import Identity
from db.accounts.presence import Presence, PresenceGone, PresenceLease
from db.accounts.sessions import RefreshToken, Session
from db.accounts.users import Role, User
from db.base import Base, Entity
from db.idempotency import IdempotencyKey
from db.log import Event, LogState
from db.readings import MeterReading
from db.tasks.labels import Label, task_label
from db.tasks.tasks import Priority, RepeatsFrom, Task

__all__ = [
    "AuditEntry",
    "Base",
    "Entity",
    "Event",
    "IdempotencyKey",
    "Identity",
    "Label",
    "LogState",
    "MeterReading",
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
