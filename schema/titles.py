from graphql import OperationDefinitionNode

from live.operations import Title as Title

LONGEST_NAME = 100  # characters that are told
UNTITLED = Title()


def titled(node: OperationDefinitionNode, *, trusted: bool) -> Title:
    return Title(node.operation.value, node.name.value[:LONGEST_NAME] if node.name else None, trusted)
