"""What is told of a room: to those who sit there, in types of its own, with who is typing among it."""

from sqlalchemy import text

from kit.clock import now
from kit.ids import Id
from resolvers.seances.stream import Typing, typing_in
from tests.seances.hearing import EVENTS, hearing
from tests.seances.world import World
from tests.waiting import until


async def test_only_those_who_sit_there_may_follow(world: World) -> None:
    async with world.sam.socket() as socket:
        await socket.start(EVENTS, "1", room=world.room.id)
        frame = await socket.frame()
        assert frame["type"] == "error"
        assert frame["payload"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_to_follow_is_to_be_present(world: World) -> None:
    there = text("select count(*) from presence where topic = :topic and user_id = :user")

    async def seen() -> bool:
        async with world.people.services.db.transaction() as session:
            return bool(await session.scalar(there, {"topic": world.topic, "user": world.gus.id}))

    async with hearing(world.gus, world.room.id):
        await until(seen)


async def test_typing_is_heard_by_others_and_not_by_oneself(world: World) -> None:
    services = world.people.services
    async with hearing(world.gus, world.room.id) as gus, hearing(world.ida, world.room.id) as ida:
        group = services.hub.groups
        await until(lambda: sum(len(one.members) for one in group.values() if world.topic in one.topics) == 2)
        said = Typing(user_id=Id(world.ida.id), typing=True, at=now())
        services.signals.send(typing_in(world.room.id), world.ida.id, said.model_dump_json())
        told = await gus.next()
        assert told["__typename"] == "UserTyping"
        assert told["typing"] is True
        assert told["user"] == {"name": "Ida"}
        said = Typing(user_id=Id(world.gus.id), typing=False, at=now())
        services.signals.send(typing_in(world.room.id), world.gus.id, said.model_dump_json())
        told = await ida.next()
        assert (told["typing"], told["user"], told["until"]) == (False, {"name": "Gus"}, told["at"])
