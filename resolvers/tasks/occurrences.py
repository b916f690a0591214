from datetime import datetime
from typing import Annotated

from pydantic import Field

from db.tasks.tasks import RepeatsFrom
from resolvers.documented import Doc
from resolvers.tasks import completion


def occurrences(
    recurrence: str | None,
    repeats_from: RepeatsFrom,
    due_at: datetime | None,
    time_zone: str,
    first: Annotated[int, Field(ge=1, le=10), Doc("How many, 1 to 10.")] = 5,
) -> list[datetime]:
    """The dates after `due_at` on which it comes round, as if each were done just when it is due."""
    found: list[datetime] = []
    rule, due = recurrence, due_at
    while rule is not None and due is not None and len(found) < first:
        again = completion.following(rule, repeats_from, due, due, time_zone)
        rule, due = (again.rule, again.due_at) if again else (None, None)
        found += [due] if due else []
    return found
