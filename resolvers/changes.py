"""One stream for whatever the viewer may follow."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from kit.ids import Id
from live.topics import person
from resolvers.context import Context
from resolvers.documented import Doc
from resolvers.topics import Followed, own

MOST_TOPICS = 100  # of one stream


class EntityType(StrEnum):
    """By the name that the log knows it by."""

    COMMENT = "Comment"
    FAMILY = "Family"
    FAMILY_INVITE = "FamilyInvite"
    FAMILY_MEMBER = "FamilyMember"
    GIFT = "Gift"
    GIFT_LIST = "GiftList"
    GIFT_PRICE = "GiftPrice"
    LABEL = "Label"
    LIST_ITEM = "ListItem"
    OCCASION = "Occasion"
    OCCASION_PERSON = "OccasionPerson"
    PERSON = "Person"
    SEANCE = "Seance"
    SEANCE_INVITE = "SeanceInvite"
    SEANCE_MESSAGE = "SeanceMessage"
    SEANCE_PARTICIPANT = "SeanceParticipant"
    SEANCE_REPORT = "SeanceReport"
    SEANCE_TURN = "SeanceTurn"
    SESSION = "Session"
    TASK = "Task"
    TOKEN_USAGE = "TokenUsage"  # noqa: S105 - no secret
    USER = "User"


def followed(
    ctx: Context,
    topics: Annotated[
        list[str] | None,
        Field(max_length=MOST_TOPICS),
        Doc("Such as tasks:user_…; each must be one that may be followed. Default: all that is one's own."),
    ] = None,
    types: Annotated[list[EntityType] | None, Doc("Only changes of these.")] = None,
) -> Followed:
    wanted = own(ctx.viewer.id) if topics is None else tuple(dict.fromkeys(topics))
    return Followed(wanted, types=None if types is None else frozenset(types))


def around_person(ctx: Context, person_id: Annotated[Id, Doc("The person's id.")]) -> Followed:
    return Followed((person(person_id),))
