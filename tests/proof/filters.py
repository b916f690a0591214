"""Which rows a filter keeps, after the schema's descriptions, and what is amiss with a filter that makes no sense."""

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from db.models import Label, Task, User

Filter = dict[str, Any]
Details = dict[str, list[str]]

WORDLY = {"Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Nd", "Nl", "No"}  # of the general categories of characters
SELECTORS = {chr(n) for n in (*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0))}  # of an emoji's looks


def keeps_task(task: Task, given: Filter, *, labels: list[Label], parts_of: set[str], zone: str, now: datetime) -> bool:
    """`labels` are those it wears, `parts_of` the tasks it is a part of: of both, what the viewer sees."""
    wanted = {name: value for name, value in given.items() if value is not None}
    return (
        (task.trashed_at is not None) is wanted.get("trashed", False)
        and ("completed" not in wanted or task.completed is wanted["completed"])
        and ("due" not in wanted or is_due(task, wanted["due"], wanted.get("timeZone", zone), now))
        and ("dueAfter" not in wanted or (task.due_at is not None and task.due_at >= wanted["dueAfter"]))
        and ("dueBefore" not in wanted or (task.due_at is not None and task.due_at < wanted["dueBefore"]))
        and ("priority" not in wanted or task.priority in wanted["priority"])
        and ("labelIds" not in wanted or any(label.id in wanted["labelIds"] for label in labels))
        and ("labelNames" not in wanted or _named({label.name for label in labels}, wanted["labelNames"]))
        and ("parentId" not in wanted or wanted["parentId"] in parts_of)
        and ("parentId" not in given or given["parentId"] is not None or task.parent_id is None)
        and ("search" not in wanted or has_words(wanted["search"], task.title, task.description))
    )


def _named(there: set[str], wanted: list[str]) -> bool:
    return not {name.lower() for name in there}.isdisjoint(name.strip().lower() for name in wanted)


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
    return wall.replace(fold=0).astimezone(UTC)


def has_words(words: str, *texts: str | None) -> bool:
    """Each word begins one of the texts' words. Whatever is neither letter, number nor accent parts words."""
    wanted = _words(words)
    there = [word for text in texts for word in _words(text or "")]
    return bool(wanted) and all(any(word.startswith(begin) for word in there) for begin in wanted)


def _words(text: str) -> list[str]:
    return "".join(c if unicodedata.category(c) in WORDLY and c not in SELECTORS else " " for c in text.lower()).split()


def keeps_user(user: User, given: Filter) -> bool:
    part = (given.get("search") or "").strip().lower()
    return given.get("role") in (None, user.role) and (part in user.name.lower() or part in user.email)


def amiss_in_tasks(given: Filter) -> Details:
    found: Details = {"search": amiss_in_words(given.get("search"))}
    if given.get("timeZone") is not None and given["timeZone"] not in available_timezones() - {"localtime", "Factory"}:
        found["timeZone"] = ["unknown time zone; use an IANA name such as Europe/Berlin"]
    for at, name in enumerate(given.get("labelNames") or []):
        found[f"labelNames.{at}"] = _amiss_in_name(name, 50)
    return {name: said for name, said in found.items() if said}


def amiss_in_words(words: str | None) -> list[str]:
    if words is not None and len(words) > 200:
        return ["String should have at most 200 characters"]
    return ["must not be blank"] if words is not None and not words.replace("\x00", "").strip() else []


def amiss_in_users(given: Filter) -> Details:
    said = _amiss_in_name(given["search"], 100) if given.get("search") is not None else []
    return {"search": said} if said else {}


def _amiss_in_name(name: str, most: int, *, control: bool = False) -> list[str]:
    name = name.strip()
    if not name:
        return ["String should have at least 1 character"]
    if len(name) > most:
        return [f"String should have at most {most} characters"]
    return (
        ["must not contain control characters"]
        if not control and any(ord(c) < 32 and c not in "\n\t\r" for c in name)
        else []
    )


def _amiss_in_search(given: Filter) -> Details:
    said = amiss_in_words(given.get("search"))
    return {"search": said} if said else {}


def _amiss_in_occasions(given: Filter) -> Details:
    said = _amiss_in_name(given["search"], 100, control=True) if given.get("search") is not None else []
    return {"search": said} if said else {}


def _amiss_in_gifts(given: Filter) -> Details:
    found: Details = {}
    for at, tag in enumerate(given.get("tags") or []):
        found[f"tags.{at}"] = _amiss_in_name(tag, 30)
    for name in ("minPriceMinor", "maxPriceMinor"):
        price = given.get(name) or 0
        found[name] = ["Input should be greater than or equal to 0"] if price < 0 else []
        found[name] += ["Input should be less than or equal to 1000000000"] if price > 10**9 else []
    if given.get("currency") is not None and not re.fullmatch("[A-Z]{3}", given["currency"]):
        found["currency"] = ["String should match pattern '^[A-Z]{3}$'"]
    return {name: said for name, said in found.items() if said}


# By field: what may be amiss in its filter.
AMISS: dict[str, Callable[[Filter], Details]] = {
    "users": amiss_in_users,
    **dict.fromkeys(("tasks", "taskCounts", "subtasks"), amiss_in_tasks),
    **dict.fromkeys(("lists", "items", "listItems", "seances"), _amiss_in_search),
    "occasions": _amiss_in_occasions,
    "gifts": _amiss_in_gifts,
}
