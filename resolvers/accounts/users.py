from collections.abc import Callable
from typing import Annotated, Any

from sqlalchemy import ColumnElement, Select, bindparam, case, func, or_, select, text
from sqlalchemy import update as update_

from db.accounts.identities import Identity
from db.accounts.users import Role, User
from db.base import ID
from db.selection import Listing, Order
from db.slots import VIEWER_ID
from kit.errors import Conflict, Invalid
from kit.ids import Id
from resolvers import departures
from resolvers.accounts import sessions
from resolvers.accounts.foreign import SKEW
from resolvers.accounts.policy import knows_user
from resolvers.accounts.rules import ChangePassword, Register, UpdateUser, UserFilter
from resolvers.context import Context, Viewer
from resolvers.documented import Doc
from resolvers.shown import Shown
from resolvers.work import Deleted, Work

# The last one who may give roles must neither leave nor step down: nobody could follow.
_KEEPERS = text("select pg_advisory_xact_lock(7012027)")


def me() -> Select[User]:
    return select(User).where(User.id == VIEWER_ID)


def by_id(id: Annotated[Id, Doc("The user's id.")]) -> Select[User]:
    return select(User).where(User.id == id)


def listed(
    filter: Annotated[UserFilter | None, Doc("Which users.")] = None,
) -> Listing:
    rows = select(User)
    if filter is not None and filter.role is not None:
        rows = rows.where(User.role == filter.role)
    if filter is not None and filter.search is not None:
        part = func.lower(filter.search)
        rows = rows.where(or_(func.strpos(func.lower(User.name), part) > 0, func.strpos(User.email, part) > 0))
    return Listing(rows, (Order(User.created_at, descending=True),))


def private(column: str) -> Callable[[Any], ColumnElement[Any]]:
    """Of a user, for themselves and for administrators; null for others who may see them."""
    return lambda user: case((knows_user(user), getattr(user, column)))


async def register(ctx: Context, input: Annotated[Register, Doc("The new user.")]) -> Shown[User]:
    """Administrators may always; others where the settings open sign-up."""
    stranger = isinstance(ctx.asks, Exception) or ctx.asks.role.rank < Role.ADMIN.rank
    if not ctx.services.settings.open_sign_up:
        ctx.require(Role.ADMIN)
    if stranger:
        await ctx.services.throttle.attempt("register", ctx.address)
    hash = await ctx.services.passwords.hash(input.password)
    async with ctx.work() as work:
        user = await work.add(User(role=Role.USER, password_hash=hash, **input.model_dump(exclude={"password"})))
        work.audit("user.register", user.id, actor=user.id if stranger else None)
    return Shown(user, Viewer(user.id, user.role, Id(""), user.time_zone, ctx.now()) if stranger else ctx.viewer)


async def update(
    ctx: Context,
    id: Annotated[Id, Doc("The user's id.")],
    input: Annotated[UpdateUser, Doc("What to change.")],
    expected_version: Annotated[int | None, Doc("Refused with CONFLICT when the user is no longer of it.")] = None,
) -> User:
    if input.model_fields_set & {"email", "username"}:  # whose answer tells which names are taken
        await ctx.services.throttle.attempt(f"names:{ctx.viewer.id}", ctx.address)
    async with ctx.work() as work:
        user = await work.lock(User, id, version=expected_version)
        work.change(user, **input.given())
        work.audit("user.update", user.id, fields=sorted(input.model_fields_set))
    return user


async def delete(ctx: Context, id: Annotated[Id, Doc("Oneself, or a user of a lower role.")]) -> Deleted:
    async with ctx.work() as work:
        await work.alone("tasks", id)  # their own writes lock a task first and its owner after
        await work.alone("families", id)  # and so with a family
        await departures.hold(work, id)
        user = await work.lock(User, id)
        await _leave_a_keeper(work, user)
        await departures.depart(work, user)
        if user.id == ctx.viewer.id:  # who was sent away does not come back by another issuer's token
            left = {"tokens_from": ctx.now() + SKEW, "open": True}
            await work.session.execute(update_(Identity).where(Identity.user_id == id).values(left))
        deleted = await work.remove(user)
        work.audit("user.delete", user.id)
    return deleted


async def set_role(
    ctx: Context, id: Annotated[Id, Doc("The user's id.")], role: Annotated[Role, Doc("The new role.")]
) -> User:
    async with ctx.work() as work:
        user = await work.lock(User, id)
        if role is not Role.SUPER_ADMIN:
            await _leave_a_keeper(work, user)
        work.audit("user.set_role", user.id, before=user.role, after=role)
        work.change(user, role=role)
    return user


async def change_password(ctx: Context, input: Annotated[ChangePassword, Doc("The old and the new one.")]) -> User:
    """Ends every other session of this user."""
    viewer = ctx.viewer
    await ctx.services.throttle.attempt(f"password:{viewer.id}", ctx.address)
    async with ctx.services.db.looking() as session:
        known = await session.scalar(select(User.password_hash).where(User.id == viewer.id))
    if not await ctx.services.passwords.fits(input.current_password, known):
        async with ctx.work() as work:
            work.audit("user.change_password.failed", viewer.id)
        raise Invalid({"currentPassword": ["is not the password in force"]})
    hash = await ctx.services.passwords.hash(input.new_password)
    async with ctx.work() as work:
        user = await work.lock(User, viewer.id)
        if user.password_hash != known:
            raise Conflict("The password has changed meanwhile", reason="STALE_VERSION")
        user.password_hash = hash
        await sessions.revoke_all(work, viewer.id, but=viewer.session_id)
        work.audit("user.change_password", user.id)
    await ctx.services.throttle.succeeded(f"password:{viewer.id}", ctx.address)
    return user


async def _leave_a_keeper(work: Work, user: User) -> None:
    if user.role is not Role.SUPER_ADMIN:
        return
    await work.session.execute(_KEEPERS)
    others = await work.session.scalar(
        select(func.count()).where(User.role == Role.SUPER_ADMIN, User.id != bindparam("id", type_=ID)),
        {"id": user.id},
    )
    if not others:
        raise Conflict("The last super administrator must stay", reason="LAST_SUPER_ADMIN")


async def create_first(ctx: Context, input: Register, role: Role) -> User:
    """For the command line, which nobody has signed in to: whoever holds the database may."""
    hash = await ctx.services.passwords.hash(input.password)
    async with ctx.work() as work:
        user = await work.add(User(role=role, password_hash=hash, **input.model_dump(exclude={"password"})))
        work.audit("user.create", user.id, role=role)
    return user
