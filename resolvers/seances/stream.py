"""What becomes of a room, as it happens: events of the log, and who is typing, which no log has.

To follow it is to be there: a seat is held for as long as somebody does.
"""

from contextlib import suppress
from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ValidationError

from kit.ids import Id
from live.topics import seance
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.seances import speaking
from resolvers.topics import Followed

TYPES = "seance-typing"
TYPING = timedelta(seconds=5)  # so long somebody counts as typing who says nothing more

SeanceId = Annotated[Id, Doc("The room's id.")]


class Typing(BaseModel):
    """The payload of the signal."""

    user_id: Id
    typing: bool
    at: AwareDatetime


def typing_in(id: Id) -> str:
    """The topic of the signals that somebody is typing."""
    return f"{TYPES}:{id}"


def followed(ctx: Context, seance_id: SeanceId) -> Followed:
    topic = seance(seance_id)
    return Followed((topic,), signals=(typing_in(seance_id),), present=topic)


async def set_typing(
    ctx: Context, seance_id: SeanceId, typing: Annotated[bool, Doc("Whether the viewer is typing.")] = True
) -> bool:
    if not await speaking.may(ctx, seance_id):
        async with ctx.work() as work:
            await speaking.speaker(work, seance_id)
    tell_typing(ctx, seance_id, typing=typing)
    return typing


def tell_typing(ctx: Context, seance_id: Id, *, typing: bool) -> None:
    """Of the viewer. Nothing is written, and nobody waits for it."""
    said = Typing(user_id=ctx.viewer.id, typing=typing, at=ctx.now())
    ctx.services.signals.send(typing_in(seance_id), ctx.viewer.id, said.model_dump_json())


def types_no_longer(ctx: Context, seance_id: Id) -> None:
    """Told of a viewer who counts as typing, as far as this process has heard, and understood: others may speak."""
    said = ctx.services.signals.latest(typing_in(seance_id), ctx.viewer.id)
    with suppress(ValidationError):
        if said is not None and (last := Typing.model_validate_json(said)).typing and last.at + TYPING > ctx.now():
            tell_typing(ctx, seance_id, typing=False)
