"""Prepared operations against the executor: whatever any test asks over HTTP is asked both ways, and compared."""

from typing import Any

import orjson

from resolvers.context import Context
from server.asked import Asked
from server.view import JSON, View

TRIES = 5  # somebody else may have written between the two


class BothWays(View):
    comparing = True  # off where a test counts what is logged or audited

    def __init__(self, view: View) -> None:
        super().__init__(view._schema, view._services)

    async def _prepared(self, query: str, asked: Asked, ctx: Context) -> tuple[int, bytes] | None:
        for _ in range(TRIES):
            prepared = await super()._prepared(query, asked, ctx)
            if prepared is None or not self.comparing:
                return prepared
            executed = await self._executed(query, asked, ctx, "POST", JSON)
            if _comparable(prepared[1]) == _comparable(executed[1]):
                return prepared
        raise AssertionError(f"{query}: prepared {prepared!r}, executed {executed!r}")


def _comparable(body: bytes) -> tuple[bytes, list[Any]]:
    """The data with its keys in order; the errors, whose order is chance, without the moment at which they came."""
    answer = orjson.loads(body)
    for error in answer.get("errors", ()):
        del error["extensions"]["timestamp"]
    return orjson.dumps(answer.get("data")), sorted(answer.get("errors", ()), key=lambda error: str(error["path"]))
