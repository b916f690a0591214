"""What becomes of what a user shares with others when they go. Accounts know of no other domain: all meet here."""

from db.accounts.users import User
from resolvers.gifts import departures as gifts
from resolvers.work import Work


async def depart(work: Work, user: User) -> None:
    """While the user still stands, locked."""
    await gifts.depart(work, user)
