"""@defer: what of a query is answered after the rest.

A deferred fragment becomes a question of its own: the fields that lead to it, and what it selects. The reader answers
that as it answers any, by one statement. Two statements may see two states, so a fragment is deferred only where they
cannot be mixed up: beside root fields, below a root field that names its object by `id` (or is oneself), and for the
`totalCount` of a list; and never where the same object or list is asked for both inside and outside of it. Everything
else comes with the rest, as the specification leaves to servers.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeGuard

from graphql import (
    REMOVE,
    ArgumentNode,
    BooleanValueNode,
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLDeferDirective,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLSkipDirective,
    InlineFragmentNode,
    NameNode,
    OperationDefinitionNode,
    SelectionNode,
    SelectionSetNode,
    StringValueNode,
    VariableNode,
    Visitor,
    get_named_type,
    visit,
)

from schema.kinds import Kind, ReaderField
from schema.operations import Operation, spread
from schema.places import Variables
from schema.question import BACKREF, fragments_of

NAME = GraphQLDeferDirective.name
MOST = 10  # deferred parts of one operation; further ones come with the rest
OF_A_LIST = frozenset({"totalCount", "__typename"})

Around = Callable[[SelectionNode], SelectionSetNode]  # what leads from the operation to a selection


@dataclass(frozen=True, slots=True)
class Part:
    """What is answered later. `kind` is the name of the type it is a part of; `when` the variable that defers it."""

    path: tuple[str, ...]
    kind: str
    label: str | None
    when: str | None
    operation: Operation

    def deferred(self, variables: Variables) -> bool:
        return self.when is None or bool(variables[self.when])

    def found(self, data: Any) -> Any:
        """What stands where the part belongs; None where there is nothing."""
        for key in self.path:
            data = None if data is None else data.get(key)
        return data


@dataclass(frozen=True, slots=True)
class Deferring:
    """A query that the reader answers in several parts, `first` all that is not deferred."""

    first: Operation
    parts: tuple[Part, ...]

    @classmethod
    def of(cls, schema: GraphQLSchema, written: DocumentNode, operation: OperationDefinitionNode) -> "Deferring | None":
        """Of a valid document as it was written; None where nothing in it is deferred."""
        split = _Split(schema, written)
        root = schema.get_root_type(operation.operation)
        assert root is not None
        first = split.level(root, operation.selection_set, (), lambda node: SelectionSetNode(selections=(node,)))

        def made(selected: SelectionSetNode) -> Operation:
            return Operation(schema, written, replace(operation, selection_set=selected))

        parts = [
            Part(level.path, level.parent.name, label, when, made(selected))
            for level, label, when, selected in split.parts
        ]
        return cls(made(first), tuple(parts)) if parts else None

    def deferred(self, variables: Variables) -> tuple[Part, ...]:
        """The parts that are, as coerced variables have it; none at all where one does not say whether."""
        if any(part.when is not None and variables.get(part.when) is None for part in self.parts):
            return ()
        return tuple(part for part in self.parts if part.deferred(variables))


def undeferred(document: DocumentNode) -> DocumentNode:
    """The same in one piece."""
    if document.loc is not None and NAME not in document.loc.source.body:
        return document
    plain: DocumentNode = visit(document, _Undeferred())
    return plain


class _Undeferred(Visitor):
    def enter_directive(self, node: DirectiveNode, *_: Any) -> Any:
        return REMOVE if node.name.value == NAME else None


@dataclass(frozen=True, slots=True)
class _Level:
    """The fields of one object. `asked` counts them by response key, `only` names those that may be deferred."""

    parent: GraphQLNamedType
    path: tuple[str, ...]
    around: Around
    asked: Counter[str]
    only: frozenset[str] | None = None

    def may_defer(self, fields: Iterable[FieldNode]) -> bool:
        return all(
            (self.only is None or node.name.value in self.only)
            and (node.selection_set is None or self.asked[_key(node)] == 1)
            for node in fields
        )


class _Split:
    """Through one operation. A fragment that is spread more than once is not looked into."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode) -> None:
        self.parts: list[tuple[_Level, str | None, str | None, SelectionSetNode]] = []
        self._schema = schema
        self._fragments = fragments_of(document)
        self._spreads = Counter[str]()
        visit(document, _Spreads(self._spreads))

    def level(
        self,
        parent: GraphQLNamedType,
        selected: SelectionSetNode,
        path: tuple[str, ...],
        around: Around,
        only: frozenset[str] | None = None,
    ) -> SelectionSetNode:
        """What is left of a selection without what is deferred in it."""
        asked = Counter(map(_key, self._fields(selected)))
        return self._rest(_Level(parent, path, around, asked, only), selected)

    def _fields(self, selected: SelectionSetNode) -> list[FieldNode]:
        return [node for node in spread(selected, self._fragments, set()) if isinstance(node, FieldNode)]

    def _rest(self, level: _Level, selected: SelectionSetNode) -> SelectionSetNode:
        """Of the same level's selections, or of a fragment's in it."""
        plain = {_key(node) for node in selected.selections if _is_plain(node)}
        kept: list[SelectionNode] = []
        for node in selected.selections:
            if isinstance(node, FieldNode):
                kept.append(self._field(level, node))
            elif (fragment := self._fragment(node)) is None:
                kept.append(node)
            else:
                kept.extend(self._left(level, fragment, plain))
        return replace(selected, selections=tuple(kept))

    def _field(self, level: _Level, node: FieldNode) -> FieldNode:
        definition = getattr(level.parent, "fields", {}).get(node.name.value)
        if definition is None or node.selection_set is None or level.asked[_key(node)] > 1:
            return node
        field = definition.extensions.get(BACKREF)
        kind = field.kind if isinstance(field, ReaderField) else None
        lasting = not level.path and (kind is Kind.ENTITY or "id" in definition.args)
        if kind is not Kind.CONNECTION and not lasting:
            return node

        def around(inner: SelectionNode) -> SelectionSetNode:
            return level.around(replace(node, selection_set=SelectionSetNode(selections=(inner,))))

        path, only = (*level.path, _key(node)), None if lasting else OF_A_LIST
        rest = self.level(get_named_type(definition.type), node.selection_set, path, around, only)
        return replace(node, selection_set=rest)

    def _fragment(self, node: SelectionNode) -> InlineFragmentNode | None:
        """In place of its name."""
        if isinstance(node, InlineFragmentNode):
            return node
        assert isinstance(node, FragmentSpreadNode)
        if self._spreads[node.name.value] > 1:
            return None
        named = self._fragments[node.name.value]
        return InlineFragmentNode(
            loc=node.loc,
            directives=node.directives,
            type_condition=named.type_condition,
            selection_set=named.selection_set,
        )

    def _left(self, level: _Level, fragment: InlineFragmentNode, plain: set[str]) -> list[SelectionNode]:
        """What of a fragment is not deferred. Fields that are `plain` beside it need not be told again."""
        others = tuple(one for one in fragment.directives or () if one.name.value != NAME)
        whole, given = replace(fragment, directives=others), _how(fragment)
        if given is None:
            return [replace(whole, selection_set=self._rest(self._inside(level, whole), whole.selection_set))]
        if len(self.parts) >= MOST or not level.may_defer(self._fields(fragment.selection_set)):
            return [whole]
        later = tuple(n for n in fragment.selection_set.selections if not (_is_plain(n) and _key(n) in plain))
        if not later:
            return []
        label, when = given
        selected = level.around(replace(whole, selection_set=SelectionSetNode(selections=later)))
        self.parts.append((level, label, None if when is None else when.name.value, selected))
        return [] if when is None else [_unless(when, whole)]

    def _inside(self, level: _Level, fragment: InlineFragmentNode) -> _Level:
        """The same level, seen from within a fragment."""
        condition = fragment.type_condition
        parent = level.parent if condition is None else self._schema.type_map[condition.name.value]

        def around(inner: SelectionNode) -> SelectionSetNode:
            return level.around(replace(fragment, selection_set=SelectionSetNode(selections=(inner,))))

        return replace(level, parent=parent, around=around)


class _Spreads(Visitor):
    def __init__(self, counted: Counter[str]) -> None:
        super().__init__()
        self._counted = counted

    def enter_fragment_spread(self, node: FragmentSpreadNode, *_: Any) -> None:
        self._counted[node.name.value] += 1


def _key(node: FieldNode) -> str:
    return node.alias.value if node.alias else node.name.value


def _is_plain(node: SelectionNode) -> TypeGuard[FieldNode]:
    return isinstance(node, FieldNode) and node.selection_set is None and not node.directives


def _how(fragment: InlineFragmentNode) -> tuple[str | None, VariableNode | None] | None:
    """The label of its @defer, and the variable that switches it; None where it is not deferred."""
    directive = next((one for one in fragment.directives or () if one.name.value == NAME), None)
    if directive is None:
        return None
    label: str | None = None
    when: VariableNode | None = None
    for argument in directive.arguments or ():
        match argument.value:
            case BooleanValueNode(value=False):
                return None
            case StringValueNode() as text:
                label = text.value
            case VariableNode() as variable:
                when = variable
    return label, when


def _unless(variable: VariableNode, whole: InlineFragmentNode) -> InlineFragmentNode:
    given = ArgumentNode(name=NameNode(value="if"), value=variable)
    skip = DirectiveNode(name=NameNode(value=GraphQLSkipDirective.name), arguments=(given,))
    return InlineFragmentNode(directives=(skip,), selection_set=SelectionSetNode(selections=(whole,)))
