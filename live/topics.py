"""Who hears of a row: the topics its events go to, by table. Several readers may follow one topic.

A topic names what is followed and whose it is; a subscription may only name topics that its viewer may see.
"""

from collections.abc import Callable
from typing import Any

from db.accounts.sessions import Session
from db.accounts.users import User
from db.base import Entity
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


TOPICS: dict[type[Entity], Callable[[Any], list[str]]] = {
    Task: lambda task: [tasks_of(task.owner_id)],
    Label: lambda label: [labels_of(label.owner_id)],
    User: lambda account: [user(account.id)],
    Session: lambda session: [sessions_of(session.user_id)],
}

# Rows that decide who may see what, and when a viewer's day begins, by the columns that do: a change of these, or the
# end of the row, has every stream on its topics, and every stream of the users it names, looked at again before
# anything more is told there.
GRANTING: dict[type[Entity], frozenset[str]] = {
    User: frozenset({"role", "time_zone"}),
    Session: frozenset({"revoked_at"}),
}


def of_viewer(id: Id) -> tuple[str, str]:
    """Where it is told that a user may see more or less than before."""
    return user(id), sessions_of(id)
