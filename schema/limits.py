"""How large a question may be: what it is written with, what it asks for, and what the answer may hold.

A document is parsed and measured before graphql-core validates it, for that takes longest.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    parse,
    validate,
)
from graphql.validation import validation_context
from graphql.validation.rules import overlapping_fields_can_be_merged
from graphql.validation.validate import ValidationAbortedError

from kit.errors import TooComplex
from schema.question import fragments_of
from schema.variables import Variables, bearing
from schema.weighing import Most as Most
from schema.weighing import Walk

LONGEST = 100_000  # characters of a document: twenty for each token; long values belong into variables
OPERATIONS = 50  # of one document; one of them is executed, all are validated
LARGE = 5_000  # characters: in larger documents an error takes milliseconds to word
KEPT_COSTS = 100  # of one document

# How much work graphql-core may spend on comparing fields that share a key, and on the fragments of all operations.
# Its own limits allow 700 ms, these about 60. Fifty components of eleven fields, side by side, take 43,000 and 100.
overlapping_fields_can_be_merged.MAX_COMPLEXITY_BUDGET = 50_000
validation_context.MAX_FRAGMENT_WORK = 4_000


class Measure:
    """What one operation costs, by the variables that come with it. Made once, kept with the document.

    `parts` are the objects and lists that it asks for, which are planned when it is new.
    """

    def __init__(
        self, most: Most, parts: int, matter: Iterable[str], reckon: Callable[[Mapping[str, Any]], int]
    ) -> None:
        self.parts = parts
        self._most = most
        self._matter = tuple(matter)
        self._reckon = reckon
        self._known: dict[tuple[int | None, ...], int] = {}

    def cost(self, variables: Mapping[str, Any]) -> int:
        """Of coerced variables; absent ones are not among them. May raise TooComplex, as `measured` does."""
        key = tuple(bearing(variables.get(name)) for name in self._matter)
        cost = self._known.get(key)
        if cost is None:
            if len(self._known) >= KEPT_COSTS:
                self._known.clear()
            cost = self._known[key] = self._reckon(dict(zip(self._matter, key, strict=True)))
        return cost

    def check(self, variables: Mapping[str, Any]) -> int:
        """The cost. Raises TooComplex where it is above the limit."""
        cost, most = self.cost(variables), self._most.cost
        if cost > most:
            said = f"The query costs up to {cost:,}, more than {most:,}: ask for smaller pages or fewer fields"
            raise TooComplex(said, cost=cost, limit=most)
        return cost


def measured(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode, most: Most) -> Measure:
    """Raises TooComplex for what is too large whatever its variables are; what they switch counts as asked for.

    Any document may come, valid or not: what cannot be known is not counted, and nothing else is raised.
    """
    operations = sum(isinstance(definition, OperationDefinitionNode) for definition in document.definitions)
    if operations > OPERATIONS:
        raise TooComplex(f"The document has more than {OPERATIONS} operations", operations=operations, limit=OPERATIONS)
    fragments = fragments_of(document)

    def walk(variables: Variables) -> Walk:
        return Walk(schema, fragments, most, variables)

    variables = Variables()
    first = walk(variables)
    cost = first.operation(operation)
    if not variables.met:
        return Measure(most, first.parts, (), lambda _: cost)
    return Measure(most, first.parts, variables.met, lambda values: walk(Variables(values)).operation(operation))


def parsed(text: str, most: Most) -> DocumentNode:
    """Raises graphql-core's GraphQLSyntaxError, also for too many tokens or characters and for too deep a nesting."""
    return parse(text, max_tokens=most.tokens, max_source_length=LONGEST)


def validated(
    schema: GraphQLSchema, document: DocumentNode, length: int, *, suggesting: bool = True
) -> list[GraphQLError]:
    """What is wrong with a document of so many characters: the first twenty things, in a large document five.

    Where it is `suggesting`, errors in a small document say what may have been meant, which tells names of the schema.

    Raises TooComplex where graphql-core gives up.
    """
    most = 5 if length > LARGE else 20
    errors = validate(schema, document, max_errors=most, hide_suggestions=length > LARGE or not suggesting)
    if errors and isinstance(errors[-1], ValidationAbortedError):
        if len(errors) <= most:
            raise TooComplex("The query repeats or nests fields and fragments too often to be checked")
        errors.pop()
    return errors
