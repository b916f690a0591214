"""Documents that clients repeat: parsed, checked and made ready once."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, cast

from graphql import DocumentNode, FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType
from graphql.execution.values import VariableValues, get_variable_values

from kit.errors import Forbidden, Invalid, TooComplex, UnknownDocument
from kit.settings import Settings
from schema.defer import Deferring, undeferred
from schema.latest import Latest
from schema.limits import Measure, Most, measured, parsed, validated
from schema.operations import Operation, introspection
from schema.places import Variables
from schema.streams import Subscribed
from schema.titles import UNTITLED, Title, titled
from schema.trusted import BadManifest

MOST_TEXT = 500_000  # characters of all documents kept; a parsed one takes about a hundred times its text
LARGEST_KEPT = 20_000  # characters; larger ones are not worth their memory, and anybody may send them
HASH = "extensions.persistedQuery.sha256Hash"


@dataclass(frozen=True, slots=True)
class Checked:
    """An operation of a document: what is amiss with it, or how it can be run.

    `ready` is there for a query or mutation that needs no executor, `deferring` where a query may come in parts,
    `stream` for a subscription, `introspection` for what asks about the schema itself.
    """

    errors: tuple[GraphQLError, ...]
    definition: OperationDefinitionNode | None = None
    measure: Measure | None = None
    ready: Operation | None = None
    stream: Subscribed | None = None
    deferring: Deferring | None = None
    introspection: FieldNode | None = None

    @property
    def is_mutation(self) -> bool:
        """A valid one."""
        return self._is(OperationType.MUTATION) and not self.errors

    @property
    def is_subscription(self) -> bool:
        return self._is(OperationType.SUBSCRIPTION)

    def _is(self, kind: OperationType) -> bool:
        return self.definition is not None and self.definition.operation is kind

    def runnable(self, variables: Mapping[str, Any]) -> tuple[Operation, Variables, int] | None:
        """The operation with its variables' values and what it costs; None where the executor is needed, also to say
        what is amiss."""
        given = None if self.ready is None else self.ready.variables(variables)
        if self.ready is None or given is None or self.measure is None:
            return None
        try:
            return self.ready, given, self.measure.check(given)
        except TooComplex:
            return None

    def refusal(self, schema: GraphQLSchema, variables: Mapping[str, Any]) -> tuple[tuple[GraphQLError, ...], int]:
        """What is amiss with it and these variables, and what it costs where nothing is.

        What is wrong with the variables' values is left to the executor.
        """
        if self.errors or self.definition is None or self.measure is None:
            return self.errors, 0
        found = get_variable_values(schema, self.definition.variable_definitions or (), dict(variables), max_errors=1)
        try:
            return (), self.measure.check(found.coerced) if isinstance(found, VariableValues) else 0
        except TooComplex as error:
            return (_told(error),), 0


class Document:
    """A document, parsed; its operations are measured and validated when they are first asked for.

    Raises graphql-core's GraphQLSyntaxError.
    """

    def __init__(self, schema: GraphQLSchema, text: str, most: Most, *, suggesting: bool) -> None:
        self._written = parsed(text, most)
        self.ast = undeferred(self._written)
        self._suggesting = suggesting
        self.hash = ""
        self.trusted = False
        self._schema = schema
        self._length = len(text)
        self._most = most
        self._definitions = _operations(self.ast)
        self._wrong: tuple[GraphQLError, ...] | None = None
        self._checked: dict[str | None, Checked] = {}
        self._titles: dict[str | None, Title] = {}

    def operation(self, name: str | None) -> Checked:
        """Of several operations one must be named. An operation that is not there has no definition and no error."""
        if name not in self._checked:
            checked = self._made(name)
            if checked.definition is None and not checked.errors:
                return checked
            self._checked[name] = checked
        return self._checked[name]

    def _made(self, name: str | None) -> Checked:
        if name is None and len(self._definitions) > 1:
            return Checked((GraphQLError("Must provide operation name if query contains multiple operations."),))
        definition = next(iter(self._definitions.values()), None) if name is None else self._definitions.get(name)
        if definition is None:
            return Checked(())
        try:
            measure = measured(self._schema, self.ast, definition, self._most)
            errors = self._errors()
        except TooComplex as error:
            return Checked((_told(error),), definition)
        if errors:
            return Checked(errors, definition)
        is_query = definition.operation is OperationType.QUERY
        if definition.operation is OperationType.SUBSCRIPTION:
            return Checked((), definition, measure, stream=Subscribed(self._schema, self.ast, definition))
        if is_query and (asks := introspection(self.ast, definition)):
            return Checked((), definition, measure, introspection=asks)
        operation = Operation(self._schema, self.ast, definition)
        if not operation.is_ready:
            return Checked((), definition, measure)
        return Checked((), definition, measure, operation, deferring=self._deferring(name) if is_query else None)

    def _deferring(self, name: str | None) -> Deferring | None:
        if self._written is self.ast:
            return None
        found = _operations(self._written)
        return Deferring.of(self._schema, self._written, next(iter(found.values())) if name is None else found[name])

    def title(self, name: str | None) -> Title:
        """Of an operation that has been checked; of any other, and of one that is not valid, nothing is known."""
        title = self._titles.get(name)
        if title is None:
            checked = self._checked.get(name)
            if checked is None or checked.errors or checked.definition is None:
                return UNTITLED
            title = self._titles[name] = titled(checked.definition, trusted=self.trusted)
        return title

    def _errors(self) -> tuple[GraphQLError, ...]:
        if self._wrong is None:
            self._wrong = tuple(validated(self._schema, self._written, self._length, suggesting=self._suggesting))
        return self._wrong

    def wrong(self) -> tuple[GraphQLError, ...]:
        """What is amiss with any of its operations."""
        if not self._definitions:
            return (GraphQLError("it has no operation"),)
        return tuple(error for name in self._definitions for error in self.operation(name).errors)


def _operations(document: DocumentNode) -> dict[str | None, OperationDefinitionNode]:
    """By their names."""
    return {
        node.name.value if node.name else None: node
        for node in document.definitions
        if isinstance(node, OperationDefinitionNode)
    }


def _told(error: TooComplex) -> GraphQLError:
    return GraphQLError(error.message, original_error=error)


class Documents:
    """The documents asked lately, by text and by the hash that clients may send in its place (Apollo's automatic
    persisted queries). With a list of trusted documents nothing else is answered, and those are never forgotten."""

    def __init__(
        self,
        schema: GraphQLSchema,
        settings: Settings,
        trusted: Mapping[str, str] | None = None,
        most: int = MOST_TEXT,
    ) -> None:
        self._schema = schema
        self._limits = Most.of(settings)
        self._suggesting = not settings.production
        self._kept = Latest[Document](most)
        self._recent = Latest[Document](max(most // 5, 1))
        self._unkept: tuple[str, Document | GraphQLError] | None = None  # the last; a request looks at it several times
        self._by_hash: dict[str, str] = {}
        self._trusted = None if trusted is None else dict(trusted)
        self._pinned = {text: self._valid(id, text) for id, text in (trusted or {}).items()}

    def _made(self, text: str) -> Document:
        return Document(self._schema, text, self._limits, suggesting=self._suggesting)

    def _valid(self, id: str, text: str) -> Document:
        try:
            made = self._made(text)
            wrong = made.wrong()
        except GraphQLError as error:
            wrong = (error,)
        if wrong:
            raise BadManifest(f"The trusted document {id} is not valid: {wrong[0].message}")
        made.trusted = True
        return made

    def find(self, text: str) -> Document | None:
        """The document, where it is known."""
        return self._kept.find(text) or self._recent.find(text) or self._pinned.get(text)

    def get(self, text: str) -> Document:
        """The document; parsed if it is new.

        Raises Forbidden for one that is not trusted, GraphQLSyntaxError for one that is none.
        """
        if found := self.find(text):
            return found
        if self._trusted is not None:
            raise Forbidden("Only trusted documents are answered here")
        if self._unkept is None or self._unkept[0] != text:
            made = self._tried(text)
            if isinstance(made, Document) and len(text) <= LARGEST_KEPT:
                self._forget(self._recent.keep(text, made))
                return made
            self._unkept = text, made
        last = self._unkept[1]
        if isinstance(last, GraphQLError):
            raise last.with_traceback(None)  # which would grow each time
        return last

    def _tried(self, text: str) -> Document | GraphQLError:
        try:
            return self._made(text)
        except GraphQLError as error:
            return error

    def title(self, text: str, operation_name: str | None) -> Title:
        """Of an operation that was asked; nothing is parsed for it."""
        document = self.find(text)
        return UNTITLED if document is None else document.title(operation_name)

    def remember(self, text: str) -> None:
        """That somebody asked it who has signed in: nobody else can make it be forgotten."""
        if document := self._recent.pop(text):
            self._forget(self._kept.keep(text, document))

    def _forget(self, gone: Iterable[Document]) -> None:
        for document in gone:
            self._by_hash.pop(document.hash, None)

    def text(self, query: str | None, document_id: str | None, extensions: Mapping[str, Any]) -> str | None:
        """The text that a request means, by itself, by the id of a trusted document or by its hash.

        Raises UnknownDocument for a hash or id that is not known, Invalid for a hash that is not the text's.
        """
        hash = _hash_of(extensions)
        if query is not None and hash is not None:
            self._check(query, hash)
        if query is not None or (hash is None and document_id is None):
            return query
        known = self._by_hash if self._trusted is None else self._trusted
        for id in (document_id, hash):
            text = known.get((id or "").removeprefix("sha256:"))
            if text is not None:
                return text
        raise UnknownDocument

    def _check(self, query: str, hash: str) -> None:
        """Remembers the text by its hash."""
        if hashlib.sha256(query.encode()).hexdigest() != hash:
            raise Invalid({HASH: ["is not the hash of the query"]})
        with suppress(GraphQLError):  # it is told when the text is asked
            document = self.get(query)
            if query in self._kept or query in self._recent:
                document.hash = hash
                self._by_hash[hash] = query


def _hash_of(extensions: Mapping[str, Any]) -> str | None:
    asked = extensions.get("persistedQuery")
    if asked is None:
        return None
    if not isinstance(asked, dict) or asked.get("version") != 1 or not isinstance(asked.get("sha256Hash"), str):
        raise Invalid({"extensions.persistedQuery": ["must have version 1 and a sha256Hash"]})
    return cast("str", asked["sha256Hash"])
