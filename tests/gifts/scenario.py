"""All that givers can do about what is for Ida, by the real verbs, without revealing any of it."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from db.gifts.families import FamilyMember, FamilyRole
from db.gifts.persons import Person as Receiver
from kit.ids import Id
from tests.gifts.world import World
from tests.people import Person

SKATE = "https://shop.example/skates"
NAMES, NAMED = re.compile(r"\$([a-z_]+);"), r"$\1"  # of ids, in calls


def mutation(call: str, ids: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The document and its variables. It is the same for all families: each new one is parsed, checked and planned."""
    used = sorted({*NAMES.findall(call)})
    declared = f"({', '.join(f'${name}: ID!' for name in used)})" if used else ""
    return f"mutation {declared} {{ {NAMES.sub(NAMED, call)} }}", {name: ids[name] for name in used}


async def does(by: Person, call: str, ids: dict[str, str]) -> str:
    """The id of what a verb answers; `$name;` in the call is one of the ids."""
    query, given = mutation(f"done: {call}", ids)
    answer = (await by.ask(query, **given)).data["done"]
    return str(answer.get("id") or answer["deletedId"])


@dataclass(frozen=True)
class Stage:
    """`home`, with two more wishes of Ida's, Tom, who is a person but no user, a list of Ida's for nobody, and a claim
    of Max, who has left.
    """

    home: World
    ids: dict[str, str]

    async def __call__(self, who: str, call: str) -> str:
        by: Person = getattr(self.home, who)
        return await does(by, call, self.ids)


async def staged(home: World) -> Stage:
    max = await home.people.one(name="Max")
    tom = Receiver(id=Receiver.fresh_id(), family_id=home.family.id, name="Tom")
    joined = FamilyMember(
        id=FamilyMember.fresh_id(), family_id=home.family.id, user_id=Id(max.id), role=FamilyRole.MEMBER
    )
    await home.keep(tom, joined)
    ids = {
        "family": home.family.id,
        "person": home.receiver.id,
        "occasion": home.occasion.id,
        "list": home.list.id,
        "wish": home.item.id,
        "skates": home.gift.id,
        "gina": home.gina.id,
        "tom": tom.id,
    }
    stage = Stage(home, ids)
    ids["known"] = await stage(
        "dora", f'createGift(input: {{familyId: $family;, name: "Kite", url: "{SKATE}"}}) {{ id }}'
    )
    ids["second"] = await stage("ida", "addListItem(listId: $list;, input: {giftId: $known;, quantity: 3}) { id }")
    ids["third"] = await stage("ida", 'addListItem(listId: $list;, input: {gift: {name: "Drum"}}) { id }')
    ids["open"] = await stage("ida", 'createGiftList(input: {familyId: $family;, name: "Xmas", type: IDEAS}) { id }')
    given = await does(max, "claimListItem(id: $second;) { giving { claims { nodes { id } } } id }", ids)
    assert given == ids["second"]
    await does(max, "leaveFamily(id: $family;) { deletedId }", ids)
    (row,) = await home.people.services.db.fetch("select id from claim where family_id = $1", home.family.id)
    ids["left"] = row["id"]
    return stage


ADDED: list[tuple[str, str, str]] = [  # who, what it is called below, the call
    ("gus", "hidden", 'addListItem(listId: $list;, input: {gift: {name: "Helmet", url: "https://shop.example/skates", '
     'priceMinor: 1999, currency: "EUR", tags: ["sport"]}}) { id }'),
    ("gus", "more", "addListItem(listId: $list;, input: {giftId: $known;, quantity: 2, note: \"blue\"}) { id }"),
    ("gina", "gone", 'addListItem(listId: $list;, input: {gift: {name: "Gone"}}) { id }'),
    ("gus", "idea", 'createGift(input: {familyId: $family;, personId: $person;, name: "Another", tags: ["sport"], '
     'priceMinor: 3, currency: "EUR"}) { id }'),
    ("gus", "ideas", 'createGiftList(input: {familyId: $family;, personId: $person;, occasionId: $occasion;, '
     'name: "Ideas", type: IDEAS}) { id }'),
    ("gina", "of_ideas", "addListItem(listId: $ideas;, input: {giftId: $idea;}) { id }"),
    ("gus", "private", 'createGiftList(input: {familyId: $family;, personId: $person;, name: "Mine", type: IDEAS, '
     "visibility: PRIVATE}) { id }"),
    ("gus", "of_private", 'addListItem(listId: $private;, input: {gift: {name: "Ring"}}) { id }'),
    ("gus", "nobodys", 'createGiftList(input: {familyId: $family;, name: "Shop", type: SHOPPING, '
     "visibility: PRIVATE}) { id }"),
    ("gus", "of_nobodys", 'addListItem(listId: $nobodys;, input: {gift: {name: "Book"}}) { id }'),
    ("gina", "on_hers", 'addListItem(listId: $open;, input: {personId: $person;, gift: {name: "Scarf"}}) { id }'),
    ("dora", "ended", 'createGiftList(input: {familyId: $family;, personId: $person;, name: "E", type: IDEAS}) { id }'),
    *(
        (
            "gus",
            f"said_{type.lower()}",
            f'addComment(input: {{parentType: {type}, parentId: ${of};, text: "I have them"}}) {{ id }}',
        )
        for type, of in (("ITEM", "wish"), ("LIST", "list"), ("PERSON", "person"), ("OCCASION", "occasion"))
    ),
    ("gus", "said_gift", 'addComment(input: {parentType: GIFT, parentId: $skates;, text: "helmet too"}) { id }'),
    ("gus", "said_secret", 'addComment(input: {parentType: GIFT, parentId: $idea;, text: "helmet"}) { id }'),
    ("gus", "said_unsaid", 'addComment(input: {parentType: ITEM, parentId: $wish;, text: "no"}) { id }'),
]  # fmt: skip
ACTS: list[tuple[str, str]] = [
    ("gus", "transitionListItem(id: $wish;, status: SELECTED) { id }"),
    ("gus", "transitionListItem(id: $wish;, status: PURCHASED) { id }"),
    ("gus", "transitionListItem(id: $third;, status: SELECTED) { id }"),
    ("dora", "transitionListItem(id: $third;, status: IDEA) { id }"),
    ("gina", "transitionListItem(id: $hidden;, status: PURCHASED, skip: true) { id }"),
    ("gus", "transitionListItem(id: $on_hers;, status: SELECTED) { id }"),
    ("gus", "assignListItem(id: $wish;, userId: $gina;) { id }"),
    ("gus", "assignListItem(id: $third;, userId: $gina;) { id }"),
    ("gus", "assignListItem(id: $third;) { id }"),
    ("gus", "claimListItem(id: $wish;) { id }"),
    ("gina", "claimListItem(id: $second;, quantity: 2, anonymous: true) { id }"),
    ("gina", "unclaimListItem(id: $second;, quantity: 1) { id }"),
    ("gus", "claimListItem(id: $third;) { id }"),
    ("gus", "unclaimListItem(id: $third;) { id }"),
    ("gus", "claimListItem(id: $hidden;) { id }"),
    ("dora", "releaseClaim(id: $left;) { id }"),
    ("gus", 'organizeGroupGift(id: $second;, input: {targetMinor: 5000, currency: "USD"}) { id }'),
    ("gus", "contribute(id: $second;, amountMinor: 1000) { id }"),
    ("gina", "contribute(id: $second;, amountMinor: 2000, anonymous: true) { id }"),
    ("dora", "contribute(id: $second;, amountMinor: 1) { id }"),
    ("dora", "withdrawContribution(id: $second;) { id }"),
    ("gus", 'updateGiving(id: $wish;, input: {pricePaidMinor: 4999, currency: "EUR", thanked: true}) { id }'),
    ("gus", 'updateListItem(id: $more;, input: {note: "red"}) { id }'),
    ("gus", 'updateGift(id: $idea;, input: {priceMinor: 5, name: "Roller skates"}) { id }'),
    ("gus", 'updateGiftList(id: $ideas;, input: {name: "More ideas", giversSeeEachOther: false}) { id }'),
    ("gus", 'updateComment(id: $said_item;, input: {text: "We have them"}) { id }'),
    ("gus", "deleteComment(id: $said_unsaid;) { deletedId }"),
    ("gina", "removeListItem(id: $gone;) { deletedId }"),
    ("dora", "deleteGiftList(id: $ended;) { deletedId }"),
]


async def everything_givers_do(stage: Stage) -> None:
    for who, name, call in ADDED:
        stage.ids[name] = await stage(who, call)
    for who, call in ACTS:
        await stage(who, call)
