from datetime import datetime
from typing import Annotated

import strawberry

from db.gifts.comments import Comment as Model
from db.gifts.comments import CommentParent
from resolvers.gifts import comments as resolve
from resolvers.gifts.rules import comments as rules
from resolvers.limits import per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.events import Change, Deletion, Ready, Resync
from schema.fields import connection, entity, maybe, stream, verb
from schema.node import Node, column, node

enum(
    CommentParent,
    "What can be commented on.",
    OCCASION="An occasion.",
    LIST="A list.",
    ITEM="An item of a list.",
    GIFT="A gift.",
    PERSON="A person.",
)
strawberry.pydantic.input(rules.AddComment, name="AddCommentInput", description="A new comment.")
strawberry.pydantic.input(
    rules.UpdateComment, name="UpdateCommentInput", description="What is left out stays as it is."
)


@node(Model, "What somebody says of something in a family.", resolve.by_id)
class Comment(Node):
    author: User | None = column("Who says it.")
    parent_type: CommentParent = column("Of what.")
    parent_id: strawberry.ID = column("Of which one.")
    text: str = column("1 to 5,000 characters.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type(description="Something was said, or what was said has changed.")
class CommentChanged(Change):
    comment: Comment | None = maybe(
        resolve.by_id, "The comment as it is now; null if it is gone, or kept from the viewer.", id="entity_id"
    )


@strawberry.type(description="A comment was deleted.")
class CommentDeleted(Deletion):
    pass


@strawberry.type
class CommentQueries:
    comment: Comment | None = entity(resolve.by_id, "One comment.")
    comments: Connection[Comment] = connection(
        resolve.listed, "What is said, the oldest first; all of it, or of one thing."
    )


@strawberry.type
class CommentMutations:
    add_comment: Comment = verb(
        resolve.add,
        "Says something of what the viewer sees. It is kept from the person whom it is about, unless it is `open`."
        f" Who may read {resolve.MOST:,} comments there adds no more: CONFLICT, TOO_MANY_COMMENTS.",
        limit=per_minute(300),
    )
    update_comment: Comment = verb(resolve.update, "Changes what one has said.", limit=per_minute(300))
    delete_comment: Deleted = verb(
        resolve.delete,
        "Takes back what one has said, or as an administrator of the family what somebody has.",
        limit=per_minute(300),
    )


CommentEvent = Annotated[
    Ready | CommentChanged | CommentDeleted | Resync,
    strawberry.union("CommentEvent", description="What is told of comments."),
]


@strawberry.type
class CommentSubscriptions:
    comment_events: CommentEvent = stream(
        resolve.followed, "What is said of one thing, as it is said.", changed=CommentChanged, deleted=CommentDeleted
    )
