"""A mutation with an Idempotency-Key, over whatever transport it came."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import orjson
from graphql import GraphQLError

from kit.errors import Invalid
from resolvers.context import Context
from resolvers.idempotency import Once
from schema.operations import Answer
from schema.schema import Schema


async def done_once(
    schema: Schema, ctx: Context, key: object, query: str, variables: Mapping[str, Any], operation_name: str | None
) -> Answer | None:
    """The answer; None where a key means nothing: to what is no mutation, or where nobody has signed in.

    Only an answer without errors is kept: who asks again has done what was not done before. Raises Invalid for a key
    that is none, Conflict where it came with another body before, or the same request is under way for too long.
    """
    if ctx.viewer_id is None or not is_mutation(schema, query, operation_name):
        return None
    once = Once(ctx, key, _body(query, variables, operation_name))
    async with ctx.services.turns.turn(once.id, seconds=ctx.services.settings.idempotency_wait_seconds):
        await once.load()
        if once.answer is not None:
            return Answer(once.answer)
        answer = await schema.mutated(query, variables, operation_name, replace(ctx, once=once))
        return answer if answer.errors or answer.data is None else Answer(await once.keep(answer.data))


def is_mutation(schema: Schema, query: str, operation_name: str | None) -> bool:
    """Whether it is a valid one."""
    try:
        return schema.documents.get(query).operation(operation_name).is_mutation
    except GraphQLError:
        return False


def _body(query: str, variables: Mapping[str, Any], operation_name: str | None) -> bytes:
    try:
        return orjson.dumps([query, variables, operation_name], option=orjson.OPT_SORT_KEYS)
    except orjson.JSONEncodeError:
        raise Invalid({"variables": ["are nested too deeply"]}) from None
