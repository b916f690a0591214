"""A family in which there is one of everything, with something in every relation and nearly every value."""

from typing import Any

from db.gifts.activity import Activity, ActivityKind
from db.gifts.gifts import Gift, GiftPrice
from db.gifts.items import ItemStatus
from kit.ids import Id
from tests.gifts.world import keep
from tests.people import Person

ABOUT = (
    '{name: "needle", birthday: "1980-05-01", sizes: ["42"], interests: ["music"], unwanted: ["socks"],'
    ' notes: "Tall", photoUrl: "https://shop.example/photo"}'
)
FAMILY = f"""mutation {{ createFamily(input: {{name: "needle", person: {ABOUT}}}) {{
  id members {{ nodes {{ id person {{ id }} }} }} }} }}"""
INVITE = "mutation ($family: ID!) { createFamilyInvite(input: {familyId: $family}) { id } }"
REVOKE = "mutation ($id: ID!) { revokeFamilyInvite(id: $id) { id } }"
OCCASION = """mutation ($family: ID!, $person: ID!) { createOccasion(input: {familyId: $family, name: "needle",
  type: OTHER, day: "2090-05-01", budgetMinor: 900, people: [{personId: $person, budgetMinor: 900}]}) { id } }"""
FOLLOWING = "mutation ($id: ID!) { openNextOccasion(id: $id) { id people { nodes { id } } } }"
NOTES = 'mutation ($id: ID!) { updateOccasion(id: $id, input: {notes: "Soon"}) { id } }'
LIST = """mutation ($family: ID!, $person: ID!, $occasion: ID!) { createGiftList(input: {familyId: $family,
  name: "needle", type: REGISTRY, personId: $person, occasionId: $occasion, revealAt: "2090-05-01T00:00:00Z"}) {
    id } }"""
ITEM = 'mutation ($list: ID!, $gift: ID!) { addListItem(listId: $list, input: {giftId: $gift, note: "Red"}) { id } }'
GIVEN = """mutation ($id: ID!, $user: ID!) {
  organizeGroupGift(id: $id, input: {targetMinor: 900}) { id }
  contribute(id: $id, amountMinor: 300) { id }
  claimListItem(id: $id) { id }
  assignListItem(id: $id, userId: $user) { id }
  purchased: transitionListItem(id: $id, status: PURCHASED, skip: true) { id }
  received: transitionListItem(id: $id, status: RECEIVED) { id }
  updateGiving(id: $id, input: {pricePaidMinor: 900, thanked: true}) {
    giving { id claims { nodes { id } } contributions { nodes { id } } } } }"""
COMMENT = 'mutation ($item: ID!) { addComment(input: {parentType: ITEM, parentId: $item, text: "Mine"}) { id } }'


async def whole(owner: Person) -> dict[str, str]:
    """The id of one of each type that belongs to a family, found there under the id of its parent or as "needle"."""
    family = await _done(owner, FAMILY)
    member = family["members"]["nodes"][0]
    person = member["person"]["id"]
    invite = await _done(owner, INVITE, family=family["id"])
    await _done(owner, REVOKE, id=invite["id"])
    before = await _done(owner, OCCASION, family=family["id"], person=person)
    occasion = await _done(owner, FOLLOWING, id=before["id"])
    await _done(owner, FOLLOWING, id=occasion["id"])
    await _done(owner, NOTES, id=occasion["id"])
    gift, price = await _gift(owner, Id(family["id"]))
    made = await _done(owner, LIST, family=family["id"], person=person, occasion=occasion["id"])
    await _done(owner, ITEM, list=made["id"], gift=gift)  # one stays an idea
    item = (await _done(owner, ITEM, list=made["id"], gift=gift))["id"]
    giving = (await _done(owner, GIVEN, id=item, user=owner.id))["giving"]
    about = {"person_id": person, "occasion_id": occasion["id"], "list_id": made["id"], "item_id": item}
    return {
        **dict.fromkeys(("Family", "Dashboard"), family["id"]),
        **dict.fromkeys(("Occasion", "OccasionSummary"), occasion["id"]),
        "FamilyMember": member["id"],
        "FamilyInvite": invite["id"],
        "Person": person,
        "OccasionPerson": occasion["people"]["nodes"][0]["id"],
        "GiftList": made["id"],
        "Gift": gift,
        "GiftPrice": price,
        "ListItem": item,
        "Giving": giving["id"],
        "Claim": giving["claims"]["nodes"][0]["id"],
        "Contribution": giving["contributions"]["nodes"][0]["id"],
        "Comment": (await _done(owner, COMMENT, item=item))["id"],
        "Activity": await _activity(owner, family_id=family["id"], **about),
    }


async def _done(owner: Person, mutation: str, **variables: Any) -> Any:
    """What its last verb answers."""
    return [*(await owner.ask(mutation, **variables)).data.values()][-1]


async def _gift(owner: Person, family: Id) -> tuple[str, str]:
    """Its page has been read already. The ids of it and of its price."""
    cost: dict[str, Any] = {"family_id": family, "price_minor": 900, "currency": "EUR"}
    page = {"url": "https://shop.example/needle", "image_url": "https://shop.example/image", "source": "Shop"}
    gift = Gift(id=Gift.fresh_id(), added_by_id=Id(owner.id), name="needle", description="Sharp", **page, **cost)
    gift.page_read_at = owner.people.services.clock()
    gift.page_warnings, gift.tags = ["NO_IMAGE"], ["sharp"]
    price = GiftPrice(id=GiftPrice.fresh_id(), gift_id=gift.id, **cost)
    await keep(owner.people, gift)
    await keep(owner.people, price)
    return gift.id, price.id


async def _activity(owner: Person, **about: str) -> str:
    """One that speaks of everything, which none does that a verb writes."""
    row = Activity(id=Activity.fresh_id(), kind=ActivityKind.STATUS_CHANGED, actor_id=Id(owner.id), **about)
    row.status = ItemStatus.RECEIVED
    await keep(owner.people, row)
    return row.id
