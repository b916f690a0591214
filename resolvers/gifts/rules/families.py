from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field, StringConstraints

from db.gifts.families import FamilyRole
from kit.ids import Id
from resolvers.gifts.rules.persons import NewPerson
from resolvers.invitations import Days, Uses
from resolvers.rules import Clean, Input, NotNull, optional, stripped

FamilyName = Annotated[str, stripped(100), Clean]
Currency = Annotated[str, AfterValidator(lambda code: code.strip().upper()), StringConstraints(pattern="^[A-Z]{3}$")]


def _not_to_own(role: FamilyRole) -> FamilyRole:
    if role is FamilyRole.OWNER:
        raise ValueError("nobody is invited to own a family")
    return role


class CreateFamily(Input):
    """A new family, which its maker owns."""

    name: FamilyName = Field(description="1 to 100 characters.")
    currency: Currency = Field("EUR", description="ISO 4217, of its budgets.")
    givers_see_each_other: bool = Field(
        default=True, description="Whether new lists show who gives what to the other givers."
    )
    person: NewPerson | None = optional("Oneself, as somebody who is given presents.")


class UpdateFamily(Input):
    """What is left out stays as it is."""

    name: Annotated[FamilyName | None, NotNull] = optional("1 to 100 characters.")
    currency: Annotated[Currency | None, NotNull] = optional("ISO 4217, of its budgets.")
    givers_see_each_other: Annotated[bool | None, NotNull] = optional(
        "Whether new lists show who gives what to the other givers."
    )


class CreateFamilyInvite(Input):
    """A code with which others may join a family."""

    family_id: Id = Field(description="Into which family.")
    role: Annotated[FamilyRole, AfterValidator(_not_to_own)] = Field(
        FamilyRole.MEMBER, description="What they may then do: MEMBER, or ADMIN, which only an owner may give."
    )
    days: Days | None = optional("How long it may be used, 1 to 90 days. Default: 7.")
    expires_at: datetime | None = optional("Instead of days: until when, within 90 days.")
    most_uses: Uses = Field(1, description="How many may join with it, 1 to 100.")
