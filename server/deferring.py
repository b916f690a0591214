"""A query with @defer as one multipart response: first all that is not deferred, then each part as it is ready."""

import asyncio
import time
from collections.abc import Sequence

import orjson
from graphql import GraphQLError
from starlette.types import Scope, Send

from kit.errors import Conflict, TooSlow
from live.streams import Gone
from resolvers.context import Context
from schema.defer import Deferring, Part
from schema.operations import Answer, Operation
from schema.places import Variables
from schema.schema import Schema
from schema.titles import Title
from server.asked import Asked
from server.formats import BEGIN, END
from server.noted import note
from server.patches import Patches
from server.results import formatted
from server.streaming import AT_ONCE
from server.wire import Wire


def deferring(schema: Schema, scope: Scope, asked: Asked, ctx: Context, patches: Patches) -> "Delivery | None":
    """The answer in parts, to be run; None for what is answered in one piece, or refused.

    Raises what `Documents.text` and `Documents.get` raise.
    """
    query = schema.documents.text(asked.query, asked.document_id, asked.extensions) or ""
    found = schema.deferring(query, asked.variables, asked.operation_name, ctx)
    title = schema.documents.title(query, asked.operation_name)
    return None if found is None else Delivery(scope, ctx, patches, *found, title)


class Delivery:
    def __init__(
        self,
        scope: Scope,
        ctx: Context,
        patches: Patches,
        deferring: Deferring,
        variables: Variables,
        title: Title,
    ) -> None:
        self._scope = scope
        self._ctx = ctx
        self._patches = patches
        self._deferring = deferring
        self._variables = variables
        self._title = title
        self._errors: list[GraphQLError] = []

    async def run(self, send: Send) -> None:
        """Until all is told, or the client goes: then nothing is read any more."""
        began = time.perf_counter()
        try:
            async with asyncio.TaskGroup() as group:
                telling = group.create_task(self._told(send))
                self._wire = Wire(self._scope, telling.cancel, self._ctx.services.settings.send_timeout_seconds)
        finally:
            self._wire.release()
            note(self._ctx, self._title, self._errors, began)

    async def _told(self, send: Send) -> None:
        first = (await self._answered(self._deferring.first)).exposed(self._ctx)
        self._errors.extend(first.errors)
        data = None if first.data is None else orjson.loads(first.data)
        pending = [part for part in self._deferring.deferred(self._variables) if part.found(data) is not None]
        headers = [(b"content-type", self._patches.kind), (b"vary", b"Accept"), *AT_ONCE]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        try:
            await self._wire.room()
            self._wire.write(BEGIN + self._patches.first(first.json(), pending))
            await self._parts(pending)
            await send({"type": "http.response.body", "body": END})
        except* Gone:
            pass  # there is nobody to tell

    async def _parts(self, pending: Sequence[Part]) -> None:
        """Each as soon as it is ready. Raises Gone."""
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._part(id, part)) for id, part in enumerate(pending)]
            left = len(tasks)
            for ready in asyncio.as_completed(tasks):
                id, data, answer = await ready
                left -= 1
                self._errors.extend(answer.errors)
                errors = formatted(answer.errors) if answer.errors else None
                await self._wire.room()
                self._wire.write(self._patches.next(id, pending[id], data, errors, more=left > 0))

    async def _part(self, id: int, part: Part) -> tuple[int, bytes | None, Answer]:
        """What stands at its place; where nothing does any more, why."""
        answer = await self._answered(part.operation)
        found = None if answer.data is None else part.found(orjson.loads(answer.data))
        if found is None and not answer.errors:
            gone = Conflict("It is gone since the query was begun", reason="GONE")
            answer = Answer(None, (GraphQLError("", path=part.path, original_error=gone),))
        return id, None if found is None else orjson.dumps(found), answer.exposed(self._ctx)

    async def _answered(self, operation: Operation) -> Answer:
        try:
            with self._ctx.services.deadlines.begin():
                return await operation.answer(self._ctx, self._variables)
        except TooSlow as error:
            return Answer(None, (GraphQLError("", original_error=error),))
