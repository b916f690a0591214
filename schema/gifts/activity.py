from datetime import datetime

import strawberry

from db.gifts.activity import Activity as Model
from db.gifts.activity import ActivityKind
from db.gifts.items import ItemStatus
from resolvers.gifts import activity as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection
from schema.gifts.items import ListItem
from schema.gifts.lists import GiftList
from schema.gifts.occasions import Occasion
from schema.gifts.persons import Person
from schema.node import Node, column, node

enum(
    ActivityKind,
    "What happened.",
    MEMBER_JOINED="Somebody joined the family.",
    PERSON_ADDED="A person was added.",
    OCCASION_ADDED="An occasion was added.",
    LIST_ADDED="A list was made.",
    ITEM_ADDED="A gift was put on a list.",
    STATUS_CHANGED="A present came a step further, or back.",
    ASSIGNED="Somebody takes care of a present.",
    CLAIMED="Somebody gives it.",
    UNCLAIMED="Somebody does not give it after all.",
    CONTRIBUTED="Somebody gives something towards it.",
    COMMENTED="Somebody said something.",
)


@node(Model, "Something that happened in a family.", resolve.by_id)
class Activity(Node):
    kind: ActivityKind = column("What happened.")
    actor: User | None = column("Who did it; null where givers do not see each other.")
    status: ItemStatus | None = column("The step that was reached.")
    person: Person | None = column("About whom.")
    occasion: Occasion | None = column("About which occasion.")
    list: GiftList | None = column("About which list.")
    item: ListItem | None = column("About which item.")
    created_at: datetime = column("When.")


@strawberry.type
class ActivityQueries:
    activity: Connection[Activity] = connection(
        resolve.of_families, "What happened in the viewer's families in the last year, newest first."
    )
