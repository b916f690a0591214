"""What is said in a room, by its people and by the spirit."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, case, null, or_, select

from db.seances.messages import MessageKind, SeanceMessage
from db.selection import Listing, Order
from db.slots import VIEWER_ID
from kit.errors import Forbidden
from kit.ids import Id
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.limits import per_minute
from resolvers.matching import matches
from resolvers.relations import any_of
from resolvers.rules import SearchWords
from resolvers.seances import speaking
from resolvers.seances.policy import hosts
from resolvers.seances.rules.messages import SendSeanceMessage
from resolvers.seances.stream import types_no_longer
from resolvers.seances.words import masked

OF_ALL = per_minute(120)  # what is said in one room: more can nobody read

MessageId = Annotated[Id, Doc("The message's id.")]


def by_id(id: MessageId) -> Select[SeanceMessage]:
    return select(SeanceMessage).where(SeanceMessage.id == id)


def listed(
    search: Annotated[
        SearchWords | None, Doc("Words that begin words of it, in any order. What is hidden is not found.")
    ] = None,
) -> Listing:
    """The newest first."""
    rows = select(SeanceMessage)
    if search is not None:
        rows = rows.where(SeanceMessage.hidden_at.is_(None), matches(SeanceMessage, search))
    return Listing(rows, (Order(SeanceMessage.created_at, descending=True),))


def is_system(message: Any) -> ColumnElement[bool]:
    system: ColumnElement[bool] = message.kind == MessageKind.SYSTEM
    return system


def readable(message: Any) -> ColumnElement[bool]:
    """Of one that is hidden who said it reads on, and the host."""
    return or_(message.hidden_at.is_(None), message.sender_id == VIEWER_ID, any_of(message.seance, hosts))


def shown(message: Any) -> ColumnElement[str | None]:
    """Its text, where the viewer may read it."""
    return _where_readable(message, message.text)


def timing(message: Any) -> ColumnElement[list[int] | None]:
    """The rests between words would tell what they are."""
    return _where_readable(message, message.letter_timing)


def _where_readable(message: Any, column: Any) -> ColumnElement[Any]:
    return case((readable(message), column), else_=null().cast(column.type))


async def send(ctx: Context, input: Annotated[SendSeanceMessage, Doc("What is said.")]) -> SeanceMessage:
    """Who may not speak there uses up nothing of what may be said there; the work says why they may not."""
    if await speaking.may(ctx, input.seance_id):
        await ctx.services.limits.count(ctx, OF_ALL, "sendSeanceMessage in one room", input.seance_id)
    async with ctx.work() as work:
        room, _ = await speaking.speaker(work, input.seance_id)
        text = masked(input.text, ctx.services.settings.blocked_words)
        work.afterwards(lambda: types_no_longer(ctx, room.id))
        said = SeanceMessage(seance_id=room.id, kind=MessageKind.USER, sender_id=ctx.viewer.id, text=text)
        return await work.add(said)


async def hide(
    ctx: Context, id: MessageId, hidden: Annotated[bool, Doc("Otherwise it is shown again.")] = True
) -> SeanceMessage:
    """What the host has hidden, nobody but a host shows again; and what somebody has withdrawn, only they."""
    async with ctx.work() as work:
        message = await work.lock(SeanceMessage, id)
        if message.kind is MessageKind.SYSTEM:
            raise Forbidden("What the room itself says stays")
        mine = message.sender_id == ctx.viewer.id
        if hidden:
            withdrawn = mine and (message.withdrawn or message.hidden_at is None)
            return work.change(message, hidden_at=message.hidden_at or ctx.now(), withdrawn=withdrawn)
        if message.hidden_at is not None and message.withdrawn is not mine:
            raise Forbidden("Only who has hidden it may show it again")
        return work.change(message, hidden_at=None, withdrawn=False)
