"""Rooms in which several ask a spirit together."""

from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, and_, case, func, literal_column, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from db.seances.rooms import Seance, SeanceVisibility
from db.selection import Listing, Order
from db.slots import VIEWER_ID
from kit.errors import Conflict, Invalid
from kit.ids import Id
from live.topics import LOBBY, seats_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.matching import matches
from resolvers.relations import any_of
from resolvers.rules import Direction
from resolvers.seances import ending, seats, spirit
from resolvers.seances.held import announce, going_on, hosted, lists_of, taken
from resolvers.seances.policy import hosts
from resolvers.seances.rules.rooms import (
    MOST_HOSTED,
    CreateSeance,
    SeanceFilter,
    SeanceOrder,
    SeanceOrderField,
    UpdateSeance,
)
from resolvers.seances.words import masked
from resolvers.topics import Followed
from resolvers.work import Deleted, Work

SeanceId = Annotated[Id, Doc("The room's id.")]

ORDERS: dict[SeanceOrderField, InstrumentedAttribute[Any]] = {
    SeanceOrderField.CREATED_AT: Seance.created_at,
    SeanceOrderField.NAME: Seance.name,
    SeanceOrderField.PARTICIPANT_COUNT: Seance.participant_count,
}


def by_id(id: SeanceId) -> Select[Seance]:
    return select(Seance).where(Seance.id == id)


def listed(
    filter: Annotated[SeanceFilter | None, Doc("Which rooms. Default: those that go on.")] = None,
    order_by: Annotated[SeanceOrder | None, Doc("Default: the newest first.")] = None,
) -> Listing:
    """Among those that anybody may find, and those that the viewer has been in."""
    rows = _filtered(filter or SeanceFilter())
    if order_by is None:
        return Listing(rows, (Order(Seance.created_at, descending=True),))
    return Listing(rows, (Order(ORDERS[order_by.field], descending=order_by.direction is Direction.DESC),))


def _filtered(filter: SeanceFilter) -> Select[Seance]:
    active = filter.active is not False
    found = or_(Seance.visibility == SeanceVisibility.PUBLIC, is_known(Seance))
    rows = select(Seance).where(is_active(Seance) if active else not_(is_active(Seance)), found)
    asked = (filter.mine, is_known), (filter.hosted, hosts), (filter.with_free_seats, is_open)
    for wanted, holds in asked:
        if wanted is not None:
            rows = rows.where(holds(Seance) if wanted else not_(holds(Seance)))
    return rows if filter.search is None else rows.where(matches(Seance, filter.search))


def is_known(room: Any) -> ColumnElement[bool]:
    """Whether the viewer has or had a seat there, and was not sent away for good."""
    return any_of(room.participants, lambda seat: and_(seat.user_id == VIEWER_ID, seat.banned_at.is_(None)))


def is_active(room: Any) -> ColumnElement[bool]:
    active: ColumnElement[bool] = room.ended_at.is_(None)
    return active


def is_open(room: Any) -> ColumnElement[bool]:
    """Whether somebody may still come in, as far as the room is concerned."""
    return and_(is_active(room), room.locked.is_(False), room.participant_count < room.max_users)


def free_seats(room: Any) -> ColumnElement[int]:
    return case((is_active(room), room.max_users - room.participant_count), else_=literal_column("0"))


def lobby(ctx: Context, **_: Any) -> Followed:
    return Followed((LOBBY, seats_of(ctx.viewer.id)))


async def create(ctx: Context, input: Annotated[CreateSeance, Doc("The new room.")]) -> Seance:
    viewer = ctx.viewer.id
    async with ctx.work(alone="seances") as work:
        if await _hosted(work, viewer) >= MOST_HOSTED:
            raise Conflict(f"At most {MOST_HOSTED} rooms may go on at once", reason="TOO_MANY_SEANCES")
        values = _masked(ctx, input.model_dump())
        room = await work.add(Seance(host_id=viewer, participant_count=0, locked=False, **values))
        await announce(work, room, "Session created")
        await seats.sit(work, room, viewer)
        return room


async def _hosted(work: Work, host: Id) -> int:
    """Of how many rooms that go on somebody is the host."""
    rows = select(func.count()).select_from(Seance).where(Seance.host_id == host, Seance.ended_at.is_(None))
    return (await work.session.execute(rows)).scalar_one()


async def update(
    ctx: Context,
    id: SeanceId,
    input: Annotated[UpdateSeance, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the room is no longer of it.")] = None,
) -> Seance:
    async with ctx.work() as work:
        room = await hosted(work, id, version=expected_version)
        going_on(room)
        if input.max_users is not None and input.max_users < room.participant_count:
            raise Invalid({"maxUsers": [f"must not be less than the {room.participant_count} seats that are taken"]})
        return work.change(room, also=await lists_of(work, room), **_masked(ctx, input.given()))


def _masked(ctx: Context, values: dict[str, Any]) -> dict[str, Any]:
    """A name is said to everybody, too."""
    words = ctx.services.settings.blocked_words
    return values | {"name": masked(values["name"], words)} if "name" in values else values


async def end(ctx: Context, id: SeanceId) -> Seance:
    """Answers a room that has ended already as it is."""
    async with ctx.work() as work:
        room = await hosted(work, id)
        await ending.end(work, room)
        return room


async def delete(ctx: Context, id: SeanceId) -> Deleted:
    """Those who sit there hear it where they follow the room, and all of them on the topic of their seats.

    Before that the spirit stops thinking.
    """
    async with ctx.work() as work:
        room = await hosted(work, id)
        await spirit.end_all(work, room)
        work.audit("seance.delete", id)
        return await work.remove(room, also=[seats_of(seat.user_id) for seat in await taken(work, room)])
