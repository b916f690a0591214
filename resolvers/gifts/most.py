"""How much there may be of a thing.

Counted is what the viewer sees, and what they made themselves: of more than that a refusal would tell. So of two sides
that keep something from each other each may have as much. Whoever counts takes turns with all who count the same.
"""

from typing import Any

from sqlalchemy import Select, func, select

from kit.errors import Conflict
from resolvers.work import Work


async def refuse_beyond(work: Work, most: int, rows: Select[Any], said: str, reason: str) -> None:
    """Raises Conflict where there are so many rows already."""
    there = select(func.count()).select_from(rows.limit(most).subquery())
    if (await work.session.scalar(there, work.ctx.slots()) or 0) >= most:
        raise Conflict(said, reason=reason)
