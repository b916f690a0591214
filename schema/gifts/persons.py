from datetime import date, datetime

import strawberry

from db.gifts.persons import Person as Model
from resolvers.gifts import persons as resolve
from resolvers.gifts import years
from schema.accounts.users import User
from schema.connection import Connection
from schema.fields import connection, entity, expression
from schema.gifts.families import Family
from schema.node import Node, column, node


@node(Model, "Somebody who is given presents. Seen by the members of the family.", resolve.by_id)
class Person(Node):
    family: Family | None = column("To which family they belong.")
    user: User | None = column("The user they are; what is meant for them is then kept from that user.")
    name: str = column("1 to 100 characters.")
    birthday: date | None = column("When they were born.")
    next_birthday: date | None = expression(
        years.next_birthday, "Their next one, today or later in the viewer's time zone; of 29 February the 28th."
    )
    sizes: list[str] = column('Such as "shoes 42".')
    interests: list[str] = column("What they like.")
    unwanted: list[str] = column("What never to give them.")
    notes: str | None = column("More about them.")
    photo_url: str | None = column("A picture.")
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class PersonQueries:
    person: Person | None = entity(resolve.by_id, "One person.")
    persons: Connection[Person] = connection(resolve.listed, "The people of the viewer's families, by name.")
