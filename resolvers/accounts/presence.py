"""Who is looking at a topic. To follow it is to be there."""

from typing import Annotated

from sqlalchemy import select, tuple_

from db.accounts.presence import Presence
from db.selection import Listing, Order
from live.presence import signal_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.relations import any_of
from resolvers.topics import Followed, admit

Topic = Annotated[str, Doc("Such as user:user_…; it must be one that may be followed.")]


def listed(topic: Topic) -> Listing:
    """Each once, though they may be there through several processes: since the earliest moment."""
    this = tuple_(Presence.since, Presence.id)
    earlier = any_of(Presence.elsewhere, lambda other: tuple_(other.since, other.id) < this)
    return Listing(select(Presence).where(Presence.topic == topic, ~earlier), (Order(Presence.since),))


async def admitted(ctx: Context, topic: str) -> None:
    """Raises Forbidden."""
    await admit(ctx, [topic])


def looked_at(ctx: Context, topic: str) -> Followed:
    return Followed((), signals=(signal_of(topic),), present=topic)
