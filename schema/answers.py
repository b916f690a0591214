"""From a field to its answer: find the plan, fill the slots, carry the JSON.

The executor's way and the prepared operations' meet here: what a field answers does not depend on who asks it.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

from graphql import OperationType, get_named_type
from orjson import Fragment
from strawberry.types import Info

from db.base import Entity
from kit.errors import DONE, NotFound, TooSlow, Unavailable
from resolvers.context import Context, Viewer
from resolvers.idempotency import Known
from resolvers.shown import Shown
from resolvers.work import NOT_DONE
from schema.deeds import Deed
from schema.finish import finished
from schema.kinds import Kind, ReaderField, VerbField
from schema.models import BINDINGS
from schema.places import Place, Variables
from schema.plans import Plan, place_of, reading, reading_back
from schema.question import Raw
from schema.writing import written


async def read(field: ReaderField, source: Any, info: Info, kwargs: dict[str, Any]) -> Any:
    """The answer to a reader field that the executor asks: JSON, None, or NotFound."""
    raw: Raw = info._raw_info
    mutates = raw.operation.operation is OperationType.MUTATION  # then this belongs to what a verb answered
    with _of_what_was_done() if mutates else nullcontext():
        json = await answered(info.context, place_of(raw), raw.variable_values, source)
    return None if json is None else Fragment(json)


async def answered(ctx: Context, place: Place, variables: Variables, source: Any = None) -> bytes | None:
    """The JSON of a reader field. `source` is the object that it is a field of, None at the root.

    Raises what a client may be told: NotFound, Invalid, Forbidden, Unauthenticated.
    """
    field: ReaderField = place.field
    viewer = getattr(source, "viewer", None) or ctx.viewer
    if source is None and field.floor is not None:
        ctx.require(field.floor)
    given = {name: getattr(source, attribute) for name, attribute in field.given.items()}
    if None in given.values():
        return None
    asked = place.asked(ctx, variables, given)
    if asked.target is None:
        return None
    if field.admits is not None:
        assert asked.root is not None
        await field.admits(ctx, **asked.root.given)
    plan = await reading(place, asked.target, asked)
    answer = await _fetched(ctx, viewer, plan, plan.read(asked.values))
    if answer is None and field.kind is Kind.ENTITY:
        assert asked.root is not None
        model, given = BINDINGS[str(asked.target)].model, asked.root.given
        raise NotFound(model.__name__, str(given.get("id", given.get(f"{model.__tablename__}_id", viewer.id))))
    return answer


async def scope_of(ctx: Context, place: Place, variables: Variables, given: dict[str, Any]) -> frozenset[str]:
    """What of the viewer the answer to a reader field depends on, by slot.

    Raises what would be raised for this viewer, arguments and selection if it were answered now.
    """
    if place.field.floor is not None:
        ctx.require(place.field.floor)
    if place.field.kind in (Kind.NODE, Kind.NODES):
        return frozenset(ctx.slots())
    asked = place.asked(ctx, variables, given)
    assert asked.target is not None, "only of `node` an id decides it"
    plan = await reading(place, asked.target, asked)
    return frozenset(ctx.slots().keys() & set(plan.compiled.order))


async def _fetched(ctx: Context, viewer: Viewer, plan: Plan, values: dict[str, Any]) -> bytes | None:
    slots = (ctx if viewer is ctx.asks else replace(ctx, asks=viewer)).slots()
    json: bytes | None = await ctx.services.db.fetchval(plan.compiled.sql, plan.arguments(values, slots))
    return json if json is None or plan.finish is None else await finished(plan.finish, json, values)


class AskedVerb(NamedTuple):
    """A verb as it is asked under a `key` of the answer. Of a mutation the log tells, of a report it does not."""

    field: VerbField
    name: str
    key: str
    mutates: bool
    kwargs: dict[str, Any]


async def perform(field: VerbField, source: Any, info: Info, kwargs: dict[str, Any]) -> Any:
    """The answer to a verb's field that the executor asks."""
    raw: Raw = info._raw_info
    mutates = raw.parent_type is raw.schema.mutation_type
    asked = AskedVerb(field, raw.field_name, raw.path.key, mutates, kwargs)
    bound = get_named_type(raw.return_type).name in BINDINGS
    answer = await _performed(info.context, asked, place_of(raw) if bound else None, raw.variable_values)
    return Fragment(answer) if isinstance(answer, bytes) else answer


async def done(ctx: Context, place: Place, key: str, variables: Variables) -> bytes | None:
    """The JSON of a verb's field of a mutation, `key` of its answer.

    Raises what a client may be told, also that arguments cannot be.
    """
    kwargs = place.keywords(variables)
    asked = AskedVerb(place.field, place.field_nodes[0].name.value, key, mutates=True, kwargs=kwargs)
    answer = await _performed(ctx, asked, place if place.target.name in BINDINGS else None, variables)
    return written(place, answer, variables)


async def _performed(ctx: Context, asked: AskedVerb, place: Place | None, variables: Variables) -> Any:
    """Does what the verb does; what it answers. Where there is a place that is an entity: its JSON, read back.

    How it will be read is planned first: a selection that would be refused must not have done anything.
    """
    if asked.field.floor is not None:
        ctx.require(asked.field.floor)
    if place is None:
        return await _called(ctx, asked)
    question = place.asked(ctx, variables, {})
    plan = await reading_back(place, question)
    values = plan.read(question.values)
    answer = await _called(ctx, asked)
    with _of_what_was_done():
        return await _read_back(answer, ctx, plan, values, place.target.name)


@contextmanager
def _of_what_was_done() -> Iterator[None]:
    """What comes of it may not be there to be read; that is no reason to do it again."""
    try:
        yield
    except Unavailable as error:
        raise Unavailable("It was done, but what came of it cannot be read just now", reason=DONE) from error
    except TooSlow as error:
        raise TooSlow("It was done, but what came of it takes too long to read: ask for less", reason=DONE) from error


async def _called(ctx: Context, asked: AskedVerb) -> Any:
    """What the verb answers. Raises TooSlow where it is given up: then nothing was done."""
    deed = Deed(ctx, asked.name) if asked.mutates else None
    try:
        async with asyncio.timeout_at(ctx.until) as limit:
            verb = partial(_limited, replace(ctx, limit=limit), asked)
            answer = await (verb() if ctx.once is None else ctx.once.performed(asked.key, verb))
    except TimeoutError as error:
        if limit.expired():
            raise TooSlow(NOT_DONE) from error
        raise
    if deed is not None:
        deed.done(answer)
    return answer


async def _limited(ctx: Context, asked: AskedVerb) -> Any:
    if asked.field.limit is not None:
        await ctx.services.limits.count(ctx, asked.field.limit, asked.name)
    return await asked.field.call(ctx, **asked.kwargs)


async def _read_back(
    answer: Entity | Known | Shown[Any] | list[Entity | Known],
    ctx: Context,
    plan: Plan,
    values: dict[str, Any],
    name: str,
) -> bytes | None:
    """What a verb answered, as the client selected it and as the viewer may see it.

    Raises NotFound where it is gone: what is asked for again may have been done long ago.
    """
    if isinstance(answer, list):
        return await _fetched(ctx, ctx.viewer, plan, values | {"ids": [row.id for row in answer]})
    viewer, row = (answer.viewer, answer.entity) if isinstance(answer, Shown) else (ctx.viewer, answer)
    json = await _fetched(ctx, viewer, plan, values | {"id": row.id})
    if json is None:
        raise NotFound(name, row.id)
    return json
