from typing import Annotated

import strawberry

from resolvers.tasks import search as resolve
from schema.connection import Connection
from schema.fields import connection
from schema.tasks.labels import Label
from schema.tasks.tasks import Task

Found = Annotated[Task | Label, strawberry.union("Found", description="What a search may find.")]


@strawberry.type
class SearchQueries:
    find: Connection[Found] = connection(
        resolve.found, "One's own tasks and labels that have all the words; what changed last comes first."
    )
