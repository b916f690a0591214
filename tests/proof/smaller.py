"""Makes a failing question small: whatever can be taken out while it still fails is taken out."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from graphql import (
    REMOVE,
    DocumentNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    Node,
    OperationDefinitionNode,
    SelectionSetNode,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)

from tests.proof.twists import Question

REMOVABLE = (
    "field",
    "inline_fragment",
    "fragment_spread",
    "directive",
    "argument",
    "object_field",
    "operation_definition",
)


def smaller(question: Question, fails: Callable[[Question], bool]) -> Question:
    """A question that fails too, from which no single part can be taken any more."""
    found = True
    while found:
        found = False
        for less in _lesser(question):
            if less.valid and fails(less):
                question, found = less, True
                break
    return question


def _lesser(question: Question) -> Iterator[Question]:
    document = question.document
    for position in range(_parts(document)):
        yield _tidy(question, visit(document, _Without(position)))
    for position in range(_fragments(document)):
        yield _tidy(question, visit(document, _Opened(position, document)))
    for name in question.variables:
        yield replace(question, variables={key: value for key, value in question.variables.items() if key != name})


def _tidy(question: Question, document: DocumentNode) -> Question:
    """Without what nothing refers to any more."""
    names = {d.name.value for d in document.definitions if isinstance(d, OperationDefinitionNode) and d.name}
    used: set[str] = set()
    before = -1
    while before != len(used):
        before = len(used)
        kept = [d for d in document.definitions if not isinstance(d, FragmentDefinitionNode) or d.name.value in used]
        used |= {
            node.name.value
            for node in _all(DocumentNode(definitions=tuple(kept)))
            if isinstance(node, FragmentSpreadNode)
        }
    document = DocumentNode(definitions=tuple(kept))
    spoken = {n.name.value for n in _all(visit(document, _Undeclared())) if isinstance(n, VariableNode)}
    document = visit(document, _Declared(spoken))
    sent = {key: value for key, value in question.variables.items() if key in spoken}
    return Question(print_ast(document), sent, question.operation if question.operation in names else None)


def _all(document: DocumentNode) -> list[Node]:
    found: list[Node] = []

    class Every(Visitor):
        def enter(self, node: Node, *_: Any) -> None:
            found.append(node)

    visit(document, Every())
    return found


def _parts(document: DocumentNode) -> int:
    return sum(node.kind in REMOVABLE for node in _all(document))


def _fragments(document: DocumentNode) -> int:
    return sum(isinstance(node, InlineFragmentNode | FragmentSpreadNode) for node in _all(document))


class _Without(Visitor):
    """Takes out the part at a position; parents come before what they hold, so large parts go first."""

    def __init__(self, position: int) -> None:
        super().__init__()
        self._left = position

    def enter(self, node: Node, *_: Any) -> Any:
        if node.kind not in REMOVABLE:
            return None
        self._left -= 1
        return REMOVE if self._left == -1 else None


class _Opened(Visitor):
    """Puts what a fragment holds in its place."""

    def __init__(self, position: int, document: DocumentNode) -> None:
        super().__init__()
        self._left = position
        self._fragments = {d.name.value: d for d in document.definitions if isinstance(d, FragmentDefinitionNode)}

    def enter_selection_set(self, node: SelectionSetNode, *_: Any) -> Any:
        made: list[Any] = []
        for selection in node.selections:
            if isinstance(selection, InlineFragmentNode | FragmentSpreadNode):
                self._left -= 1
                if self._left == -1:
                    named = isinstance(selection, FragmentSpreadNode)
                    holder: Any = self._fragments[selection.name.value] if named else selection  # type: ignore[union-attr]
                    made += holder.selection_set.selections
                    continue
            made.append(selection)
        return replace(node, selections=tuple(made)) if tuple(made) != node.selections else None


class _Undeclared(Visitor):
    def enter_variable_definition(self, *_: Any) -> Any:
        return REMOVE


class _Declared(Visitor):
    def __init__(self, names: set[str]) -> None:
        super().__init__()
        self._names = names

    def enter_variable_definition(self, node: Any, *_: Any) -> Any:
        return None if node.variable.name.value in self._names else REMOVE
