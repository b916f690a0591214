"""Prepared operations against the executor: whatever query any test asks is asked both ways, and compared."""

from collections.abc import Mapping
from typing import Any

import orjson

from resolvers.context import Context
from schema.operations import Answer
from schema.schema import Schema

TRIES = 5  # somebody else may have written between the two


class BothWays:
    comparing = True  # off where a test counts what is logged or audited

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._prepared = schema.prepared

    async def prepared(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, ctx: Context
    ) -> Answer | None:
        for _ in range(TRIES):
            prepared = await self._prepared(query, variables, operation_name, ctx)
            if prepared is None or not self.comparing:
                return prepared
            found = await self._schema.execute(
                query, variable_values=dict(variables or {}), context_value=ctx, operation_name=operation_name
            )
            executed = Answer(orjson.dumps(found.data), tuple(found.errors or ()))
            if _comparable(prepared) == _comparable(executed):
                return prepared
        raise AssertionError(f"{query}: prepared {prepared!r}, executed {executed!r}")


def _comparable(answer: Answer) -> tuple[bytes, list[Any]]:
    """The data with its keys in order; the errors, whose order is chance, without the moment at which they came."""
    told = orjson.loads(answer.json())
    for error in told.get("errors", ()):
        del error["extensions"]["timestamp"]
    return orjson.dumps(told["data"]), sorted(told.get("errors", ()), key=lambda error: str(error["path"]))
