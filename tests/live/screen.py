"""A client that keeps entities by their ids: it queries them once, and then applies what it is told."""

from dataclasses import dataclass, field
from typing import Any

from tests.people import Person
from tests.sockets import Events, Socket


@dataclass(frozen=True)
class Entity:
    """What one entity is called, and what is asked of it."""

    name: str
    fields: str

    @property
    def query(self) -> str:
        return f"{{ {self.name}s(first: 100) {{ nodes {{ {self.fields} }} pageInfo {{ hasNextPage }} }} }}"

    @property
    def stream(self) -> str:
        title = self.name.capitalize()
        return f"""subscription ($after: Cursor) {{ {self.name}Events(after: $after) {{ __typename
          ... on Ready {{ cursor }} ... on Resync {{ cursor }} ... on {title}Deleted {{ cursor deletedId }}
          ... on {title}Changed {{ cursor {self.name} {{ {self.fields} }} }} }} }}"""


@dataclass
class Client:
    """What somebody's screen has of one entity, by id, and how far it has followed."""

    person: Person
    entity: Entity
    kept: dict[str, Any] = field(default_factory=dict)
    cursor: str | None = None
    socket: Socket = field(init=False)
    events: Events = field(init=False)

    async def come(self) -> None:
        """Begins to follow, or goes on where it was."""
        self.socket = await self.person.socket().__aenter__()
        self.events = Events(self.socket, "1")
        await self.socket.start(self.entity.stream, after=self.cursor)
        ready = await self.events.next()
        assert ready["__typename"] == "Ready", ready
        self.cursor = ready["cursor"]

    async def go(self) -> None:
        await self.socket.__aexit__()

    async def fresh(self) -> dict[str, Any]:
        page = (await self.person.ask(self.entity.query)).data[f"{self.entity.name}s"]
        assert not page["pageInfo"]["hasNextPage"]
        return {node["id"]: plain(node) for node in page["nodes"]}

    async def look(self) -> None:
        """Queries anew. Events that were told before, and not yet heard, speak of what it has by then."""
        self.kept = await self.fresh()

    async def hear(self, last: str) -> None:
        """Applies what is told, up to the event that brings an entity of this title or name.

        What comes as null has gone since: which one that was tells its deletion, which follows.
        """
        while True:
            event = await self.events.next()
            self.cursor = event["cursor"]
            told = event.get(self.entity.name)
            if event["__typename"].endswith("Deleted"):
                self.kept.pop(event["deletedId"], None)
            elif told is not None:
                self.kept[told["id"]] = plain(told)
                if last in (told.get("title"), told.get("name")):
                    return


def plain(node: dict[str, Any]) -> dict[str, Any]:
    """Labels are compared as a set: they come by name, and how a label is called its own stream tells."""
    labels = {"labels": sorted(label["id"] for label in node["labels"])} if "labels" in node else {}
    return node | labels


def linked(kept: dict[str, Any]) -> dict[str, Any]:
    """With `next` and `previous` as a client can know them that links both ways what either side says of the other.

    Neither is told anew when the other side goes to the trash or comes back from it: see test_state.py.
    """
    pairs = {(id, node["next"]["id"]) for id, node in kept.items() if node.get("next")}
    pairs |= {(node["previous"]["id"], id) for id, node in kept.items() if node.get("previous")}
    there = {pair for pair in pairs if {*pair} <= kept.keys()}
    nexts, previous = dict(there), {after: before for before, after in there}
    return {id: node | {"next": nexts.get(id), "previous": previous.get(id)} for id, node in kept.items()}
