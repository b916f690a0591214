from typing import NamedTuple

from graphql import OperationDefinitionNode

LONGEST_NAME = 100  # characters that are told


class Title(NamedTuple):
    """What an operation is called where it is told of: by its document alone, not by what a client says beside it.

    `kind` is query, mutation, subscription, or none where nothing is known of it.
    """

    kind: str = "none"
    name: str | None = None
    trusted: bool = False


UNTITLED = Title()


def titled(node: OperationDefinitionNode, *, trusted: bool) -> Title:
    return Title(node.operation.value, node.name.value[:LONGEST_NAME] if node.name else None, trusted)
