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

from kit.ids import Id
from kit.settings import Settings
from resolvers.context import Context
from schema.accounts.sessions import SessionMutations, SessionQueries
from schema.accounts.users import UserMutations, UserQueries
from schema.errors import exposed
from schema.fields import any_node
from schema.node import Node
from schema.scalars import ID, SCALARS
from schema.tasks.labels import LabelMutations, LabelQueries, LabelSubscriptions
from schema.tasks.tasks import TaskMutations, TaskQueries, TaskSubscriptions

CACHED_DOCUMENTS = 1_000


@strawberry.type(description="What can be asked.")
class Query(UserQueries, SessionQueries, TaskQueries, LabelQueries):
    node: Node | None = any_node("Anything by its id; null where there is nothing, or nothing for the viewer.")


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


class OneOperation(SchemaExtension):
    """Of several operations one must be named; Strawberry would take the first."""

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        document = context.graphql_document
        operations = [d for d in document.definitions if isinstance(d, OperationDefinitionNode)] if document else []
        if len(operations) > 1 and context._provided_operation_name is None and not context.pre_execution_errors:
            said = "Must provide operation name if query contains multiple operations."
            context.pre_execution_errors = [GraphQLError(said)]
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
            result.errors = [exposed(error, trace_id=ctx.trace_id, now=ctx.now()) for error in result.errors]

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
            lambda: ParserCache(maxsize=CACHED_DOCUMENTS),
            lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
            OneOperation,
        ],
    )
