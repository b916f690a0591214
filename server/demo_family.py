"""The family of the examples: a birthday that is a surprise, Christmas, and what is asked for in the open."""

from dataclasses import dataclass
from datetime import date, timedelta

from db.gifts.comments import CommentParent
from db.gifts.items import ItemStatus, ListItem
from db.gifts.lists import GiftListType
from db.gifts.occasions import OccasionType
from kit.ids import Id
from resolvers.context import Context
from resolvers.gifts import (
    claims,
    comments,
    contributions,
    families,
    givings,
    invites,
    items,
    lists,
    occasions,
    persons,
    pipeline,
)
from resolvers.gifts.rules.comments import AddComment
from resolvers.gifts.rules.families import CreateFamily, CreateFamilyInvite
from resolvers.gifts.rules.gifts import NewGift
from resolvers.gifts.rules.givings import OrganizeGroupGift, UpdateGiving
from resolvers.gifts.rules.items import AddListItem
from resolvers.gifts.rules.lists import CreateGiftList
from resolvers.gifts.rules.occasions import CreateOccasion, NewOccasionPerson
from resolvers.gifts.rules.persons import CreatePerson, NewPerson

EUROS = 100  # minor units


@dataclass(frozen=True, slots=True)
class _Home:
    """The family, and each of those who sign in as they ask."""

    dora: Context
    gus: Context
    ida: Context
    family: Id
    greta: Id
    child: Id
    birthday: Id


async def found(dora: Context, gus: Context, ida: Context) -> None:
    """Made by what its members would do themselves. Ida's birthday is a month away."""
    home = await _home(dora, gus, ida)
    await _wishes(home)
    await _ideas(home)
    await _registry(home)


async def _home(dora: Context, gus: Context, ida: Context) -> _Home:
    oneself = NewPerson(name="Dora", birthday=date(1986, 3, 14), sizes=["shoes 39"], interests=["pottery", "tea"])
    family = (await families.create(dora, CreateFamily(name="The Lindgrens", person=oneself))).id
    code = (await invites.create(dora, CreateFamilyInvite(family_id=family, most_uses=2))).code
    for one in (gus, ida):
        await invites.join(one, code)
    child, uncle, greta = [await persons.create(dora, person) for person in _people(family, dora.now().date())]
    await persons.link(ida, child.id, Id(ida.viewer.id))
    await persons.link(gus, uncle.id, Id(gus.viewer.id))
    given = [
        NewOccasionPerson(person_id=child.id, budget_minor=100 * EUROS),
        NewOccasionPerson(person_id=uncle.id, budget_minor=50 * EUROS),
        NewOccasionPerson(person_id=greta.id),
    ]
    birthday = await _celebrate(dora, family, child.id, given)
    return _Home(dora, gus, ida, family, greta.id, child.id, birthday)


def _people(family: Id, today: date) -> list[CreatePerson]:
    soon = today + timedelta(days=30)
    born = date(soon.year - 9, soon.month, min(soon.day, 28))
    likes = ["stars", "roller skating", "dragons"]
    return [
        CreatePerson(family_id=family, name="Ida", birthday=born, sizes=["shoes 35", "140"], interests=likes),
        CreatePerson(family_id=family, name="Gus", birthday=date(1979, 11, 2)),
        CreatePerson(family_id=family, name="Granny Greta", interests=["crosswords"], unwanted=["candles"]),
    ]


async def _celebrate(dora: Context, family: Id, child: Id, given: list[NewOccasionPerson]) -> Id:
    """Christmas, and the child's birthday, whose id is answered."""
    christmas = CreateOccasion(
        family_id=family,
        name="Christmas",
        type=OccasionType.CHRISTMAS,
        day=_christmas(dora.now().date()),
        recurs_yearly=True,
        budget_minor=400 * EUROS,
        people=given,
    )
    birthday = CreateOccasion(
        family_id=family,
        name="Ida turns nine",
        type=OccasionType.BIRTHDAY,
        person_id=child,
        recurs_yearly=True,
        budget_minor=200 * EUROS,
    )
    await occasions.create(dora, christmas)
    return (await occasions.create(dora, birthday)).id


def _christmas(today: date) -> date:
    this = date(today.year, 12, 24)
    return this if this >= today else date(today.year + 1, 12, 24)


async def _wishes(home: _Home) -> None:
    """What Ida wishes for: she sees three ideas, whatever the others do."""
    wishes = await lists.create(
        home.ida,
        CreateGiftList(
            family_id=home.family,
            name="Ida's wishes",
            type=GiftListType.WISHLIST,
            person_id=home.child,
            occasion_id=home.birthday,
        ),
    )
    skates = await _put(home.ida, wishes.id, "Roller skates", 64, "In red, if there are any.")
    telescope = await _put(home.ida, wishes.id, "A telescope", 120)
    await _put(home.ida, wishes.id, "Books about dragons", 14, quantity=3)
    await claims.claim(home.gus, skates.id)
    await pipeline.transition(home.gus, skates.id, ItemStatus.SELECTED)
    await pipeline.transition(home.gus, skates.id, ItemStatus.PURCHASED)
    await givings.update(home.gus, skates.id, UpdateGiving(price_paid_minor=59 * EUROS))
    await contributions.organize(home.dora, telescope.id, OrganizeGroupGift(target_minor=120 * EUROS))
    await contributions.contribute(home.gus, telescope.id, 60 * EUROS)
    await _say(home.dora, telescope, "Half of it is there. Shall we ask Granny, too?")
    await _say(home.gus, telescope, "I will ring her on Sunday.")


async def _ideas(home: _Home) -> None:
    """What the others think of for her; Ida does not see that there is such a list."""
    ideas = await lists.create(
        home.dora,
        CreateGiftList(
            family_id=home.family,
            name="Ideas for Ida",
            type=GiftListType.IDEAS,
            person_id=home.child,
            occasion_id=home.birthday,
        ),
    )
    stars = await _put(home.dora, ideas.id, "A night at the observatory", 28)
    await pipeline.transition(home.dora, stars.id, ItemStatus.SELECTED)


async def _registry(home: _Home) -> None:
    """What is asked for in the open: all see who gives what."""
    flat = await lists.create(
        home.dora,
        CreateGiftList(
            family_id=home.family, name="Granny's new flat", type=GiftListType.REGISTRY, person_id=home.greta
        ),
    )
    kettle = await _put(home.dora, flat.id, "A quiet kettle", 45)
    await _put(home.dora, flat.id, "Wine glasses", 6, quantity=6)
    await pipeline.transition(home.dora, kettle.id, ItemStatus.PURCHASED, skip=True)
    await pipeline.transition(home.dora, kettle.id, ItemStatus.RECEIVED)


async def _put(
    ctx: Context, list_id: Id, name: str, euros: int, note: str | None = None, *, quantity: int = 1
) -> ListItem:
    gift = NewGift(name=name, price_minor=euros * EUROS, currency="EUR")
    return await items.add(ctx, list_id, AddListItem(gift=gift, note=note, quantity=quantity))


async def _say(ctx: Context, item: ListItem, text: str) -> None:
    await comments.add(ctx, AddComment(parent_type=CommentParent.ITEM, parent_id=item.id, text=text))
