from typing import Annotated

import strawberry

from resolvers import changes as resolve
from resolvers.changes import EntityType
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import maybe_node, stream
from schema.node import Node

enum(
    EntityType,
    "What can change.",
    COMMENT="A comment.",
    FAMILY="A family.",
    FAMILY_INVITE="An invitation into a family.",
    FAMILY_MEMBER="Somebody's membership of a family.",
    GIFT="A gift.",
    GIFT_LIST="A list of gifts.",
    GIFT_PRICE="What a gift costs.",
    LABEL="A label.",
    LIST_ITEM="A gift on a list.",
    OCCASION="An occasion.",
    OCCASION_PERSON="Somebody who is given presents on an occasion.",
    PERSON="Somebody who is given presents.",
    SEANCE="A room.",
    SEANCE_INVITE="An invitation into a room.",
    SEANCE_MESSAGE="What is said in a room.",
    SEANCE_PARTICIPANT="Somebody's seat in a room.",
    SEANCE_REPORT="A complaint about what was said in a room.",
    SEANCE_TURN="A question to the spirit of a room.",
    SESSION="A sign-in.",
    TASK="A task.",
    TOKEN_USAGE="What an answer of a language model took.",  # noqa: S106 - no secret
    USER="A user.",
)


@strawberry.type(description="Something was made or changed.")
class EntityChanged(Change):
    entity_type: EntityType = strawberry.field(description="Of which type it is.")
    node: Node | None = maybe_node("It as it is now; null if it is gone, or hidden from the viewer.", id="entity_id")


@strawberry.type(description="Something was deleted.")
class EntityDeleted(Deletion):
    entity_type: EntityType = strawberry.field(description="Of which type it was.")


ChangeEvent = Annotated[
    Ready | EntityChanged | EntityDeleted | Resync,
    strawberry.union("ChangeEvent", description="What is told of all there is."),
]


@strawberry.type
class ChangeSubscriptions:
    changes: ChangeEvent = stream(
        resolve.followed, "Whatever the viewer may follow, in one stream.", changed=EntityChanged, deleted=EntityDeleted
    )
    person_events: ChangeEvent = stream(
        resolve.around_person,
        "Whatever happens around somebody who is given presents: gifts and lists for them, occasions that they are on.",
        changed=EntityChanged,
        deleted=EntityDeleted,
    )
