"""One quick search over everything that is one's own."""

from typing import Annotated

from sqlalchemy import select

from db.selection import Feed, Listing, Order
from db.tasks.labels import Label
from db.tasks.tasks import Task
from resolvers.documented import Doc
from resolvers.matching import matches
from resolvers.rules import SearchWords


def found(text: Annotated[SearchWords, Doc("Words that begin words of it, in any order.")]) -> Feed:
    """What changed last comes first."""
    tasks = select(Task).where(Task.trashed_at.is_(None), matches(Task, text))
    labels = select(Label).where(matches(Label, text))
    return Feed(
        (
            Listing(tasks, (Order(Task.updated_at, descending=True),)),
            Listing(labels, (Order(Label.updated_at, descending=True),)),
        )
    )
