from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.accounts.users import Role
from db.seances.reports import SeanceReport as Model
from resolvers.limits import per_minute
from resolvers.seances import reports as resolve
from resolvers.seances.rules import reports as rules
from schema.accounts.users import User
from schema.connection import Connection
from schema.fields import connection, expression, verb
from schema.node import Node, column, node
from schema.seances.messages import SeanceMessage

if TYPE_CHECKING:
    from schema.seances.rooms import Seance

strawberry.pydantic.input(
    rules.ReportSeanceMessage, name="ReportSeanceMessageInput", description="Why a message should not stand."
)


@node(
    Model,
    "A complaint about a message. Seen by who made it, by administrators, and by the room's host unless they said it.",
    resolve.by_id,
)
class SeanceReport(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    message: SeanceMessage | None = column("About which message.")
    reporter: User | None = column("Who complains.")
    sender: User | None = column("Who said it.")
    text: str | None = expression(
        resolve.shown, "What the message said then; null for whoever may no longer read it there.", weight=0
    )
    reason: str = column("Why it should not stand, 1 to 500 characters.")
    resolved_at: datetime | None = column("When somebody had seen to it.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class SeanceReportQueries:
    seance_reports: Connection[SeanceReport] = connection(
        resolve.listed, "Complaints from all rooms, the oldest first. For administrators.", floor=Role.ADMIN
    )


@strawberry.type
class SeanceReportMutations:
    report_seance_message: SeanceReport = verb(
        resolve.report,
        "Complains of a message to the room's host and to administrators; of the host's own to these alone. Once each.",
        limit=per_minute(10),
    )
    resolve_seance_report: SeanceReport = verb(
        resolve.resolve, "Says that it is seen to. For the room's host and for administrators.", limit=per_minute(300)
    )
