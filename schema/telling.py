"""What is told: an event in the types of its stream, or the answer to a live query, as the JSON of one result."""

import asyncio
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

import orjson
from graphql import GraphQLError

from kit.errors import Unavailable
from kit.ids import Id
from live.log import Event, Kind
from live.positions import Position
from live.signals import Signal
from live.streams import Reason
from resolvers.context import Context
from resolvers.topics import Followed
from schema.events import Ready, Resync
from schema.kinds import StreamField
from schema.operations import Answer, Operation, Root, outcome
from schema.places import Place, Variables
from schema.scalars import Cursor


@dataclass(frozen=True, slots=True)
class Part:
    """One field of what is told: its value as JSON, or what the reader has to say of it."""

    key: str
    value: Callable[[Any], bytes] | None
    root: Root | None = None


class Selected:
    """What is asked of one type."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self._values = [(orjson.dumps(part.key), part.value) for part in parts]
        self._roots = [part.root for part in parts if part.root is not None]

    @property
    def places(self) -> list[Place]:
        return [root.place for root in self._roots if isinstance(root.place, Place)]

    def plain(self, told: Any) -> bytes:
        """Of a type that holds values alone."""
        return self._object(told, ())

    async def full(self, ctx: Context, variables: Variables, told: Any, name: str) -> tuple[bytes, list[GraphQLError]]:
        found = await asyncio.gather(*(outcome(ctx, root, variables, told, [name]) for root in self._roots))
        errors = [answer for answer in found if isinstance(answer, GraphQLError)]
        answers = [b"null" if isinstance(answer, GraphQLError) else answer for answer in found]
        return self._object(told, answers), errors

    def _object(self, told: Any, answers: Sequence[bytes]) -> bytes:
        rest = iter(answers)
        fields = (b"%b:%b" % (key, next(rest) if value is None else value(told)) for key, value in self._values)
        return b"{%b}" % b",".join(fields)


@dataclass(frozen=True, slots=True, kw_only=True)
class EventStream:
    """Events as one viewer, or all who see with the same eyes, asked for them. See `live.streams.EventSource`."""

    key: Hashable
    topics: frozenset[str]
    guards: frozenset[str]
    signals: frozenset[str]
    present: tuple[str, Id] | None
    after: str | None
    ctx: Context
    field: str
    name: str
    followed: Followed
    told_as: StreamField
    variables: Variables
    selected: Mapping[str, Selected]
    joined: Mapping[str, Position]

    async def told(self, event: Event, cursor: str) -> bytes | None:
        if self.followed.types is not None and event.entity not in self.followed.types:
            return None
        if self.ctx.viewer.id in event.hidden_from or self._before(event):
            return None
        return await self._full(self._typed(event, cursor))

    async def heard(self, signal: Signal) -> bytes | None:
        if self.told_as.heard is None:
            return None
        told = self.told_as.heard(self.ctx.viewer, signal.payload)
        return None if told is None else await self._full(told)

    async def _full(self, told: Any) -> bytes:
        ctx = replace(self.ctx, trace_id=uuid4().hex)
        json, errors = await self.selected[_name(told)].full(ctx, self.variables, told, self.name)
        return _result(ctx, Answer(self._root(json), tuple(errors)))

    def _before(self, event: Event) -> bool:
        """Whether it happened before the viewer came, when nobody asked whether they may know."""
        return any(event.position < self.joined[topic] for topic in event.topics if topic in self.joined)

    def ready(self, cursor: str) -> bytes:
        return self._plain(Ready(cursor=Cursor(cursor), at=self.ctx.now()))

    def resync(self, cursor: str, reason: Reason) -> bytes:
        return self._plain(Resync(cursor=Cursor(cursor), reason=reason))

    def _plain(self, told: Any) -> bytes:
        return _result(self.ctx, Answer(self._root(self.selected[_name(told)].plain(told))))

    def _root(self, json: bytes) -> bytes:
        return b"{%b:%b}" % (orjson.dumps(self.name), json)

    def _typed(self, event: Event, cursor: str) -> Any:
        common = {
            "cursor": cursor,
            "at": event.at,
            "topic": next(topic for topic in self.followed.topics if topic in event.topics),
            "actor_id": event.actor_id,
            "entity_type": event.entity,
            "viewer": self.ctx.viewer,
        }
        if event.kind is Kind.DELETED:
            return self.told_as.deleted(**common, deleted_id=event.entity_id)
        changed = self.told_as.typed.get((event.entity, event.kind), self.told_as.changed)
        return changed(**common, kind=event.kind, entity_id=event.entity_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveQuery:
    """A query that is asked again and again. See `live.streams.QuerySource`."""

    key: Hashable
    topics: frozenset[str]
    guards: frozenset[str]
    signals: frozenset[str]
    every: float | None
    present: tuple[str, Id] | None
    ctx: Context
    field: str
    operation: Operation
    variables: Variables
    after: None = None

    async def answer(self) -> bytes:
        ctx = replace(self.ctx, trace_id=uuid4().hex)
        return _result(ctx, await self.operation.answer(ctx, self.variables))


def _name(told: Any) -> str:
    name: str = type(told).__strawberry_definition__.name
    return name


def _result(ctx: Context, answer: Answer) -> bytes:
    """As the client may see it. Raises Unavailable: what cannot be read just now is told later."""
    for error in answer.errors:
        if isinstance(error.original_error, Unavailable):
            raise error.original_error
    return answer.exposed(ctx).json()
