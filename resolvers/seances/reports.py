"""What somebody finds should not stand in a room, for its host and for administrators.

Of what the host has said, the host hears nothing.
"""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, String, case, null, or_, select

from db.accounts.users import Role
from db.seances.messages import SeanceMessage
from db.seances.reports import SeanceReport
from db.seances.rooms import Seance
from db.selection import Listing, Order
from kit.errors import NotFound
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.policy import role
from resolvers.relations import any_of
from resolvers.seances.messages import readable
from resolvers.seances.rules.reports import ReportSeanceMessage

ReportId = Annotated[Id, Doc("The report's id.")]


def by_id(id: ReportId) -> Select[SeanceReport]:
    return select(SeanceReport).where(SeanceReport.id == id)


def listed(
    open: Annotated[bool | None, Doc("Those that nobody has seen to, or only the others. Default: all.")] = None,
) -> Listing:
    rows, resolved = select(SeanceReport), SeanceReport.resolved_at
    if open is not None:
        rows = rows.where(resolved.is_(None) if open else resolved.is_not(None))
    return Listing(rows, (Order(SeanceReport.created_at),))


def shown(report: Any) -> ColumnElement[str | None]:
    """The text, for administrators and for whoever may read it where it stands: else one could report to read."""
    may = or_(role(Role.ADMIN)(report), any_of(report.message, readable))
    return case((may, report.text), else_=null().cast(String))


async def report(
    ctx: Context, input: Annotated[ReportSeanceMessage, Doc("Which message, and why it should not stand.")]
) -> SeanceReport:
    async with ctx.work() as work:
        for message in await work.visible(SeanceMessage, [input.message_id]):
            host = select(Seance.host_id).where(Seance.id == message.seance_id)
            made = SeanceReport(
                seance_id=message.seance_id,
                message_id=message.id,
                reporter_id=ctx.viewer.id,
                sender_id=message.sender_id,
                host_id=await work.session.scalar(host),
                text=message.text,
                reason=input.reason,
            )
            return await work.add(made)
        raise NotFound("SeanceMessage", input.message_id)


async def resolve(ctx: Context, id: ReportId) -> SeanceReport:
    """Once is enough: it stays resolved since the first time."""
    async with ctx.work() as work:
        found = await work.lock(SeanceReport, id)
        if found.resolved_at is None:
            work.audit("seance_report.resolve", id, seance=found.seance_id)
            work.change(found, resolved_at=ctx.now())
        return found
