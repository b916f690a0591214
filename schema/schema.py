"""The one schema: every domain's fields side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import strawberry
from graphql import GraphQLError, GraphQLOutputType
from graphql.execution.values import VariableValues, get_variable_values
from orjson import Fragment
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.execution import ExecutionContext, ExecutionResult

from kit.ids import Id
from kit.settings import Settings
from live.streams import EventSource, QuerySource
from resolvers.context import Context
from schema.accounts.presence import PresenceQueries, PresenceSubscriptions
from schema.accounts.sessions import SessionMutations, SessionQueries
from schema.accounts.users import UserMutations, UserQueries
from schema.changes import ChangeSubscriptions
from schema.documents import Documents
from schema.errors import all_exposed
from schema.fields import any_node, any_nodes
from schema.health import HealthQueries, HealthSubscriptions
from schema.node import Node
from schema.operations import Answer
from schema.scalars import ID, SCALARS
from schema.tasks.labels import LabelMutations, LabelQueries, LabelSubscriptions
from schema.tasks.search import SearchQueries
from schema.tasks.tasks import TaskMutations, TaskQueries, TaskSubscriptions
from schema.trusted import trusted_documents


@strawberry.type(description="What can be asked.")
class Query(UserQueries, SessionQueries, PresenceQueries, TaskQueries, LabelQueries, SearchQueries, HealthQueries):
    node: Node | None = any_node("Anything by its id; null where there is nothing, or nothing for the viewer.")
    nodes: list[Node | None] = any_nodes("Several by their ids, in the same order, each as `node` would have it.")


@strawberry.type(description="What can be done.")
class Mutation(SessionMutations, UserMutations, TaskMutations, LabelMutations):
    pass


@strawberry.type(description="What can be followed. Each stream begins with Ready and can be resumed `after` a cursor.")
class Subscription(
    TaskSubscriptions, LabelSubscriptions, ChangeSubscriptions, PresenceSubscriptions, HealthSubscriptions
):
    pass


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Lets JSON that PostgreSQL has written pass as it stands."""

    def complete_value(self, return_type: GraphQLOutputType, *args: Any) -> Any:
        result = args[3]
        return result if isinstance(result, Fragment) else super().complete_value(return_type, *args)


class Known(SchemaExtension):
    """Hands the executor what is known of a document, and refuses what is too large or not valid."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        if context.query:
            documents = cast("Schema", context.schema).documents
            self._document = documents.get(context.query)
            if context.context.viewer_id is not None:
                documents.remember(context.query)
            context.graphql_document = self._document.ast
        yield

    def on_validate(self) -> Iterator[None]:
        context = self.execution_context
        checked = self._document.operation(context._provided_operation_name)
        context.pre_execution_errors = [*checked.refusal(context.schema._schema, context.variables or {})]
        yield


class Refused(Exception):
    """An operation that was not begun; what is amiss with it."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


Begin = Callable[[Context], Awaitable[EventSource | QuerySource]]


class Schema(strawberry.Schema):
    """Exposes errors in one place for every transport."""

    documents: Documents

    async def prepared(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, ctx: Context
    ) -> Answer | None:
        """The answer to a query that the reader answers alone; None for what the executor must answer or refuse."""
        try:
            runnable = self.documents.get(query).operation(operation_name).runnable(variables or {})
        except GraphQLError:
            return None
        if runnable is None:
            return None
        operation, given = runnable
        if ctx.viewer_id is not None:
            self.documents.remember(query)
        return (await operation.answer(ctx, given)).exposed(ctx)

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        ctx: Context = kwargs["context_value"]
        until = asyncio.get_running_loop().time() + ctx.services.settings.operation_seconds
        result = await super().execute(query, *args, **kwargs | {"context_value": replace(ctx, until=until)})
        self._expose(result, ctx)
        return result

    def subscribing(self, query: str, variables: Mapping[str, Any], operation_name: str | None) -> Begin | None:
        """How a subscription is begun, and looked at again; None for what is none.

        Raises Refused, GraphQLError and Forbidden for what will not be answered at all.
        """
        checked = self.documents.get(query).operation(operation_name)
        if checked.definition is None and checked.errors:
            raise Refused(checked.errors)
        if not checked.is_subscription:
            return None
        errors: Sequence[GraphQLError] = checked.refusal(self._schema, variables)
        if not errors:
            assert checked.definition is not None
            assert checked.stream is not None
            definitions = checked.definition.variable_definitions or ()
            found = get_variable_values(self._schema, definitions, dict(variables), max_errors=1)
            if isinstance(found, VariableValues):
                given = {name: variables[name] for name in found.coerced if name in variables}
                return partial(checked.stream.source, variables=found.coerced, given=given)
            errors = found
        raise Refused(errors)

    def _expose(self, result: ExecutionResult, ctx: Context) -> None:
        if result.errors:
            result.errors = all_exposed(result.errors, trace_id=ctx.trace_id, now=ctx.now())

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log every client's mistake with a traceback; `exposed` logs what is ours."""


def made(settings: Settings | None = None) -> Schema:
    """Raises BadManifest for trusted documents that cannot be read or are not valid."""
    settings = settings or Settings(_env_file=None)
    path = settings.trusted_documents
    schema = Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        execution_context_class=Executor,
        config=StrawberryConfig(scalar_map={**SCALARS, Id: DEFAULT_SCALAR_REGISTRY[ID]}),
        extensions=[Known],
    )
    schema.documents = Documents(schema._schema, settings, None if path is None else trusted_documents(path))
    return schema
