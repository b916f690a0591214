"""Documents by hypothesis-graphql from the printed schema.

Random text never hits a row. So arguments have types of their own here, by which the id of a label is told from a word
to search; `twists` puts a value in, and does the paging, because it sees the order.
"""

from dataclasses import replace
from functools import cache
from typing import Any

from graphql import (
    REMOVE,
    DocumentNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NameNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    Visitor,
    print_ast,
    visit,
)
from hypothesis import strategies as st
from hypothesis_graphql import queries

from tests.proof import pools
from tests.proof.known import PRINTED, known
from tests.proof.naive import KINDS

LEFT_TO_TWISTS = {"first", "after", "last", "before", "offset", "userId"}
NAMED = {"labelIds": "Label", "userId": "User", "ids": "Node", "familyId": "Family", "personId": "Person"}
NAMED |= {"occasionId": "Occasion", "listId": "GiftList", "assigneeId": "User", "addedById": "User"}

_ID_SCALARS = {kind: f"{kind}Id" for kind in (*KINDS.values(), "Node", "Parent")}
_INTS = {"minPriceMinor": "Amount", "maxPriceMinor": "Amount", "withinDays": "Days"}
_OTHERS = ("Words", "Part", "Name", "Zone", "Topic", "Tag", "Currency", "PartOfName", *pools.NUMERIC)


class _Retyped(Visitor):
    """Arguments say what they mean."""

    def enter_input_value_definition(
        self, node: InputValueDefinitionNode, _key: Any, _parent: Any, _path: Any, ancestors: list[Any]
    ) -> Any:
        if node.name.value in LEFT_TO_TWISTS:
            return REMOVE
        owners = [a for a in ancestors if isinstance(a, InputObjectTypeDefinitionNode)]
        field = next((a for a in ancestors if isinstance(a, FieldDefinitionNode)), None)
        target = _named(field.type) if field else owners[0].name.value
        meant = _meant(_named(node.type), node.name.value, target)
        return replace(node, type=visit(node.type, _Renamed(meant)), default_value=node.default_value)


class _Renamed(Visitor):
    def __init__(self, name: str) -> None:
        super().__init__()
        self._name = name

    def leave_named_type(self, node: NamedTypeNode, *_: Any) -> Any:
        return replace(node, name=NameNode(value=self._name))


def _meant(kind: str, name: str, owner: str) -> str:
    match kind, name:
        case "ID", "parentId":
            return _ID_SCALARS["Task" if owner == "TaskFilter" else "Parent"]
        case "ID", _:
            return _ID_SCALARS.get(NAMED.get(name, owner.removesuffix("Summary")), "ID")
        case "Int", _:
            return _INTS.get(name, kind)
        case "String", "tags" | "currency":
            return {"tags": "Tag", "currency": "Currency"}[name]
        case "String", "search" if owner == "OccasionFilter":
            return "PartOfName"
        case "String", "timeZone":
            return "Zone"
        case "String", "topic":
            return "Topic"
        case "String", "labelNames":
            return "Name"
        case "String", _:
            return "Part" if owner == "UserFilter" else "Words"
    return kind


def _named(kind: Any) -> str:
    while isinstance(kind, ListTypeNode | NonNullTypeNode):
        kind = kind.type
    name: str = kind.name.value
    return name


class _Only(Visitor):
    """Nodes are of these types alone; fragments for all that there are would mostly be in each other's way."""

    def __init__(self, kinds: tuple[str, ...]) -> None:
        super().__init__()
        self._kinds = kinds

    def enter_object_type_definition(self, node: ObjectTypeDefinitionNode, *_: Any) -> Any:
        return node if node.name.value in self._kinds else replace(node, interfaces=())


def printed(nodes: tuple[str, ...]) -> str:
    """The schema that documents are drawn from."""
    scalars = "\n".join(f"scalar {name}" for name in (*_ID_SCALARS.values(), *_OTHERS))
    return print_ast(visit(visit(known(PRINTED), _Retyped()), _Only(nodes))) + f"\n{scalars}\n"


# It makes larger documents from larger schemas; these types are reached from nowhere.
PADDING = "\n".join(f"type Padding{n} {{ it: Int }}" for n in range(40))


@cache
def documents(roots: tuple[str, ...], nodes: tuple[str, ...] = ()) -> st.SearchStrategy[DocumentNode]:
    """Documents of these root fields, with fragments on such nodes.

    A text in them says what is meant there, as in `Pools.value`.
    """
    meant = [*_ID_SCALARS, *pools.TEXTS, *pools.NUMERIC, "Topic"]
    scalars = {_ID_SCALARS.get(name, name): st.just(StringValueNode(value=name)) for name in meant}
    return queries(printed(nodes) + PADDING, fields=roots, custom_scalars=scalars, print_ast=lambda document: document)
