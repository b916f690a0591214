"""The one schema: every domain's fields side by side."""

from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing
from typing import Any

import strawberry
from graphql import GraphQLError, GraphQLOutputType, OperationDefinitionNode
from orjson import Fragment
from strawberry.extensions import MaxTokensLimiter, ParserCache, SchemaExtension, ValidationCache
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.execution import ExecutionContext, ExecutionResult

from kit.errors import TooComplex
from kit.ids import Id
from kit.settings import Settings
from resolvers.context import Context
from schema.accounts.sessions import SessionMutations, SessionQueries
from schema.accounts.users import UserMutations, UserQueries
from schema.errors import all_exposed
from schema.fields import any_node, any_nodes
from schema.node import Node
from schema.scalars import ID, SCALARS
from schema.selection import root_fields
from schema.tasks.labels import LabelMutations, LabelQueries, LabelSubscriptions
from schema.tasks.search import SearchQueries
from schema.tasks.tasks import TaskMutations, TaskQueries, TaskSubscriptions

CACHED_DOCUMENTS = 500
LARGEST_CACHED = 8_000  # characters


@strawberry.type(description="What can be asked.")
class Query(UserQueries, SessionQueries, TaskQueries, LabelQueries, SearchQueries):
    node: Node | None = any_node("Anything by its id; null where there is nothing, or nothing for the viewer.")
    nodes: list[Node | None] = any_nodes("Several by their ids, in the same order, each as `node` would have it.")


@strawberry.type(description="What can be done.")
class Mutation(SessionMutations, UserMutations, TaskMutations, LabelMutations):
    pass


@strawberry.type(description="What can be followed. Each stream begins with Ready and can be resumed `after` a cursor.")
class Subscription(TaskSubscriptions, LabelSubscriptions):
    pass


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Lets JSON that PostgreSQL has written pass as it stands."""

    def complete_value(self, return_type: GraphQLOutputType, *args: Any) -> Any:
        result = args[3]
        return result if isinstance(result, Fragment) else super().complete_value(return_type, *args)


class KnownDocuments(ParserCache):
    """Keeps the documents that clients repeat. Large ones are not worth their memory, and anybody may send them."""

    def __init__(self) -> None:
        super().__init__(maxsize=CACHED_DOCUMENTS)

    def on_parse(self) -> Iterator[None]:
        if len(self.execution_context.query or "") <= LARGEST_CACHED:
            yield from super().on_parse()
        else:
            yield


class KnownToBeValid(ValidationCache):
    def __init__(self) -> None:
        super().__init__(maxsize=CACHED_DOCUMENTS)

    def on_validate(self) -> Iterator[None]:
        if len(self.execution_context.query or "") <= LARGEST_CACHED:
            yield from super().on_validate()
        else:
            yield


class Limits(SchemaExtension):
    """Of several operations one must be named (Strawberry would take the first), and each has so many root fields."""

    def __init__(self, most: int) -> None:
        self._most = most

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)] if document else []
        if document and not context.pre_execution_errors:
            if len(operations) > 1 and context._provided_operation_name is None:
                said = "Must provide operation name if query contains multiple operations."
                context.pre_execution_errors = [GraphQLError(said)]
            elif max((root_fields(document, operation) for operation in operations), default=0) > self._most:
                refused = TooComplex(f"The document asks for more than {self._most} root fields")
                context.pre_execution_errors = [GraphQLError(refused.message, original_error=refused)]
        yield


class Schema(strawberry.Schema):
    """Exposes errors in one place for every transport."""

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        result = await super().execute(query, *args, **kwargs)
        self._expose(result, kwargs["context_value"])
        return result

    async def stream(self, query: str | None, *args: Any, **kwargs: Any) -> Any:
        return self._exposing(await super().stream(query, *args, **kwargs), kwargs["context_value"])

    async def _exposing(self, results: Any, ctx: Context) -> AsyncIterator[Any]:
        async with aclosing(results):
            async for result in results:
                self._expose(result, ctx)
                yield result

    def _expose(self, result: ExecutionResult, ctx: Context) -> None:
        if result.errors:
            result.errors = all_exposed(result.errors, trace_id=ctx.trace_id, now=ctx.now())

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log every client's mistake with a traceback; `exposed` logs what is ours."""


def made(settings: Settings | None = None) -> Schema:
    settings = settings or Settings(_env_file=None)
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map={**SCALARS, Id: DEFAULT_SCALAR_REGISTRY[ID]}),
        extensions=[
            lambda: MaxTokensLimiter(max_token_count=settings.max_query_tokens),
            KnownDocuments,
            KnownToBeValid,
            lambda: Limits(settings.max_root_fields),
        ],
    )
