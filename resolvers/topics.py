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
from db.selection import Column, Compiled
from kit.errors import Forbidden
from kit.ids import Id, prefix_of
from live.positions import Position
from live.topics import families_of, family, labels_of, sessions_of, tasks_of, user
from resolvers.accounts.policy import knows_user
from resolvers.context import Context
from resolvers.policies import POLICIES, READER

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
}

# To see somebody's name is not yet to hear what becomes of them, or to be with them where they are told.
_KNOWN = Reader({User: knows_user})


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
    return user(id), sessions_of(id), tasks_of(id), labels_of(id), families_of(id)


async def admit(ctx: Context, topics: Iterable[str]) -> None:
    """Raises Forbidden where the viewer may not follow one of them, whether it is there or not."""
    viewer, asked = ctx.viewer, defaultdict[type[Entity], dict[str, str]](dict)
    for topic in topics:
        name, _, id = topic.rpartition(":")
        gate = GATES.get(name)
        if name in GATES and gate in (None, User) and id == viewer.id:
            continue
        if gate is None or prefix_of(id) != gate.prefix:
            raise _refused(topic)
        asked[gate][id] = topic
    for model, topic_of in asked.items():
        seen = await _seen(ctx, model, [*topic_of])
        for id, topic in topic_of.items():
            if id not in seen:
                raise _refused(topic)


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


async def _seen(ctx: Context, model: type[Entity], ids: list[str]) -> set[str]:
    compiled, values = _statement(model), ctx.slots() | {"ids": ids}
    arguments = [values[name] if name in values else compiled.constants[name] for name in compiled.order]
    return {row["id"] for row in orjson.loads(await ctx.services.db.fetchval(compiled.sql, arguments))}


@cache
def _statement(model: type[Entity]) -> Compiled:
    return (_KNOWN if model is User else READER).by_ids(model, (Column("id", "id"),))
