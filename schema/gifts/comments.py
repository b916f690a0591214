from datetime import datetime

import strawberry

from db.gifts.comments import Comment as Model
from db.gifts.comments import CommentParent
from resolvers.gifts import comments as resolve
from schema.accounts.users import User
from schema.connection import Connection
from schema.enums import enum
from schema.fields import connection
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


@node(Model, "What somebody says of something in a family.", resolve.by_id)
class Comment(Node):
    author: User | None = column("Who says it.")
    parent_type: CommentParent = column("Of what.")
    parent_id: strawberry.ID = column("Of which one.")
    text: str = column("1 to 5,000 characters.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class CommentQueries:
    comments: Connection[Comment] = connection(resolve.listed, "What is said, the oldest first.")
