"""Mutations as the log tells them: `resource.action.phase`, as in task.create.attempt, .success and .failed."""

import re
import time
from functools import cache
from typing import Any

import structlog

from resolvers.context import Context

log = structlog.get_logger()

MOST_IDS = 10  # of one line; `completeTasks` takes a hundred

# As the audit has them, where the field's own words say less.
NAMES = {
    "login": "session.login",
    "logout": "session.logout",
    "logoutEverywhere": "session.logout_everywhere",
    "refreshToken": "session.refresh",
    "register": "user.register",
    "changePassword": "user.change_password",
    "setUserRole": "user.set_role",
}
_WORD = re.compile(r"[A-Z]?[a-z0-9]+")


@cache
def deed(field: str) -> str:
    """`resource.action` of a field of Mutation, of which there are so many: createTask is task.create."""
    action, *resource = (word.lower() for word in _WORD.findall(field))
    return NAMES.get(field) or f"{'_'.join(resource) or field}.{action}"


class Deed:
    """One mutation that is begun."""

    def __init__(self, ctx: Context, field: str) -> None:
        self._ctx = ctx
        self._name = deed(field)
        self._began = time.perf_counter()
        log.debug(f"{self._name}.attempt", user=ctx.viewer_id, trace_id=ctx.trace_id)

    def done(self, answer: Any) -> None:
        """`answer` is what the verb answered: of it only ids are told."""
        ms, user = round((time.perf_counter() - self._began) * 1000, 1), self._ctx.viewer_id
        if user is None and (viewer := getattr(answer, "viewer", None)):  # who has just signed in
            user = viewer.id
        log.info(f"{self._name}.success", ids=ids_of(answer)[:MOST_IDS], ms=ms, user=user, trace_id=self._ctx.trace_id)


def ids_of(answer: Any) -> list[str]:
    """Of what was made, changed or removed."""
    if isinstance(answer, list):
        return [id for part in answer for id in ids_of(part)]
    entity = getattr(answer, "entity", answer)
    id = getattr(entity, "id", None) or getattr(entity, "deleted_id", None)
    return [] if id is None else [id]
