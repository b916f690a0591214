from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import strawberry

from db.seances.turns import SeanceTurn as Model
from db.seances.turns import TurnFailure, TurnState
from resolvers.limits import per_minute
from resolvers.seances import turns as resolve
from resolvers.seances.rules import turns as rules
from schema.accounts.usage import TokenUsage
from schema.accounts.users import User
from schema.enums import enum
from schema.fields import verb
from schema.node import Node, column, node
from schema.seances.messages import SeanceMessage

if TYPE_CHECKING:
    from schema.seances.rooms import Seance

enum(
    TurnState,
    "How far the spirit has come with a question.",
    name="SeanceTurnState",
    QUEUED="Others are before it.",
    THINKING="The spirit thinks of it.",
    ANSWERED="It is answered.",
    FAILED="There is no answer.",
)
enum(
    TurnFailure,
    "Why there is no answer.",
    name="SeanceTurnFailure",
    CANCELLED="Whoever asked, or the host, called it off; or it still waited when who asked lost their seat.",
    TIMED_OUT="The spirit took too long.",
    UNAVAILABLE="The spirit cannot be reached, or says nothing that could be understood.",
    INTERRUPTED="The server that worked at it has gone, or none had a hand free for ten minutes.",
    ENDED="The room has ended.",
)
strawberry.pydantic.input(rules.AskSpirit, name="AskSpiritInput", description="A question to the spirit.")


@node(
    Model,
    "A question to the spirit, and what becomes of it. Seen by those who sat there then, or later.",
    resolve.by_id,
)
class SeanceTurn(Node):
    seance: Annotated["Seance", strawberry.lazy("schema.seances.rooms")] | None = column("In which room.")
    asked_by: User | None = column("Who asks.")
    question: SeanceMessage | None = column("What they ask.")
    answer: SeanceMessage | None = column("What the spirit answers.")
    state: TurnState = column("How far it has come.")
    failure: TurnFailure | None = column("Why there is no answer.")
    provider: str | None = column(
        "Who has answered: openai, openrouter, anthropic, or embedded, which is Parlor itself."
    )
    usage: TokenUsage | None = column("What the answer took; for whoever asked, and for administrators.")
    started_at: datetime | None = column("When the spirit began to think.")
    finished_at: datetime | None = column("When it was answered, or failed.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class SeanceTurnMutations:
    ask_spirit: SeanceTurn = verb(
        resolve.ask,
        "Asks the spirit of a room in which one sits. It thinks of one question at a time; up to 5 more wait "
        "(QUEUE_FULL), and 2 of one user are open at once (TURNS_OPEN).",
        limit=per_minute(10),
    )
    cancel_spirit: SeanceTurn = verb(
        resolve.cancel,
        "Calls off a question of one's own, or as the host anybody's; what has ended otherwise is TURN_FINISHED.",
        limit=per_minute(60),
    )
