"""Questions that are answered alike whoever asks: nobody has to be looked up for them, not even in the database."""

import re
from collections.abc import Callable

from graphql import FieldNode, GraphQLError, GraphQLSchema, OperationDefinitionNode, OperationType, parse

from schema.collecting import TYPENAME
from schema.question import BACKREF

LONGEST = 500  # characters; whoever asks nothing else needs fewer, and parsing them takes a third of a millisecond


def public(schema: GraphQLSchema) -> Callable[[str | None], bool]:
    """Tells of a document whether it is one query of such fields, written without fragments.

    It is parsed apart, not kept: what it costs to answer a new document is reckoned where it is answered.
    """
    assert schema.query_type is not None
    fields = schema.query_type.fields.items()
    names = {name for name, field in fields if field.extensions[BACKREF].floor is None}

    named = re.compile("|".join(names)).search

    def tells(text: str | None) -> bool:
        if text is None or len(text) > LONGEST or not named(text):
            return False
        try:
            (operation,) = parse(text).definitions
        except (GraphQLError, ValueError):  # of no operation, or of several
            return False
        if not isinstance(operation, OperationDefinitionNode) or operation.operation is not OperationType.QUERY:
            return False
        asked = [node.name.value if isinstance(node, FieldNode) else "" for node in operation.selection_set.selections]
        return not names.isdisjoint(asked) and names.issuperset({*asked} - {TYPENAME})

    return tells
