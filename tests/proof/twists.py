"""What a generated document lacks: fuller selections, aliases, fragments, __typename, @skip and @include, variables."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cached_property
from random import Random
from typing import Any

from graphql import (
    ArgumentNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLSyntaxError,
    InlineFragmentNode,
    NamedTypeNode,
    NameNode,
    OperationDefinitionNode,
    OperationType,
    SelectionSetNode,
    get_named_type,
    is_leaf_type,
    parse,
    print_ast,
    validate,
)

from tests.proof.arguments import Arguments, Variables
from tests.proof.executor import SCHEMA
from tests.proof.pools import Pools

ALIASES = ("a", "b", "id", "title", "nodes", "node", "row", "totalCount", "select", "n0", "A", "_", "z" * 63, "y" * 90)
OTHER: Any = parse("query Other { other: me { id } }").definitions[0]


@dataclass(frozen=True)
class Question:
    text: str
    variables: dict[str, Any]
    operation: str | None

    @cached_property
    def document(self) -> DocumentNode:
        """Raises GraphQLSyntaxError."""
        return parse(self.text)

    @cached_property
    def valid(self) -> bool:
        """Whether it may be sent: fields may be in conflict. (An empty selection is valid to graphql-core.)"""
        with suppress(GraphQLSyntaxError):
            return "{}" not in self.text and not validate(SCHEMA, self.document)
        return False


def twisted(document: DocumentNode, random: Random, pools: Pools) -> Question:
    """The same document with everything that may be written in another way written in another way here and there."""
    variables = Variables()
    twist = _Twist(random, Arguments(random, pools, variables), variables)
    (operation,) = document.definitions
    assert isinstance(operation, OperationDefinitionNode)
    selections = twist.selections(SCHEMA.query_type, operation.selection_set.selections)
    name = random.choice([None, None, "Asked"])
    others = [OTHER] if name and random.randrange(2) else []
    made = OperationDefinitionNode(
        operation=OperationType.QUERY,
        name=_name(name) if name else None,
        variable_definitions=tuple(variables.declared),
        selection_set=SelectionSetNode(selections=tuple(selections)),
    )
    definitions = [made, *others, *twist.fragments]
    random.shuffle(definitions)
    given = name if others or random.randrange(2) else None
    return Question(print_ast(DocumentNode(definitions=tuple(definitions))), variables.sent, given)


class _Twist:
    def __init__(self, random: Random, arguments: Arguments, variables: Variables) -> None:
        self._random = random
        self._arguments = arguments
        self._variables = variables
        self.fragments: list[FragmentDefinitionNode] = []

    def selections(self, kind: Any, nodes: Sequence[Any]) -> list[Any]:
        found = self._doubled([*nodes, *self._more(kind, nodes)])
        made = [self._inside(kind, node) for node in found]
        if self._one_in(6):
            made.insert(self._random.randrange(len(made) + 1), self._typename(made))
        return [self._switched(node) for node in self._folded(kind, made)]

    def _more(self, kind: Any, nodes: Sequence[Any]) -> list[FieldNode]:
        """Columns beside those that are there, and the parts of a page."""
        fields = getattr(kind, "fields", {})
        there = {node.name.value for node in nodes if isinstance(node, FieldNode)}
        leaves = [name for name, field in fields.items() if is_leaf_type(get_named_type(field.type)) and not field.args]
        names = self._random.sample(leaves, min(len(leaves), self._random.choice([0, 0, 1, 2, 3])))
        if "pageInfo" in fields and self._one_in(2):
            names.append(self._random.choice(["nodes", "nodes", "edges", "pageInfo"]))
        if "cursor" in fields and self._one_in(2):
            names.append("node")
        names = [name for name in dict.fromkeys(names) if name not in there]
        return [FieldNode(name=_name(name), selection_set=self._bare(fields[name])) for name in names]

    def _bare(self, field: Any) -> SelectionSetNode | None:
        fields = getattr(get_named_type(field.type), "fields", {})
        if not fields:
            return None
        name = next(name for name, field in fields.items() if is_leaf_type(get_named_type(field.type)))
        return SelectionSetNode(selections=(FieldNode(name=_name(name)),))

    def _doubled(self, nodes: list[Any]) -> list[Any]:
        """Some fields once more, by another name; they get arguments of their own."""
        keys = {node.name.value for node in nodes if isinstance(node, FieldNode)}
        for node in [node for node in nodes if isinstance(node, FieldNode) and self._one_in(6)]:
            alias = self._random.choice(ALIASES)
            if alias not in keys:
                keys.add(alias)
                nodes.insert(self._random.randrange(len(nodes) + 1), replace(node, alias=_name(alias)))
        return nodes

    def _inside(self, kind: Any, node: Any) -> Any:
        if isinstance(node, InlineFragmentNode):
            within = SCHEMA.type_map[node.type_condition.name.value] if node.type_condition else kind
            return replace(node, selection_set=self._set(within, node.selection_set))
        definition = kind.fields[node.name.value]
        inner = node.selection_set and self._set(get_named_type(definition.type), node.selection_set)
        return replace(node, arguments=self._arguments.of(definition, node), selection_set=inner)

    def _set(self, kind: Any, selections: SelectionSetNode) -> SelectionSetNode:
        return SelectionSetNode(selections=tuple(self.selections(kind, selections.selections)))

    def _typename(self, nodes: list[Any]) -> FieldNode:
        keys = {(node.alias or node.name).value for node in nodes if isinstance(node, FieldNode)}
        alias = self._random.choice([None, None, *ALIASES])
        return FieldNode(name=_name("__typename"), alias=_name(alias) if alias and alias not in keys else None)

    def _folded(self, kind: Any, nodes: list[Any]) -> list[Any]:
        """A run of the selections moved into a fragment, and a fragment from elsewhere spread here too."""
        random = self._random
        if self._one_in(5):
            start = random.randrange(len(nodes))
            stop = random.randrange(start, len(nodes)) + 1
            nodes[start:stop] = [self._fragment(kind, nodes[start:stop])]
        known = [f.name.value for f in self.fragments if f.type_condition.name.value == kind.name]
        if known and self._one_in(3):
            nodes.insert(random.randrange(len(nodes) + 1), FragmentSpreadNode(name=_name(random.choice(known))))
        if self._one_in(12):
            nodes.append(random.choice(nodes))
        return nodes

    def _fragment(self, kind: Any, nodes: list[Any]) -> Any:
        on, selections = kind.name, tuple(nodes)
        if "Node" in [interface.name for interface in getattr(kind, "interfaces", ())] and self._one_in(2):
            inner = InlineFragmentNode(type_condition=_type(on), selection_set=SelectionSetNode(selections=selections))
            on, selections = "Node", (inner, FieldNode(name=_name("id")))
        inside = SelectionSetNode(selections=selections)
        if self._one_in(2):
            name = f"F{len(self.fragments)}"
            self.fragments.append(
                FragmentDefinitionNode(name=_name(name), type_condition=_type(on), selection_set=inside)
            )
            return FragmentSpreadNode(name=_name(name))
        condition = None if on == kind.name and self._one_in(2) else _type(on)
        return InlineFragmentNode(type_condition=condition, selection_set=inside)

    def _switched(self, node: Any) -> Any:
        if not self._one_in(12):
            return node
        name, kept = self._random.choice(["skip", "include"]), not self._one_in(3)
        value = self._variables.switch(self._random, kept is (name == "include"))
        switch = DirectiveNode(name=_name(name), arguments=(ArgumentNode(name=_name("if"), value=value),))
        return replace(node, directives=(*(node.directives or ()), switch))

    def _one_in(self, many: int) -> bool:
        return not self._random.randrange(many)


def _name(value: str) -> NameNode:
    return NameNode(value=value)


def _type(name: str) -> NamedTypeNode:
    return NamedTypeNode(name=_name(name))
