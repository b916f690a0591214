"""Who may follow which topic. A topic is a name and an id, `tasks:user_…`; live/topics.py says what goes where.

The name may have colons, the id has none.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

import orjson

from db.accounts.users import User
from db.base import Entity
from db.gifts.families import Family
from db.gifts.gifts import Gift
from db.gifts.items import ListItem
from db.gifts.lists import GiftList
from db.gifts.occasions import Occasion
from db.gifts.persons import Person
from db.reader import Reader
from db.seances.rooms import Seance
from db.selection import Column, Compiled
from kit.errors import Forbidden
from kit.ids import Id, prefix_of
from live.positions import Position
from live.topics import LOBBY, families_of, family, labels_of, seats_of, sessions_of, tasks_of, user
from resolvers.accounts.policy import knows_user
from resolvers.context import Context
from resolvers.policies import POLICIES, READER
from resolvers.seances.policy import hosts, sits_in

# By the topic's name: the entity that its id must be of, and which the viewer must see; None where it must be theirs.
GATES: dict[str, type[Entity] | None] = {
    "tasks": None,
    "labels": None,
    "sessions": None,
    "families": None,
    "givings": None,
    "user": User,
    "family": Family,
    "person": Person,
    "occasion": Occasion,
    "list": GiftList,
    "list-items:all": Family,
    "gift": Gift,
    "comments:occasion": Occasion,
    "comments:list": GiftList,
    "comments:item": ListItem,
    "comments:gift": Gift,
    "comments:person": Person,
    "lobby": None,
    "seats": None,
    "reports": None,
    "usage": None,
    "seance": Seance,
    "seance:hosting": Seance,
}

# Whoever has signed in may follow these.
OPEN = frozenset({LOBBY})

# To see somebody's name is not yet to hear what becomes of them, or to be with them where they are told; and to see a
# room is not yet to sit in it.
_HEARS = {
    "user": Reader({User: knows_user}),
    "seance": Reader({Seance: sits_in}),
    "seance:hosting": Reader({Seance: hosts}),
}


@dataclass(frozen=True, slots=True)
class Followed:
    """What a stream follows: topics of the log, signals, and of the events only those of certain entities, if any.

    Whoever follows it is present on the topic `present` meanwhile.
    """

    topics: tuple[str, ...]
    signals: tuple[str, ...] = ()
    types: frozenset[str] | None = None
    present: str | None = None

    @property
    def guarded(self) -> tuple[str, ...]:
        """The topics that must be open to whoever follows."""
        return self.topics if self.present is None else (*self.topics, self.present)

    def presence(self, viewer: Id) -> tuple[str, Id] | None:
        """Where the viewer is present, and as whom."""
        return None if self.present is None else (self.present, viewer)


def own(id: Id) -> tuple[str, ...]:
    """All topics that speak of what is somebody's own."""
    return user(id), sessions_of(id), tasks_of(id), labels_of(id), families_of(id), seats_of(id)


async def admit(ctx: Context, topics: Iterable[str]) -> None:
    """Raises Forbidden where the viewer may not follow one of them, whether it is there or not."""
    viewer, asked = ctx.viewer, defaultdict[str, list[str]](list)
    for topic in topics:
        name, _, id = topic.rpartition(":")
        gate = GATES.get(name)
        if topic in OPEN or (name in GATES and gate in (None, User) and id == viewer.id):
            continue
        if gate is None or prefix_of(id) != gate.prefix:
            raise _refused(topic)
        asked[name].append(id)
    for name, ids in asked.items():
        heard = await _heard(ctx, name, ids)
        for id in ids:
            if id not in heard:
                raise _refused(f"{name}:{id}")


def alone(topic: str) -> bool:
    """Whether each who follows it is told alone, so that of what happens there something can be hidden from some."""
    gate = GATES.get(topic.rpartition(":")[0])
    return gate is None or POLICIES[gate].circle is not None


async def joined(ctx: Context, topics: Iterable[str]) -> dict[str, Position]:
    """Where the log says that the viewer came, by the topics of families; nothing where none is followed, or where
    all before that is gone. From whom something is kept was decided among those who were members then.
    """
    gates = (GATES.get(topic.rpartition(":")[0]) for topic in topics)
    if not any(gate is not None and POLICIES[gate].circle is not None for gate in gates):
        return {}
    rows = await ctx.services.db.fetch(_CAME, ctx.viewer.id, [families_of(ctx.viewer.id)])
    return {family(row["family_id"]): Position(row["xid"], row["id"]) for row in rows}


_CAME = """
select family_id, xid::text::bigint as xid, event.id from event join family_member on family_member.id = entity_id
where user_id = $1 and topics && $2 and kind = 'ADDED' and entity = 'FamilyMember'
"""


def _refused(topic: str) -> Forbidden:
    return Forbidden(f"{topic[:100]} cannot be followed")


async def _heard(ctx: Context, name: str, ids: list[str]) -> set[str]:
    compiled, values = _statement(name), ctx.slots() | {"ids": ids}
    arguments = [values[name] if name in values else compiled.constants[name] for name in compiled.order]
    return {row["id"] for row in orjson.loads(await ctx.services.db.fetchval(compiled.sql, arguments))}


@cache
def _statement(name: str) -> Compiled:
    model = GATES[name]
    assert model is not None
    return _HEARS.get(name, READER).by_ids(model, (Column("id", "id"),))
