"""What the adversary once found a way to see."""

from tests.gifts import speaking
from tests.gifts.listing import add, create
from tests.gifts.scenario import staged
from tests.gifts.world import World
from tests.people import Answer, Person

PUT = "mutation ($o: ID!, $p: ID!) { addPersonToOccasion(occasionId: $o, personId: $p) { id } }"
TAKE = "mutation ($o: ID!, $p: ID!) { removePersonFromOccasion(occasionId: $o, personId: $p) { deletedId } }"
GUESTS = "query ($o: ID!) { occasion(id: $o) { people { nodes { person { id } } } } }"
GIFTS = """query ($f: ID!) { gifts(familyId: $f) { nodes { name } }
  similarGifts(familyId: $f, name: "Ring") { totalCount } activity { nodes { kind } } }"""


async def test_the_one_person_of_an_occasion_does_not_change_who_is_on_it(home: World) -> None:
    tom = (await staged(home)).ids["tom"]

    async def changed(by: Person, query: str, person: str) -> Answer:
        return await by.ask(query, o=home.occasion.id, p=person)

    assert (await changed(home.ida, PUT, tom)).code == "FORBIDDEN"
    assert (await changed(home.ida, TAKE, home.receiver.id)).code == "FORBIDDEN"
    on_it = (await home.ida.ask(GUESTS, o=home.occasion.id)).data["occasion"]["people"]["nodes"]
    assert on_it == [{"person": {"id": home.receiver.id}}]
    await speaking.said(home.gus, "OCCASION", home.occasion.id, "Skates")
    assert await speaking.texts(home.ida) == []
    assert (await changed(home.gus, PUT, tom)).data
    assert (await changed(home.ida, TAKE, tom)).data


async def test_what_is_made_on_a_private_list_is_not_in_the_catalogue(home: World) -> None:
    private = await create(home.gus, home, "Mine", visibility="PRIVATE")
    made = await add(home.gus, private["id"], "Ring")
    await speaking.said(home.gus, "GIFT", made["gift"]["id"], "Silver?")
    for person, seen in ((home.gus, True), (home.gina, False), (home.dora, False), (home.ida, False)):
        found = (await person.ask(GIFTS, f=home.family.id)).data
        assert ("Ring" in [gift["name"] for gift in found["gifts"]["nodes"]]) is seen
        assert found["similarGifts"]["totalCount"] == int(seen)
        assert {"COMMENTED", "ITEM_ADDED", "LIST_ADDED"}.isdisjoint(
            node["kind"] for node in found["activity"]["nodes"]
        ) or seen
    wider = "mutation ($id: ID!) { updateGiftList(id: $id, input: {visibility: FAMILY}) { id } }"
    assert (await home.gus.ask(wider, id=private["id"])).data
    found = (await home.gina.ask(GIFTS, f=home.family.id)).data
    assert "Ring" in [gift["name"] for gift in found["gifts"]["nodes"]]
