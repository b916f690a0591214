"""Which rows a filter keeps, after the schema's descriptions, and what is amiss with a filter that makes no sense."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from db.models import Task, User
from tests.proof.faults import Fault, imitates

Filter = dict[str, Any]
Details = dict[str, list[str]]


def keeps_task(
    task: Task, given: Filter, *, labels: set[str], parts_of: set[str | None], zone: str, now: datetime
) -> bool:
    """`labels` are those it wears, `parts_of` the tasks it is a part of: of both, what the viewer sees."""
    wanted = {name: value for name, value in given.items() if value is not None}
    return (
        (task.trashed_at is not None) is wanted.get("trashed", False)
        and ("completed" not in wanted or task.completed is wanted["completed"])
        and ("due" not in wanted or is_due(task, wanted["due"], wanted.get("timeZone", zone), now))
        and ("dueAfter" not in wanted or (task.due_at is not None and task.due_at >= wanted["dueAfter"]))
        and ("dueBefore" not in wanted or (task.due_at is not None and task.due_at < wanted["dueBefore"]))
        and ("priority" not in wanted or task.priority in wanted["priority"])
        and ("labelIds" not in wanted or not labels.isdisjoint(wanted["labelIds"]))
        and ("parentId" not in wanted or wanted["parentId"] in parts_of)
        and ("parentId" not in given or given["parentId"] is not None or task.parent_id is None)
        and ("search" not in wanted or has_words(wanted["search"], task.title, task.description))
    )


def is_due(task: Task, due: str, zone: str, now: datetime) -> bool:
    if task.due_at is None or due == "NONE":
        return task.due_at is None and due == "NONE"
    midnight = now.astimezone(ZoneInfo(zone)).replace(hour=0, minute=0, second=0, microsecond=0)
    today, tomorrow = _instant(midnight), _instant(midnight + timedelta(days=1))
    match due:
        case "TODAY":
            return today <= task.due_at < tomorrow
        case "OVERDUE":
            return task.due_at < now and not task.completed
    return task.due_at >= tomorrow and not task.completed


def _instant(wall: datetime) -> datetime:
    """The first of two, and where the clocks skip it the moment at which they do."""
    if imitates(Fault.LATE_MIDNIGHT):
        return max(wall.replace(fold=fold).astimezone(UTC) for fold in (0, 1))
    return wall.replace(fold=0).astimezone(UTC)


def has_words(words: str, *texts: str | None) -> bool:
    """Each word begins one of the texts' words. Whatever is neither letter nor digit parts words."""
    wanted = _words(words)
    there = [word for text in texts for word in _words(text or "")]
    return bool(wanted) and all(any(word.startswith(begin) for word in there) for begin in wanted)


def _words(text: str) -> list[str]:
    if imitates(Fault.ASCII_WORDS):
        return re.findall(r"[a-z0-9\x80-\U0010ffff]+", text.lower())
    return re.findall(r"[^\W_]+", text.lower())


def keeps_user(user: User, given: Filter) -> bool:
    part = (given.get("search") or "").strip().lower()
    return given.get("role") in (None, user.role) and (part in user.name.lower() or part in user.email)


def amiss_in_tasks(given: Filter) -> Details:
    found: Details = {}
    words = given.get("search")
    if words is not None and len(words) > 200:
        found["search"] = ["String should have at most 200 characters"]
    elif words is not None and not words.replace("\x00", "").strip():
        found["search"] = ["must not be blank"]
    if given.get("timeZone") is not None and given["timeZone"] not in available_timezones() - {"localtime", "Factory"}:
        found["timeZone"] = ["unknown time zone; use an IANA name such as Europe/Berlin"]
    if len(given.get("labelIds") or []) > 100:
        found["labelIds"] = [f"List should have at most 100 items after validation, not {len(given['labelIds'])}"]
    return found


def amiss_in_users(given: Filter) -> Details:
    words = given.get("search")
    if words is None:
        return {}
    if not words.strip():
        return {"search": ["String should have at least 1 character"]}
    if len(words.strip()) > 100:
        return {"search": ["String should have at most 100 characters"]}
    if any(ord(c) < 32 and c not in "\n\t\r" for c in words.strip()):
        return {"search": ["must not contain control characters"]}
    return {}
