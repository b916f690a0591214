"""Answers about the schema itself. They are the same for everybody and always, so each is made once."""

import asyncio
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import orjson
from graphql import DocumentNode, FieldNode, GraphQLSchema, OperationDefinitionNode, execute_sync
from graphql.execution.values import VariableValues, get_variable_values

from schema.collecting import TYPENAME
from schema.operations import INTROSPECTION, Answer, spread
from schema.plans import Kept
from schema.question import fragments_of

MOST_KEPT = 8_000_000  # bytes, and a tenth of them for one; the standard question is answered with 0.4 MB
EACH = 500  # bytes that one takes besides what was asked and answered
_MAKER = ThreadPoolExecutor(1, thread_name_prefix="introspection")  # none can be stopped: the next one waits for it


class Introspected:
    """The latest answers, by the text of the document, the operation's name and the values of its variables."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._schema = schema
        self._kept = Kept(MOST_KEPT)
        self._making = asyncio.Lock()

    def values(
        self, document: DocumentNode, definition: OperationDefinitionNode, given: Mapping[str, Any]
    ) -> dict[str, Any] | None:
        """The variables' values; None where something is amiss with them (nothing here takes null), or it asks for
        something else too."""
        fields = spread(definition.selection_set, fragments_of(document), set())
        if any(isinstance(node, FieldNode) and node.name.value not in (*INTROSPECTION, TYPENAME) for node in fields):
            return None
        found = get_variable_values(self._schema, definition.variable_definitions or (), dict(given), max_errors=1)
        return found.coerced if isinstance(found, VariableValues) and None not in found.coerced.values() else None

    async def answer(self, text: str, document: DocumentNode, name: str | None, values: dict[str, Any]) -> Answer:
        key = text, name, orjson.dumps(values, option=orjson.OPT_SORT_KEYS)
        if (found := self._kept.find(key)) is not None:
            return Answer(found)
        async with self._making:
            if (found := self._kept.find(key)) is not None:
                return Answer(found)
            making = asyncio.get_running_loop().run_in_executor(_MAKER, _made, self._schema, document, name, values)
            made = await making
        if made.data is not None and not made.errors:
            self._kept.keep(key, made.data, len(text) + len(key[-1]) + len(made.data) + EACH)
        return made


def _made(schema: GraphQLSchema, document: DocumentNode, name: str | None, values: dict[str, Any]) -> Answer:
    """It takes Python 0.2 s; in a thread others have their turns meanwhile."""
    result = execute_sync(schema, document, variable_values=values, operation_name=name)
    return Answer(None if result.data is None else orjson.dumps(result.data), tuple(result.errors or ()))
