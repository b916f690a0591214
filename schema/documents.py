"""Documents that clients repeat: parsed, checked and made ready once."""

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    specified_rules,
)
from strawberry.schema.schema import validate_document

from kit.errors import Forbidden, Invalid, TooComplex, UnknownDocument
from kit.settings import Settings
from schema.operations import Operation
from schema.selection import root_fields
from schema.trusted import BadManifest

MOST_TEXT = 500_000  # characters of all documents kept; a parsed one takes about a hundred times its text
LARGEST_KEPT = 20_000  # characters; larger ones are not worth their memory, and anybody may send them
HASH = "extensions.persistedQuery.sha256Hash"


class Document:
    """`errors` say what is amiss with it; `ast` is None where it cannot even be parsed."""

    def __init__(self, schema: GraphQLSchema, text: str, settings: Settings) -> None:
        self.ast: DocumentNode | None = None
        self.errors: list[GraphQLError] = []
        self.hash = ""
        self._schema = schema
        self._operations: dict[str | None, Operation | None] = {}
        try:
            self.ast = parse(text, max_tokens=settings.max_query_tokens)
        except GraphQLError as error:
            self.errors = [error]
            return
        definitions = [d for d in self.ast.definitions if isinstance(d, OperationDefinitionNode)]
        self.errors = validate_document(schema, self.ast, tuple(specified_rules))
        if self.errors:
            return
        most = settings.max_root_fields
        if max((root_fields(self.ast, operation) for operation in definitions), default=0) > most:
            refused = TooComplex(f"The document asks for more than {most} root fields")
            self.errors = [GraphQLError(refused.message, original_error=refused)]
            return
        for definition in definitions:
            operation = Operation(schema, self.ast, definition, settings)
            name = definition.name.value if definition.name else None
            self._operations[name] = operation if operation.is_readers else None
        if len(definitions) == 1:
            self._operations[None] = next(iter(self._operations.values()))

    def operation(self, name: str | None) -> Operation | None:
        """One that is ready to run; None where the executor is needed, or to say what is amiss."""
        return self._operations.get(name)


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
        self._settings = settings
        self._most = most
        self._size = 0
        self._kept: OrderedDict[str, Document] = OrderedDict()
        self._by_hash: dict[str, str] = {}
        self._trusted = None if trusted is None else dict(trusted)
        self._pinned = {text: self._valid(id, text) for id, text in (trusted or {}).items()}

    def _made(self, text: str) -> Document:
        return Document(self._schema, text, self._settings)

    def _valid(self, id: str, text: str) -> Document:
        made = self._made(text)
        if made.errors:
            raise BadManifest(f"The trusted document {id} is not valid: {made.errors[0].message}")
        return made

    def get(self, text: str) -> Document:
        """The document, ready; made if it is new. Raises Forbidden for one that is not trusted."""
        found = self._kept.get(text)
        if found is not None:
            self._kept.move_to_end(text)
            return found
        if self._trusted is not None:
            if text not in self._pinned:
                raise Forbidden("Only trusted documents are answered here")
            return self._pinned[text]
        made = self._made(text)
        if len(text) <= LARGEST_KEPT:
            self._keep(text, made)
        return made

    def _keep(self, text: str, made: Document) -> None:
        self._kept[text] = made
        self._size += len(text)
        while self._size > self._most:
            gone, document = self._kept.popitem(last=False)
            self._size -= len(gone)
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
        document = self.get(query)
        if query in self._kept and not document.errors:
            document.hash = hash
            self._by_hash[hash] = query


def _hash_of(extensions: Mapping[str, Any]) -> str | None:
    asked = extensions.get("persistedQuery")
    if asked is None:
        return None
    if not isinstance(asked, dict) or asked.get("version") != 1 or not isinstance(asked.get("sha256Hash"), str):
        raise Invalid({"extensions.persistedQuery": ["must have version 1 and a sha256Hash"]})
    return cast("str", asked["sha256Hash"])
