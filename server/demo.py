"""A believable beginning, for those who want to look around. Made once; what is there already stays."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import select

from db.accounts.users import Role, User
from db.tasks.tasks import Priority
from kit.ids import Id
from resolvers.accounts import users
from resolvers.accounts.rules import Register
from resolvers.context import Context, Viewer
from resolvers.tasks import completion, labels, tasks
from resolvers.tasks.rules import CreateLabel, CreateTask
from server import demo_family, demo_room

PASSWORD = "parlor-demo"  # noqa: S105 (of the examples, and printed at the start)
DORA, GUS, IDA = "demo@parlor.example", "gus@parlor.example", "ida@parlor.example"
PEOPLE = {
    DORA: ("Dora Demo", Role.USER),
    GUS: ("Gus Lindgren", Role.USER),
    IDA: ("Ida Lindgren", Role.USER),
    "stranger@parlor.example": ("Sam Stranger", Role.USER),
    "admin@parlor.example": ("Ada Admin", Role.SUPER_ADMIN),
}


async def fill(ctx: Context) -> None:
    async with ctx.services.db.transaction() as session:
        known = {user.email: user for user in await session.scalars(select(User).where(User.email.in_(PEOPLE)))}
    new = PEOPLE.keys() - known.keys()
    for email, (name, role) in PEOPLE.items():
        if email in new:
            known[email] = await users.create_first(ctx, Register(email=email, name=name, password=PASSWORD), role)
    asking = {email: replace(ctx, asks=_viewer(user, ctx.now())) for email, user in known.items()}
    if DORA in new:
        await _tasks(asking[DORA])
    if IDA in new:
        await demo_family.found(asking[DORA], asking[GUS], asking[IDA])
    if GUS in new:
        await demo_room.found(asking[GUS], asking[DORA], asking[IDA])


def _viewer(person: User, now: datetime) -> Viewer:
    return Viewer(person.id, person.role, Id(""), person.time_zone, now + timedelta(hours=1))


async def _tasks(ctx: Context) -> None:
    now = ctx.now()
    home, work = [
        (await labels.create(ctx, CreateLabel(name=name, color=color))).id
        for name, color in (("home", "#16a34a"), ("work", "#2563eb"))
    ]
    party = await tasks.create(
        ctx, CreateTask(title="Birthday party for Mira", due_at=now + timedelta(days=6), label_ids=[home])
    )
    for title in ("Invite the neighbours", "Order a cake"):
        await tasks.create(ctx, CreateTask(title=title, parent_id=party.id))
    await tasks.create(
        ctx,
        CreateTask(title="Water the plants", due_at=now, recurrence="FREQ=DAILY;INTERVAL=3", label_ids=[home]),
    )
    await tasks.create(
        ctx,
        CreateTask(
            title="Send the report",
            due_at=now - timedelta(days=1),
            priority=Priority.HIGH,
            reminders=[60],
            label_ids=[work],
        ),
    )
    done = await tasks.create(ctx, CreateTask(title="Install Parlor", description="It took one command."))
    await completion.complete(ctx, done.id)
