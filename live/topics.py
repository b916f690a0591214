"""Who hears of a row: the topics its events go to, by table. Several readers may follow one topic.

A topic names what is followed and whose it is; a subscription may only name topics that its viewer may see.
"""

from collections.abc import Callable
from typing import Any

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


TOPICS: dict[type[Entity], Callable[[Any], list[str]]] = {
    Task: lambda task: [tasks_of(task.owner_id)],
    Label: lambda label: [labels_of(label.owner_id)],
    User: lambda account: [user(account.id)],
}
