from datetime import datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from db.tasks.labels import Label as Model
from resolvers.limits import per_minute
from resolvers.tasks import labels as resolve
from resolvers.tasks import rules
from resolvers.tasks.tasks import listed
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import connection, entity, maybe, stream, verb
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.tasks.tasks import Task

# Tasks know their labels and labels their tasks: one of the two has to wait.
Tasks: TypeAlias = Connection[Annotated["Task", strawberry.lazy("schema.tasks.tasks")]]

strawberry.pydantic.input(rules.CreateLabel, name="CreateLabelInput", description="A new label.")
strawberry.pydantic.input(rules.UpdateLabel, name="UpdateLabelInput", description="What is left out stays as it is.")


@node(Model, "A word to sort tasks by; each user has their own.", resolve.by_id)
class Label(Node):
    name: str = column("Unique among one's own, in any case.")
    color: str = column("#rrggbb")
    owner: User | None = column("Whose it is.")
    tasks: Tasks = connection(listed, "Those of one's own tasks that wear it.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="A label was made or changed.")
class LabelChanged(Change):
    label: Label | None = maybe(resolve.by_id, "The label as it is now; null if it is gone.", id="entity_id")


@strawberry.type(description="A label was deleted.")
class LabelDeleted(Deletion):
    pass


@strawberry.type
class LabelQueries:
    label: Label | None = entity(resolve.by_id, "One label.")
    labels: Connection[Label] = connection(resolve.listed, "One's own labels by name.")


@strawberry.type
class LabelMutations:
    create_label: Label = verb(resolve.create, "Makes a label.", limit=per_minute(300))
    update_label: Label = verb(resolve.update, "Renames or recolours a label.", limit=per_minute(300))
    delete_label: Deleted = verb(resolve.delete, "Deletes a label and takes it off all tasks.", limit=per_minute(300))


LabelEvent = Annotated[
    Ready | LabelChanged | LabelDeleted | Resync,
    strawberry.union("LabelEvent", description="What is told of labels."),
]


@strawberry.type
class LabelSubscriptions:
    label_events: LabelEvent = stream(
        resolve.followed, "One's own labels as they change.", changed=LabelChanged, deleted=LabelDeleted
    )
