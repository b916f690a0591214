"""What is kept of who did what, and of what was refused to whom."""

import structlog

from db.accounts.audit import AuditEntry
from db.engine import FAULTS
from kit.errors import Unavailable
from kit.ids import Id
from resolvers.context import Context

logger = structlog.get_logger()


def audited(
    ctx: Context, action: str, subject: Id | None = None, *, actor: Id | None = None, **details: object
) -> AuditEntry:
    return AuditEntry(
        at=ctx.now(),
        action=action,
        actor_id=actor or ctx.viewer_id,
        subject_id=subject,
        address=ctx.address,
        trace_id=ctx.trace_id,
        details=details,
    )


async def refused(ctx: Context, action: str) -> None:
    """Keeps a refusal; what was refused has been rolled back. The refusal stands also where it cannot be kept."""
    if not ctx.services.refusals.kept(ctx):
        return
    try:
        async with ctx.services.db.transaction() as session:
            session.add(audited(ctx, f"refused.{action}"))
    except (*FAULTS, Unavailable) as error:
        logger.warning("audit.failed", action=action, error=repr(error), trace_id=ctx.trace_id)
