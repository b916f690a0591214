from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.ids import Id
from resolvers.documented import Doc


def by_id(id: Annotated[Id, Doc("The person's id.")]) -> Select[Person]:
    return select(Person).where(Person.id == id)


def listed() -> Listing:
    return Listing(select(Person), (Order(Person.name),))
