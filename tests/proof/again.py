"""The same document once more with other variables: what was kept of it for one shape must do for all."""

from collections import defaultdict
from dataclasses import replace
from random import Random
from typing import Any

from graphql import OperationDefinitionNode, VariableDefinitionNode, print_ast

from tests.proof.twists import Question

REMEMBERED = 100  # values of each type


class Again:
    """Remembers by type what was sent before. (A switch that is null is a known fault, so it is not made null here.)"""

    def __init__(self) -> None:
        self._sent: defaultdict[str, list[Any]] = defaultdict(list)

    def asked(self, question: Question, random: Random) -> Question:
        sent = dict(question.variables)
        for definition in _declared(question):
            name, kind = definition.variable.name.value, print_ast(definition.type)
            before = self._sent[kind]
            if name in sent and (sent[name] is not None or kind != "Boolean"):
                before.append(sent[name])
                del before[:-REMEMBERED]
            match random.randrange(6):
                case 0 if not kind.endswith("!") or definition.default_value:
                    sent.pop(name, None)
                case 1 if kind != "Boolean" and not kind.endswith("!"):
                    sent[name] = None
                case 2 | 3 if before and "String" not in kind:  # which means all sorts of things
                    sent[name] = random.choice(before)
                case 4 if kind.startswith("Boolean"):
                    sent[name] = not sent.get(name)
        return replace(question, variables=sent)


def _declared(question: Question) -> list[VariableDefinitionNode]:
    operations = [d for d in question.document.definitions if isinstance(d, OperationDefinitionNode)]
    return [variable for operation in operations for variable in operation.variable_definitions or ()]
