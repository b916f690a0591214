"""The one schema: every domain's fields side by side."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, cast

import strawberry
from graphql import GraphQLError, GraphQLOutputType, GraphQLStreamDirective
from graphql.execution.values import VariableValues, get_variable_values
from orjson import Fragment
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.schema.types.scalar import DEFAULT_SCALAR_REGISTRY
from strawberry.types.execution import ExecutionContext, ExecutionResult

from db.accounts.users import Role
from kit.ids import Id
from kit.settings import Settings
from live.streams import EventSource, QuerySource
from resolvers.budgets import PLANNING
from resolvers.context import Context
from schema.defer import Deferring
from schema.documents import Checked, Document, Documents
from schema.errors import all_exposed
from schema.for_anybody import public
from schema.introspected import Introspected
from schema.node import check
from schema.operations import Answer
from schema.places import Variables
from schema.roots import Mutation, Query, Subscription
from schema.scalars import ID, SCALARS
from schema.titles import Title
from schema.trusted import trusted_documents

Roots = tuple[type, type | None, type | None]


class Executor(StrawberryGraphQLCoreExecutionContext):
    """Lets JSON that PostgreSQL has written pass as it stands."""

    def complete_value(self, return_type: GraphQLOutputType, *args: Any) -> Any:
        result = args[3]
        return result if isinstance(result, Fragment) else super().complete_value(return_type, *args)


class Discreet(Executor):
    """Does not say what may have been meant by a value: that tells names of the schema."""

    @classmethod
    def build(cls, *args: Any, **kwargs: Any) -> Any:
        return super().build(*args, **kwargs | {"hide_suggestions": True})


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
        errors, cost = checked.refusal(context.schema._schema, context.variables or {})
        _charge(context.context, self._document.title(context._provided_operation_name), cost)
        kept_back = cast("Schema", context.schema).kept_back(checked, context.context)
        context.pre_execution_errors = [*errors, *kept_back]
        yield


class Refused(Exception):
    """An operation that was not begun; what is amiss with it."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__(errors)
        self.errors = errors


def _charge(ctx: Context, title: Title, cost: int) -> None:
    """Pays for what an operation may cost, which is known before it runs, and counts it."""
    if cost:
        ctx.services.budgets.spend(ctx, cost)
    ctx.services.meter.operations.of(title, signed_in=ctx.viewer_id is not None).cost += cost


Begin = Callable[[Context], Awaitable[EventSource | QuerySource]]


class Schema(strawberry.Schema):
    """Exposes errors in one place for every transport."""

    documents: Documents
    discreet = False
    public: Callable[[str | None], bool]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        check(self._schema)
        self.introspected = Introspected(self._schema)

    def kept_back(self, checked: Checked, ctx: Context) -> list[GraphQLError]:
        """Where it is discreet, only administrators may ask about the schema itself."""
        if not self.discreet or checked.introspection is None or ctx.has(Role.ADMIN):
            return []
        return [GraphQLError("Introspection is for administrators here", checked.introspection)]

    async def prepared(
        self, query: str, variables: Mapping[str, Any] | None, operation_name: str | None, ctx: Context
    ) -> Answer | None:
        """The answer to a query that the reader answers alone; None for what the executor must answer or refuse, and
        for mutations."""
        try:
            document, checked = self._found(query, operation_name, ctx)
        except GraphQLError:
            return None
        if checked.is_mutation:
            return None
        if checked.introspection is not None:
            return await self._of_itself(document, checked, query, variables or {}, operation_name, ctx)
        return await self._answered(document, checked, query, variables or {}, operation_name, ctx)

    async def _of_itself(
        self,
        document: Document,
        checked: Checked,
        query: str,
        variables: Mapping[str, Any],
        operation_name: str | None,
        ctx: Context,
    ) -> Answer | None:
        """The answer to what asks about the schema alone, and may."""
        errors, cost = checked.refusal(self._schema, variables)
        if errors or checked.definition is None or self.kept_back(checked, ctx):
            return None
        values = self.introspected.values(document.ast, checked.definition, variables)
        if values is None:
            return None
        self._admit(document, query, operation_name, cost, ctx)
        return (await self.introspected.answer(query, document.ast, operation_name, values)).exposed(ctx)

    async def mutated(
        self, query: str, variables: Mapping[str, Any], operation_name: str | None, ctx: Context
    ) -> Answer:
        """What comes of a valid mutation, by the executor where it is needed."""
        document, answer = self.documents.find(query), None
        if document is not None:
            checked, timed = document.operation(operation_name), self._timed(ctx)
            answer = await self._answered(document, checked, query, variables, operation_name, timed)
        if answer is not None:
            return answer
        given = {"variable_values": dict(variables), "context_value": ctx, "operation_name": operation_name}
        return Answer.of(await self.execute(query, **given))

    async def _answered(
        self,
        document: Document,
        checked: Checked,
        query: str,
        variables: Mapping[str, Any],
        operation_name: str | None,
        ctx: Context,
    ) -> Answer | None:
        """By the prepared way, where there is one."""
        runnable = checked.runnable(variables)
        if runnable is None:
            return None
        operation, given, cost = runnable
        self._admit(document, query, operation_name, cost, ctx)
        return (await operation.answer(ctx, given)).exposed(ctx)

    def _admit(self, document: Document, query: str, operation_name: str | None, cost: int, ctx: Context) -> None:
        """Remembers what somebody asks who has signed in, and has it paid for."""
        if ctx.viewer_id is not None:
            self.documents.remember(query)
        _charge(ctx, document.title(operation_name), cost)

    def deferring(
        self, query: str, variables: Mapping[str, Any], operation_name: str | None, ctx: Context
    ) -> tuple[Deferring, Variables] | None:
        """How such a query is answered in parts; None for what is answered in one piece, or refused."""
        try:
            document, checked = self._found(query, operation_name, ctx)
        except GraphQLError:
            return None
        runnable = None if checked.deferring is None else checked.runnable(variables)
        if checked.deferring is None or runnable is None:
            return None
        _, given, cost = runnable
        if not checked.deferring.deferred(given):
            return None
        self._admit(document, query, operation_name, cost, ctx)
        return checked.deferring, given

    async def execute(self, query: str | None, *args: Any, **kwargs: Any) -> ExecutionResult:
        ctx: Context = kwargs["context_value"]
        result = await super().execute(query, *args, **kwargs | {"context_value": self._timed(ctx)})
        self._expose(result, ctx)
        return result

    def _timed(self, ctx: Context) -> Context:
        return replace(ctx, until=asyncio.get_running_loop().time() + ctx.services.settings.operation_seconds)

    def _found(self, query: str, operation_name: str | None, ctx: Context) -> tuple[Document, Checked]:
        """The document and the operation; who comes with a new one pays for its being parsed, checked and planned."""
        if document := self.documents.find(query):
            return document, document.operation(operation_name)
        ctx.services.budgets.spend(ctx, len(query))
        document = self.documents.get(query)
        checked = document.operation(operation_name)
        if checked.measure is not None:
            ctx.services.budgets.spend(ctx, PLANNING * checked.measure.parts)
        return document, checked

    def subscribing(
        self, query: str, variables: Mapping[str, Any], operation_name: str | None, ctx: Context
    ) -> Begin | None:
        """How a subscription is begun, and looked at again; None for what is none.

        Raises Refused, GraphQLError and Forbidden for what will not be answered at all.
        """
        document, checked = self._found(query, operation_name, ctx)
        if checked.definition is None and checked.errors:
            raise Refused(checked.errors)
        if not checked.is_subscription:
            return None
        errors: Sequence[GraphQLError]
        errors, cost = checked.refusal(self._schema, variables)
        _charge(ctx, document.title(operation_name), cost)
        if not errors:
            assert checked.definition is not None
            assert checked.stream is not None
            definitions = checked.definition.variable_definitions or ()
            found = get_variable_values(
                self._schema, definitions, dict(variables), max_errors=1, hide_suggestions=self.discreet
            )
            if isinstance(found, VariableValues):
                given = {name: variables[name] for name in found.coerced if name in variables}
                return partial(checked.stream.source, variables=found.coerced, given=given)
            errors = found
        raise Refused(errors)

    def _expose(self, result: ExecutionResult, ctx: Context) -> None:
        if result.errors:
            result.errors = all_exposed(result.errors, trace_id=ctx.trace_id, now=ctx.now(), user=ctx.viewer_id)

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log every client's mistake with a traceback; `exposed` logs what is ours."""


def made(settings: Settings | None = None, roots: Roots = (Query, Mutation, Subscription)) -> Schema:
    """Raises BadManifest for trusted documents that cannot be read or are not valid."""
    settings = settings or Settings.model_construct()  # the defaults, whatever the environment says
    path = settings.trusted_documents
    query, mutation, subscription = roots
    schema = Schema(
        query=query,
        mutation=mutation,
        subscription=subscription,
        execution_context_class=Discreet if settings.production else Executor,
        config=StrawberryConfig(
            scalar_map={**SCALARS, Id: DEFAULT_SCALAR_REGISTRY[ID]}, enable_experimental_incremental_execution=True
        ),
        extensions=[Known],
    )
    schema._schema.directives = tuple(one for one in schema._schema.directives if one is not GraphQLStreamDirective)
    schema.discreet = settings.production
    schema.public = public(schema._schema)
    schema.documents = Documents(schema._schema, settings, None if path is None else trusted_documents(path))
    return schema
