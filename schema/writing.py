"""What a verb answers as JSON, where it is no entity: a leaf, or what says what was removed.

Anything else that is no entity is completed by the executor.
"""

from typing import Any

import orjson
from graphql import (
    GraphQLObjectType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_non_null_type,
)

from resolvers.work import Deleted
from schema.collecting import TYPENAME, collected
from schema.deletion import DELETED
from schema.models import BINDINGS
from schema.places import Place, Variables


def is_writable(kind: GraphQLOutputType) -> bool:
    """Whether answers of this type are entities or can be written here."""
    named = get_named_type(kind).name
    return named in BINDINGS or named == DELETED or is_leaf_type(get_nullable_type(kind))


def written(place: Place, answer: Any, variables: Variables) -> bytes | None:
    """The JSON of what a verb answered at this place; that of an entity is there already.

    Raises GraphQLError where the variable of a switch is null.
    """
    if answer is None and is_non_null_type(place.return_type):
        raise TypeError(f"{place.field_nodes[0].name.value} must not answer null")
    if answer is None or isinstance(answer, bytes):
        return answer
    if is_leaf_type(place.target):
        return orjson.dumps(place.target.serialize(answer))
    return orjson.dumps(_removed(place, answer, variables))


def _removed(place: Place, answer: Deleted | list[Deleted], variables: Variables) -> Any:
    """`deletedId` and `__typename` as they are asked for."""
    assert isinstance(place.target, GraphQLObjectType)
    sets = [node.selection_set for node in place.field_nodes]
    groups = collected(place.raw(variables), place.target, sets)
    names = {key: nodes[0].name.value for key, nodes in groups.items()}

    def one(deleted: Deleted) -> dict[str, str]:
        return {key: DELETED if name == TYPENAME else deleted.deleted_id for key, name in names.items()}

    return [one(deleted) for deleted in answer] if isinstance(answer, list) else one(answer)
