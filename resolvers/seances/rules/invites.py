from datetime import datetime, timedelta
from typing import Annotated

from pydantic import Field

from kit.errors import Invalid
from kit.ids import Id
from resolvers import invitations
from resolvers.invitations import Days, Uses
from resolvers.rules import Input, optional

LONGEST_MINUTES = 1_440  # a day; more is said in days

Minutes = Annotated[int, Field(ge=1, le=LONGEST_MINUTES)]


class CreateSeanceInvite(Input):
    """A code with which others may take a seat."""

    seance_id: Id = Field(description="In which room.")
    days: Days | None = optional("How long it may be used, 1 to 90 days. Default: 7.")
    minutes: Minutes | None = optional("Instead of days: how long, 1 to 1,440 minutes.")
    expires_at: datetime | None = optional("Instead of both: until when, within 90 days.")
    most_uses: Uses = Field(1, description="How many may come in with it, 1 to 100.")

    def until(self, now: datetime) -> datetime:
        """Raises Invalid."""
        if self.minutes is None:
            return invitations.until(now, days=self.days, expires_at=self.expires_at)
        if self.days is not None or self.expires_at is not None:
            raise Invalid({"minutes": ["cannot be given together with days or expiresAt"]})
        return now + timedelta(minutes=self.minutes)
