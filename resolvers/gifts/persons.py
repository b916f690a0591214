from collections.abc import Callable
from typing import Annotated

from sqlalchemy import Select, select

from db.accounts.users import User
from db.gifts.activity import ActivityKind
from db.gifts.families import FamilyMember, FamilyRole
from db.gifts.persons import Person
from db.selection import Listing, Order, Reached
from kit.errors import Forbidden, NotFound
from kit.ids import Id, prefix_of
from live.topics import families_of
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.gifts import activity, ends, membership, years
from resolvers.gifts.most import refuse_beyond
from resolvers.gifts.rules.persons import CreatePerson, PersonOrder, UpdatePerson
from resolvers.matching import matches
from resolvers.rules import SearchWords
from resolvers.work import Deleted, Work

MOST = 1_000  # people of a family, each of whom a dashboard counts

PersonId = Annotated[Id, Doc("The person's id.")]
Search = Annotated[SearchWords | None, Doc("Words that begin words of name or notes, in any order.")]
OrderBy = Annotated[PersonOrder, Doc("What comes first; what a person has none of comes last.")]


def by_id(id: PersonId) -> Select[Person]:
    return select(Person).where(Person.id == id)


def listed(
    family_id: Annotated[Id | None, Doc("Only those of this family.")] = None,
    search: Search = None,
    order_by: OrderBy = PersonOrder.NAME,
) -> Listing:
    found = of_family(search, order_by)
    return found if family_id is None else found.where(Person.family_id == family_id)


def of_family(search: Search = None, order_by: OrderBy = PersonOrder.NAME) -> Listing:
    rows = select(Person)
    if search is not None:
        rows = rows.where(matches(Person, search))
    return Listing(rows, (ORDERS[order_by](),))


ORDERS: dict[PersonOrder, Callable[[], Order]] = {
    PersonOrder.NAME: lambda: Order(Person.name),
    PersonOrder.NEXT_BIRTHDAY: lambda: Order(Reached(years.next_birthday(Person), "next_birthday")),
    PersonOrder.CREATED_AT: lambda: Order(Person.created_at),
}


async def create(ctx: Context, input: Annotated[CreatePerson, Doc("The new person.")]) -> Person:
    async with ctx.work() as work:
        await work.alone("persons", input.family_id)
        await membership.own(work, input.family_id)
        there = select(Person.id).where(Person.family_id == input.family_id)
        await refuse_beyond(work, MOST, there, f"A family has at most {MOST:,} people", "TOO_MANY_PERSONS")
        person = await work.add(Person(**input.model_dump()))
        await activity.record(work, ActivityKind.PERSON_ADDED, person)
        return person


async def update(
    ctx: Context,
    id: PersonId,
    input: Annotated[UpdatePerson, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the person is no longer of it.")] = None,
) -> Person:
    async with ctx.work() as work:
        return work.change(await work.lock(Person, id, version=expected_version), **input.given())


async def delete(ctx: Context, id: PersonId) -> Deleted:
    """With their lists, and all that is for them. Not oneself: nothing could be kept from one any more."""
    async with ctx.work() as work:
        await ends.hold(work, id)
        person = await work.lock(Person, id)
        if person.user_id == ctx.viewer.id:
            raise Forbidden("Nobody may delete the person that they are")
        work.audit("person.delete", id, family=person.family_id)
        await ends.all_that_is_for(work, person)
        return await work.remove(person)


async def link(
    ctx: Context,
    id: PersonId,
    user_id: Annotated[Id | None, Doc("The user they are, a member of the family; null: none that is known.")] = None,
) -> Person:
    """Members say it of themselves where nobody is linked, administrators of everybody but themselves.

    Who is linked cannot undo it, nor leave it to another: what is kept from them would be shown. It outlasts a
    membership.
    """
    async with ctx.work() as work:
        person = await work.lock(Person, id)
        before = person.user_id
        if user_id == before:
            return person
        await _refuse_link(work, person, user_id)
        members = await _members(work, person.family_id, [before, user_id])
        if user_id is not None and user_id not in members:
            raise NotFound("User", user_id)
        work.audit("person.link", id, before=before, after=user_id)
        return work.change(person, also=[families_of(user) for user in members], user_id=user_id)


async def _refuse_link(work: Work, person: Person, user: Id | None) -> None:
    viewer = work.ctx.viewer.id
    if person.user_id == viewer:
        raise Forbidden("Nobody may undo whom they are linked to")
    if user != viewer:
        await membership.own(work, person.family_id, FamilyRole.ADMIN)
    elif person.user_id is not None:
        raise Forbidden("Somebody else is linked already")


async def _members(work: Work, family: Id, users: list[Id | None]) -> list[Id]:
    """Those among the users who are members, which they stay until the work ends."""
    ids = [user for user in users if user is not None and prefix_of(user) == User.prefix]
    rows = select(FamilyMember.user_id).where(FamilyMember.family_id == family, FamilyMember.user_id.in_(ids))
    return [*(await work.session.scalars(rows.order_by(FamilyMember.id).with_for_update(read=True)))]
