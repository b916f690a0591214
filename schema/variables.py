"""What a question's variables decide: how long its lists may be, and what @skip and @include leave out."""

from collections.abc import Mapping
from functools import lru_cache
from math import ceil
from typing import Any

from graphql import (
    BooleanValueNode,
    FieldNode,
    GraphQLField,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NullValueNode,
    SelectionNode,
    ValueNode,
    VariableNode,
    is_abstract_type,
)

from schema.paging import DEFAULT_SIZE, LARGEST_PAGE

WHOLE_LIST = 10  # how many a list holds that comes whole
DIGITS = 9  # of an integer that is worth reading


def bearing(value: Any) -> int | None:
    """What of a variable's value can bear on an answer's size: a switch, a number, or how many there are."""
    if isinstance(value, list | tuple):
        return len(value)
    return value if value is None or isinstance(value, int) else 1


class Variables:
    """Their values, as `bearing` has them; without values everything is asked for, in the largest pages.

    `met` are those that were looked at.
    """

    def __init__(self, values: Mapping[str, int | None] | None = None) -> None:
        self._values = values
        self.met: dict[str, None] = {}

    def wanted(self, node: SelectionNode) -> bool:
        for directive in node.directives or ():
            if (name := directive.name.value) in ("skip", "include"):
                for argument in directive.arguments or ():
                    if argument.name.value == "if" and self._switch(argument.value, name) is (name == "skip"):
                        return False
        return True

    def page(self, definition: GraphQLField, node: FieldNode) -> int | None:
        """The size of a connection's page; the largest for what is out of range, whose error comes later."""
        if not {"first", "last"} <= definition.args.keys():
            return None
        sizes = (self._number(node, name) for name in ("last", "first"))
        size = next((size for size in sizes if size is not None), DEFAULT_SIZE)
        return size if 1 <= size <= LARGEST_PAGE else LARGEST_PAGE

    def first(self, definition: GraphQLField, node: FieldNode) -> int:
        """How many values are asked for, where there is a choice; the default where it is left open."""
        if "first" not in definition.args:
            return 1
        asked = self._number(node, "first")
        if asked is None:
            default = definition.args["first"].default
            asked = default.value if default is not None and isinstance(default.value, int) else 1
        return max(1, asked)

    def length(self, definition: GraphQLField, node: FieldNode) -> int:
        """Of a list that comes whole: the number of its `ids`, if there is such an argument."""
        return (self._number(node, "ids") or 1) if "ids" in definition.args else WHOLE_LIST

    def _switch(self, value: ValueNode, directive: str) -> bool:
        if isinstance(value, VariableNode):
            return bool(self._value(value, directive == "include"))
        return value.value if isinstance(value, BooleanValueNode) else directive == "include"

    def _number(self, node: FieldNode, name: str) -> int | None:
        """What an argument says, or how many values it has; None where it is absent or null."""
        value = next((given.value for given in node.arguments or () if given.name.value == name), None)
        if isinstance(value, VariableNode):
            return self._value(value, LARGEST_PAGE)
        if value is None or isinstance(value, NullValueNode):
            return None
        if isinstance(value, ListValueNode):
            return len(value.values)
        return _integer(value)

    def _value(self, variable: VariableNode, otherwise: int) -> int | None:
        self.met[variable.name.value] = None
        return otherwise if self._values is None else self._values.get(variable.name.value)


def _integer(value: ValueNode) -> int:
    """Python refuses to read thousands of digits; what is so long is out of range anyway."""
    if not isinstance(value, IntValueNode):
        return 1
    return int(value.value) if len(value.value) <= DIGITS else LARGEST_PAGE + 1


@lru_cache(maxsize=4)
def introspected(schema: GraphQLSchema) -> dict[str, int]:
    """How many things the lists of an introspection hold on average, rounded up, by the field that lists them."""
    kinds = list(schema.type_map.values())
    of_fields = [getattr(kind, "fields", {}) for kind in kinds]
    lists: dict[str, list[Any]] = {
        "fields": of_fields,
        "inputFields": of_fields,
        "args": [getattr(field, "args", {}) for fields in of_fields for field in fields.values()],
        "enumValues": [getattr(kind, "values", {}) for kind in kinds],
        "interfaces": [getattr(kind, "interfaces", ()) for kind in kinds],
        "possibleTypes": [schema.get_possible_types(kind) if is_abstract_type(kind) else () for kind in kinds],
    }
    averages = {name: ceil(sum(map(len, found)) / len(found)) for name, found in lists.items()}
    return averages | {"types": len(kinds), "directives": len(schema.directives)}
