"""What the person a present is for may see of it, by the policies alone."""

from typing import Any

from db.gifts.activity import Activity, ActivityKind
from db.gifts.comments import Comment, CommentParent
from db.gifts.families import FamilyInvite
from db.gifts.items import Claim
from db.gifts.lists import GiftListVisibility
from resolvers.gifts import keeping
from tests.gifts.world import World
from tests.people import Person

LIST = """query ($id: ID!) { list(id: $id) { name owner { name } person { name user { name } } items {
  totalCount nodes { id status gift { name } addedBy { name } giving {
    status claimed claims { totalCount nodes { quantity user { name } } } } } } } }"""
EVERYTHING = """{ families { nodes { name members { nodes { role user { name } } } invites { totalCount } } }
  persons { totalCount } occasions { nodes { name people { nodes { person { name } } } } } lists { totalCount }
  gifts { nodes { name } totalCount } comments { nodes { text } totalCount } activity { nodes { kind } totalCount } }"""


async def items(person: Person, list: Any) -> Any:
    return (await person.ask(LIST, id=list.id)).data["list"]["items"]


async def promise(home: World) -> None:
    """Gus gives the skates, thinks of a helmet, and says so."""
    await home.another(home.gus)
    given = {"family_id": home.family.id, "giving_id": home.giving.id}
    secret = keeping.like(home.item)
    await home.keep(
        Claim(id=Claim.fresh_id(), user_id=home.gus.id, quantity=1, **given),
        Comment(
            id=Comment.fresh_id(),
            family_id=home.family.id,
            author_id=home.gus.id,
            parent_type=CommentParent.ITEM,
            parent_id=home.item.id,
            item_id=home.item.id,
            text="I have them",
            **secret,
        ),
        Activity(
            id=Activity.fresh_id(),
            family_id=home.family.id,
            actor_id=home.gus.id,
            kind=ActivityKind.CLAIMED,
            item_id=home.item.id,
            list_id=home.list.id,
            **secret,
        ),
    )


async def test_givers_see_what_the_person_does_not(home: World) -> None:
    before = (await home.ida.ask(LIST, id=home.list.id)).data, (await home.ida.ask(EVERYTHING)).data
    await promise(home)
    assert ((await home.ida.ask(LIST, id=home.list.id)).data, (await home.ida.ask(EVERYTHING)).data) == before
    (wish,) = (await items(home.ida, home.list))["nodes"]
    assert wish == {
        "id": home.item.id,
        "status": "IDEA",
        "gift": {"name": "Roller skates"},
        "addedBy": {"name": "Ida"},
        "giving": None,
    }
    seen = await items(home.gina, home.list)
    assert seen["totalCount"] == 2
    assert seen["nodes"][0]["giving"]["claims"] == {
        "totalCount": 1,
        "nodes": [{"quantity": 1, "user": {"name": "Gus"}}],
    }
    told = (await home.gina.ask(EVERYTHING)).data
    assert told["comments"]["nodes"] == [{"text": "I have them"}]
    assert told["activity"]["nodes"] == [{"kind": "CLAIMED"}]
    assert told["gifts"]["totalCount"] == 2


async def test_an_anonymous_claim_is_seen_by_its_owner_alone(home: World) -> None:
    claim = Claim(
        id=Claim.fresh_id(), family_id=home.family.id, giving_id=home.giving.id, user_id=home.gus.id, quantity=1
    )
    claim.anonymous = True
    await home.keep(claim)
    for person, count in ((home.gus, 1), (home.gina, 0)):
        assert (await items(person, home.list))["nodes"][0]["giving"]["claims"]["totalCount"] == count


async def test_lists_are_shown_as_their_owner_says(home: World) -> None:
    for visibility in GiftListVisibility:
        await home.another_list(home.gus, visibility.value, home.receiver, visibility=visibility)
    query = "{ lists { nodes { name } } }"
    seen = {
        name: [node["name"] for node in (await person.ask(query)).data["lists"]["nodes"]]
        for name, person in (("gus", home.gus), ("gina", home.gina), ("ida", home.ida))
    }
    assert seen == {
        "gus": ["FAMILY", "GIVERS", "Ida's wishes", "PRIVATE"],
        "gina": ["FAMILY", "GIVERS", "Ida's wishes"],
        "ida": ["FAMILY", "Ida's wishes"],
    }


async def test_strangers_see_nothing_and_invitations_are_for_administrators(home: World) -> None:
    invite = FamilyInvite(
        id=FamilyInvite.fresh_id(),
        family_id=home.family.id,
        code="a code",
        most_uses=1,
        expires_at=home.people.services.clock(),
    )
    await home.keep(invite)
    stranger = await home.people.one()
    nothing = (await stranger.ask(EVERYTHING)).data
    assert {name: value.get("totalCount", 0) for name, value in nothing.items()} == dict.fromkeys(nothing, 0)
    assert nothing["families"]["nodes"] == nothing["occasions"]["nodes"] == []
    assert (await stranger.ask(LIST, id=home.list.id)).code == "GIFT_LIST_NOT_FOUND"
    counts = [
        (await person.ask(EVERYTHING)).data["families"]["nodes"][0]["invites"]["totalCount"]
        for person in (home.dora, home.gus)
    ]
    assert counts == [1, 0]
