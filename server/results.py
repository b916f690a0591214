"""A query or mutation as the JSON of its result: by the prepared way where there is one, else by the executor."""

from collections.abc import Mapping
from typing import Any

import orjson
from graphql import GraphQLError
from strawberry.schema.exceptions import CannotGetOperationTypeError
from strawberry.types.execution import ExecutionResult, PreExecutionError

from resolvers.context import Context
from schema.operations import Answer
from schema.schema import Schema


async def executed(
    schema: Schema, query: str, variables: Mapping[str, Any], name: str | None, ctx: Context
) -> tuple[bytes | None, list[GraphQLError]]:
    """The result, None where the operation never ran, and its errors, which are in the result too.

    Raises GraphQLError where the document has no such operation.
    """
    answer = await schema.prepared(query, variables, name, ctx)
    if answer is None:
        try:
            result = await schema.execute(
                query, variable_values=dict(variables), context_value=ctx, operation_name=name
            )
        except CannotGetOperationTypeError as error:
            raise GraphQLError(error.as_http_error_reason()) from error
        if never_ran(result):
            return None, [*(result.errors or ())]
        answer = Answer(orjson.dumps(result.data), tuple(result.errors or ()))
    return answer.json(), [*answer.errors]


def never_ran(result: ExecutionResult) -> bool:
    """Whether the operation never ran: there is no data then, not even null (GraphQL, 7.1)."""
    return isinstance(result, PreExecutionError) or (
        result.data is None and all(error.path is None for error in result.errors or ())
    )
