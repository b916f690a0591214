"""What becomes of what a user shares with others when they go. Accounts know of no other domain: all meet here."""

from db.accounts.users import User
from kit.ids import Id
from resolvers.gifts import departures as gifts
from resolvers.seances import departures as seances
from resolvers.work import Work


async def hold(work: Work, user: Id) -> None:
    """Before the user is locked: what others lock first, too."""
    await seances.hold(work, user)


async def depart(work: Work, user: User) -> None:
    """While the user still stands, locked."""
    await gifts.depart(work, user)
    await seances.depart(work, user)
