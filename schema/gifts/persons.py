from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, TypeAlias

import strawberry

from db.gifts.persons import Person as Model
from resolvers.gifts import items, lists, years
from resolvers.gifts import persons as resolve
from resolvers.gifts.rules import persons as rules
from resolvers.limits import per_minute
from schema.accounts.users import User
from schema.connection import Connection
from schema.deletion import Deleted
from schema.enums import enum
from schema.fields import connection, entity, expression, verb
from schema.gifts.families import Family
from schema.node import Node, column, node

if TYPE_CHECKING:
    from schema.gifts.items import ListItem
    from schema.gifts.lists import GiftList

Lists: TypeAlias = Connection[Annotated["GiftList", strawberry.lazy("schema.gifts.lists")]]
Items: TypeAlias = Connection[Annotated["ListItem", strawberry.lazy("schema.gifts.items")]]

enum(
    rules.PersonOrder,
    "What people are sorted by; the id decides between equals.",
    NAME="Their name.",
    NEXT_BIRTHDAY="Whose birthday comes next, in the viewer's time zone.",
    CREATED_AT="When they were added.",
)
strawberry.pydantic.input(rules.NewPerson, name="NewPersonInput", description="Somebody who is given presents.")
strawberry.pydantic.input(rules.CreatePerson, name="CreatePersonInput", description="A new person.")
strawberry.pydantic.input(rules.UpdatePerson, name="UpdatePersonInput", description="What is left out stays as it is.")


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
    lists: Lists = connection(lists.of_person, "The lists for them that the viewer sees.")
    history: Items = connection(
        items.received, "What they have received, as far as the viewer may know; the latest first."
    )
    version: int = column("Counts changes; send it back as expectedVersion.")
    created_at: datetime = column("When it was made.")
    updated_at: datetime = column("When it last changed.")


@strawberry.type
class PersonQueries:
    person: Person | None = entity(resolve.by_id, "One person.")
    persons: Connection[Person] = connection(resolve.listed, "The people of the viewer's families.")


@strawberry.type
class PersonMutations:
    create_person: Person = verb(
        resolve.create,
        f"Adds somebody who is given presents. Beyond {resolve.MOST:,} of a family CONFLICT, TOO_MANY_PERSONS.",
        limit=per_minute(300),
    )
    update_person: Person = verb(resolve.update, "Changes what is known of a person.", limit=per_minute(300))
    delete_person: Deleted = verb(
        resolve.delete,
        "Deletes a person, with all lists and gifts for them. Not for the user who is linked to them.",
        limit=per_minute(300),
    )
    link_person: Person = verb(
        resolve.link,
        "Says which user a person is; what is for them is then kept from that user. Members link themselves where"
        " nobody is linked, administrators anybody but themselves. Who is linked cannot undo it.",
        limit=per_minute(300),
    )
