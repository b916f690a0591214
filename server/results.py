"""A query or mutation as the JSON of its result: by the prepared way where there is one, else by the executor."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.graphql import OperationType

from kit.errors import RateLimited, TooSlow
from kit.unbroken import unbroken
from resolvers.context import Context
from schema.errors import all_exposed
from schema.once import done_once, is_mutation
from schema.operations import Answer
from schema.schema import Refused, Schema

EVERY = (OperationType.QUERY, OperationType.MUTATION)


async def executed(
    schema: Schema,
    query: str,
    variables: Mapping[str, Any],
    name: str | None,
    ctx: Context,
    *,
    key: object = None,
    allowed: Collection[OperationType] = EVERY,
) -> tuple[bytes | None, list[GraphQLError]]:
    """The result, None where the operation never ran, and its errors, which are in the result too.

    A query that takes longer than it may is ended, and so is one whose task is cancelled. A mutation is finished once
    it was begun, whether or not somebody still waits for it; its verbs are given up when their time is over, unless
    they are done. One with a `key` is done once. Raises GraphQLError where the document has no such operation, and
    Strawberry's InvalidOperationTypeError for one that is not allowed.
    """
    answer = None
    try:
        with ctx.services.deadlines.begin():
            answer = await schema.prepared(query, variables, name, ctx)
            if answer is None and not (OperationType.MUTATION in allowed and is_mutation(schema, query, name)):
                answer = await _by_executor(schema, query, variables, name, ctx, allowed)
    except TooSlow as error:
        answer = Answer(None, tuple(told(error, ctx)))
    if answer is None:
        answer = await unbroken(_mutated(schema, query, variables, name, ctx, key))
    return (answer.json() if answer.ran else None), [*answer.errors]


async def _mutated(
    schema: Schema, query: str, variables: Mapping[str, Any], name: str | None, ctx: Context, key: object
) -> Answer:
    answer = None if key is None else await done_once(schema, ctx, key, query, variables, name)
    return answer or await schema.mutated(query, variables, name, ctx)


async def _by_executor(
    schema: Schema,
    query: str,
    variables: Mapping[str, Any],
    name: str | None,
    ctx: Context,
    allowed: Collection[OperationType],
) -> Answer:
    try:
        result = await schema.execute(
            query,
            variable_values=dict(variables),
            context_value=ctx,
            operation_name=name,
            allowed_operation_types=allowed,
        )
    except CannotGetOperationTypeError as error:
        raise GraphQLError(error.as_http_error_reason()) from error
    return Answer.of(result)


def told(error: Exception, ctx: Context) -> list[GraphQLError]:
    """What ended an operation, or kept it from beginning, as the client may see it."""
    errors = error.errors if isinstance(error, Refused) else [error]
    found = [one if isinstance(one, GraphQLError) else GraphQLError("", original_error=one) for one in errors]
    return all_exposed(found, trace_id=ctx.trace_id, now=ctx.now(), user=ctx.viewer_id)


def wait_of(errors: Iterable[Exception]) -> int | None:
    """The seconds to wait where all that is amiss is RATE_LIMITED."""
    causes = [getattr(error, "original_error", None) or error for error in errors]
    waits = [cause.retry_after for cause in causes if isinstance(cause, RateLimited)]
    return max(waits) if waits and len(waits) == len(causes) else None


def formatted(errors: Sequence[GraphQLError]) -> bytes:
    """A list of them, as JSON."""
    return orjson.dumps([error.formatted for error in errors])
