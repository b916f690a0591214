"""Who is given presents on an occasion."""

from collections.abc import Sequence
from typing import Annotated

from sqlalchemy import Select, select

from db.gifts.occasions import Occasion, OccasionPerson
from db.gifts.persons import Person
from db.selection import Listing, Order
from kit.errors import Forbidden, Invalid, NotFound
from kit.ids import Id, prefix_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.named import is_viewer, named, of_family
from resolvers.gifts.rules.occasions import MOST_MINOR, NewOccasionPerson, UpdateOccasionPerson
from resolvers.work import Deleted, Work

MOST = 200  # people of an occasion, all of whom its next year has at once

OccasionId = Annotated[Id, Doc("The occasion's id.")]
PersonId = Annotated[Id, Doc("The person's id.")]


def by_id(id: Annotated[Id, Doc("The guest's id.")]) -> Select[OccasionPerson]:
    return select(OccasionPerson).where(OccasionPerson.id == id)


def listed() -> Listing:
    return Listing(select(OccasionPerson), (Order(OccasionPerson.created_at),))


async def add(
    ctx: Context,
    occasion_id: OccasionId,
    person_id: PersonId,
    budget_minor: Annotated[
        int | None, Doc("What may be spent on them, in minor units of the family's currency. Default: as it is.")
    ] = None,
) -> OccasionPerson:
    """Once, however often it is asked."""
    if budget_minor is not None and not 0 <= budget_minor <= MOST_MINOR:
        raise Invalid({"budgetMinor": [f"must be 0 to {MOST_MINOR}"]})
    async with ctx.work() as work:
        person = await named(work, Person, person_id)
        occasion = await work.lock(Occasion, occasion_id)
        of_family(person, occasion.family_id, "personId")
        guest = await _found(work, occasion_id, person_id)
        if guest is None:
            await _refuse_the_one(work, occasion)
            there = select(OccasionPerson.id).where(OccasionPerson.occasion_id == occasion_id)
            await refuse_beyond(work, MOST, there, f"An occasion has at most {MOST} people", "TOO_MANY_PEOPLE")
            return await put(work, occasion, person_id, budget_minor)
        return guest if budget_minor is None else work.change(guest, budget_minor=budget_minor)


async def remove(ctx: Context, occasion_id: OccasionId, person_id: PersonId) -> Deleted:
    """Lists for them stay as they are."""
    async with ctx.work() as work:
        occasion = await work.lock(Occasion, occasion_id)
        guest = await _found(work, occasion_id, person_id)
        if guest is None:
            raise NotFound("OccasionPerson", person_id)
        await _refuse_the_one(work, occasion)
        return await work.remove(guest)


async def update(
    ctx: Context,
    id: Annotated[Id, Doc("The guest's id.")],
    input: Annotated[UpdateOccasionPerson, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when it is no longer of this version.")] = None,
) -> OccasionPerson:
    async with ctx.work() as work:
        return work.change(await work.lock(OccasionPerson, id, version=expected_version), **input.given())


async def known(work: Work, family: Id, given: Sequence[NewOccasionPerson]) -> dict[Id, Person]:
    """The people by their ids, who stay until the work ends. Raises NotFound, and Invalid for another family's."""
    seen = [person.id for person in await work.visible(Person, [each.person_id for each in given])]
    rows = select(Person).where(Person.id.in_(seen)).order_by(Person.id).with_for_update(read=True, key_share=True)
    people = {person.id: person for person in await work.session.scalars(rows)}
    for each in given:
        if each.person_id not in people:
            raise NotFound("Person", each.person_id)
        of_family(people[each.person_id], family, "people")
    return people


async def put(work: Work, occasion: Occasion, person: Id, budget_minor: int | None) -> OccasionPerson:
    given = {"family_id": occasion.family_id, "occasion_id": occasion.id, "person_id": person}
    return await work.add(OccasionPerson(budget_minor=budget_minor, **given))


async def the_one(work: Work, occasion: Occasion) -> Id | None:
    """The one person who is given presents on it; None where there are more, or none."""
    guests = select(OccasionPerson.person_id).where(OccasionPerson.occasion_id == occasion.id).limit(2)
    people = [*(await work.session.scalars(guests))]
    return people[0] if len(people) == 1 else None


async def _refuse_the_one(work: Work, occasion: Occasion) -> None:
    """What is said of an occasion is kept from its one person, who could else have it told by adding somebody, or by
    taking themselves off.
    """
    if await is_viewer(work, await the_one(work, occasion)):
        raise Forbidden("Who is on it is not for its one person to change")


async def _found(work: Work, occasion: Id, person: Id) -> OccasionPerson | None:
    """Of an occasion that is locked. Guests are seen by whoever sees the occasion."""
    if prefix_of(person) is None:
        return None
    guests = select(OccasionPerson).where(OccasionPerson.occasion_id == occasion, OccasionPerson.person_id == person)
    found: OccasionPerson | None = await work.session.scalar(guests.with_for_update())
    return found
