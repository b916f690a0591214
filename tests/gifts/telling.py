"""What each verb of a family's gifts tells, on which topics, and from whom that is hidden: what clients rely on.

In the order in which it is told: kind, entity and the names of topics, and after a bar those members who do not hear.
"""

from dataclasses import dataclass, field

COMMENT = 'addComment(input: {parentType: ITEM, parentId: "$item", text: "Mine"}) { id }'
IDEA = 'addListItem(listId: "$list", input: {gift: {name: "A drum"}}) { id }'
GIFT = 'createGift(input: {familyId: "$family", name: "A drum"}) { id }'
INVITE = 'createFamilyInvite(input: {familyId: "$family"}) { %s }'
PERSON = 'createPerson(input: {familyId: "$family", name: "Tom"}) { id }'
OCCASION = 'createOccasion(input: {familyId: "$family", name: "Fair", type: OTHER, day: "2030-03-10"}) { id }'
LIST = 'createGiftList(input: {familyId: "$family", name: "For Ida", type: IDEAS, personId: "$person"}) { id }'
CLAIM = 'claimListItem(id: "$item") { giving { claims { nodes { id } } } }'
ORGANIZE = 'organizeGroupGift(id: "$item", input: {targetMinor: 100}) { id }'
CONTRIBUTE = 'contribute(id: "$item", amountMinor: 50) { giving { contributions { nodes { id } } } }'
LEAVE = 'leaveFamily(id: "$family") { deletedId }'


@dataclass(frozen=True)
class Case:
    """`by` does it, after others have done what is `before`; `$made0` is the first value that the first answered."""

    by: str
    verb: str
    told: list[str]
    before: list[tuple[str, str]] = field(default_factory=list)

    @property
    def name(self) -> str:
        return self.verb.partition("(")[0]


CASES = [
    Case("gus", COMMENT, ["COMMENT_ADDED Comment: comments:item family | ida"]),
    Case(
        "gus",
        'addComment(input: {parentType: LIST, parentId: "$list", text: "Size?", open: true}) { id }',
        ["COMMENT_ADDED Comment: comments:list family"],
    ),
    Case(
        "gus",
        'updateComment(id: "$made0", input: {text: "Ours"}) { id }',
        ["UPDATED Comment: comments:item family | ida"],
        [("gus", COMMENT)],
    ),
    Case(
        "dora",
        'deleteComment(id: "$made0") { deletedId }',
        ["DELETED Comment: comments:item family | ida"],
        [("gus", COMMENT)],
    ),
    Case("gus", IDEA, ["ADDED Gift: family gift | ida", "ADDED ListItem: family list list-items:all person | ida"]),
    Case("ida", IDEA, ["ADDED Gift: family gift", "ADDED ListItem: family list list-items:all person"]),
    Case(
        "ida",
        'updateListItem(id: "$item", input: {quantity: 2}) { id }',
        ["UPDATED ListItem: family givings list list-items:all person"],
        [("gus", CLAIM)],
    ),
    Case(
        "gus",
        'updateListItem(id: "$made0", input: {quantity: 2}) { id }',
        ["UPDATED ListItem: family list list-items:all person | ida"],
        [("gus", IDEA)],
    ),
    Case(
        "ida",
        'removeListItem(id: "$item") { deletedId }',
        ["DELETED ListItem: family givings list list-items:all person"],
        [("gus", CLAIM)],
    ),
    Case(
        "gus",
        'removeListItem(id: "$made0") { deletedId }',
        ["DELETED ListItem: family list list-items:all person | ida"],
        [("gus", IDEA)],
    ),
    Case("gus", LIST, ["ADDED GiftList: family list person | ida"]),
    Case(
        "ida",
        'updateGiftList(id: "$list", input: {name: "Wishes"}) { id }',
        ["UPDATED GiftList: family list occasion person"],
    ),
    Case(
        "gus",
        'deleteGiftList(id: "$made0") { deletedId }',
        ["DELETED GiftList: family list person | ida"],
        [("gus", LIST)],
    ),
    Case("gus", GIFT, ["ADDED Gift: family gift"]),
    Case(
        "gus",
        'createGift(input: {familyId: "$family", name: "A kite", personId: "$person"}) { id }',
        ["ADDED Gift: family gift | ida"],
    ),
    Case(
        "gus", 'updateGift(id: "$made0", input: {name: "Drums"}) { id }', ["UPDATED Gift: family gift"], [("gus", GIFT)]
    ),
    Case(
        "gus",
        'deleteGift(id: "$made0") { deletedId }',
        ["DELETED Gift: family gift", "UPDATED Gift: family gift | dora gina ida"],
        [("gus", GIFT)],
    ),
    Case("ida", 'refreshGift(id: "$gift") { id }', ["UPDATED Gift: family gift"]),
    Case(
        "gus",
        'restoreGift(id: "$made0") { id }',
        ["ADDED Gift: family gift"],
        [("gus", GIFT), ("gus", 'deleteGift(id: "$made0") { deletedId }')],
    ),
    Case(
        "gus",
        'transitionListItem(id: "$item", status: SELECTED) { id }',
        ["STATUS_CHANGED ListItem: family list list-items:all person | ida"],
    ),
    Case(
        "gus",
        'transitionListItem(id: "$item", status: RECEIVED) { id }',
        ["STATUS_CHANGED ListItem: family list list-items:all person"],
        [("gus", 'transitionListItem(id: "$item", status: PURCHASED, skip: true) { id }')],
    ),
    Case(
        "gina",
        'assignListItem(id: "$item", userId: "$gus") { id }',
        ["ASSIGNED ListItem: family givings list list-items:all person | ida"],
    ),
    Case("gus", CLAIM, ["UPDATED ListItem: family givings list list-items:all person | ida"]),
    Case(
        "gus",
        'unclaimListItem(id: "$item") { id }',
        ["UPDATED ListItem: family givings list list-items:all person | ida"],
        [("gus", CLAIM)],
    ),
    Case(
        "dora",
        'releaseClaim(id: "$made0") { id }',
        ["UPDATED ListItem: family list list-items:all person | ida"],
        [("gina", CLAIM), ("gina", LEAVE)],
    ),
    Case("gus", ORGANIZE, ["UPDATED ListItem: family givings list list-items:all person | ida"]),
    Case(
        "gina",
        CONTRIBUTE,
        ["UPDATED ListItem: family givings givings list list-items:all person | ida"],
        [("gus", ORGANIZE)],
    ),
    Case(
        "gina",
        'withdrawContribution(id: "$item") { id }',
        ["UPDATED ListItem: family givings givings list list-items:all person | ida"],
        [("gus", ORGANIZE), ("gina", CONTRIBUTE)],
    ),
    Case(
        "dora",
        'releaseContribution(id: "$made1") { id }',
        ["UPDATED ListItem: family givings list list-items:all person | ida"],
        [("gus", ORGANIZE), ("gina", CONTRIBUTE), ("gina", LEAVE)],
    ),
    Case(
        "gus",
        'updateGiving(id: "$item", input: {pricePaidMinor: 100}) { id }',
        ["UPDATED ListItem: family list list-items:all person | ida"],
    ),
    Case("gus", OCCASION, ["ADDED Occasion: family occasion"]),
    Case("gus", 'updateOccasion(id: "$occasion", input: {name: "Nine"}) { id }', ["UPDATED Occasion: family occasion"]),
    Case(
        "gus",
        'deleteOccasion(id: "$occasion") { deletedId }',
        [
            "UPDATED GiftList: family list occasion person",
            "DELETED OccasionPerson: family occasion person",
            "DELETED Occasion: family occasion",
        ],
    ),
    Case(
        "gus",
        'openNextOccasion(id: "$occasion") { id }',
        [
            "ADDED Occasion: family occasion",
            "ADDED OccasionPerson: family occasion person",
            "UPDATED Occasion: family occasion",
        ],
    ),
    Case(
        "gus",
        'addPersonToOccasion(occasionId: "$made0", personId: "$person") { id }',
        ["ADDED OccasionPerson: family occasion person"],
        [("gus", OCCASION)],
    ),
    Case(
        "gus",
        'updateOccasionPerson(id: "$guest", input: {budgetMinor: 100}) { id }',
        ["UPDATED OccasionPerson: family occasion person"],
    ),
    Case(
        "gus",
        'removePersonFromOccasion(occasionId: "$occasion", personId: "$person") { deletedId }',
        ["DELETED OccasionPerson: family occasion person"],
    ),
    Case("gus", PERSON, ["ADDED Person: family person"]),
    Case(
        "gus",
        'updatePerson(id: "$made0", input: {name: "Thomas"}) { id }',
        ["UPDATED Person: family person"],
        [("gus", PERSON)],
    ),
    Case(
        "dora",
        'deletePerson(id: "$made0") { deletedId }',
        ["DELETED Person: family person"],
        [("gus", PERSON)],
    ),
    Case(
        "gus",
        'linkPerson(id: "$made0", userId: "$gus") { id }',
        ["UPDATED Person: families family person"],
        [("gus", PERSON)],
    ),
    Case(
        "dora",
        'createFamily(input: {name: "Others"}) { id }',
        ["ADDED Family: family", "ADDED FamilyMember: families family"],
    ),
    Case("dora", 'updateFamily(id: "$family", input: {name: "Others"}) { id }', ["UPDATED Family: family"]),
    Case("dora", INVITE % "id", ["ADDED FamilyInvite: family | gina gus ida"]),
    Case(
        "dora",
        'revokeFamilyInvite(id: "$made0") { id }',
        ["UPDATED FamilyInvite: family | gina gus ida"],
        [("dora", INVITE % "id")],
    ),
    Case(
        "sam",
        'joinFamily(code: "$made0") { id }',
        ["UPDATED FamilyInvite: family | gina gus ida sam", "ADDED FamilyMember: families family"],
        [("dora", INVITE % "code")],
    ),
    Case("dora", 'setFamilyMemberRole(id: "$member", role: ADMIN) { id }', ["UPDATED FamilyMember: families family"]),
    Case("dora", 'removeFamilyMember(id: "$member") { deletedId }', ["DELETED FamilyMember: families family"]),
    Case("gus", LEAVE, ["DELETED FamilyMember: families family"]),
    Case(
        "dora",
        'deleteFamily(id: "$family") { deletedId }',
        [
            "DELETED FamilyMember: families family",
            "DELETED FamilyMember: families family",
            "DELETED FamilyMember: families family",
            "DELETED FamilyMember: families family",
            "DELETED Family: families families families families family",
        ],
    ),
]
