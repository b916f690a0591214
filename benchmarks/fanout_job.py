"""What the load of the fan-out is told to do, its writes, and what a delivery of one must say."""

import json
import resource
from dataclasses import dataclass
from typing import Any

BACKLOG = 32  # writes of which not all who follow have heard; then the writers wait


@dataclass(frozen=True, slots=True)
class Topic:
    """Who follows it says `init` and `variables`; who writes to it sends `headers`, and renames one of `tasks`."""

    init: dict[str, Any]
    variables: dict[str, Any]
    headers: dict[str, str]
    tasks: list[str]


@dataclass(frozen=True, slots=True)
class Job:
    """Times in seconds. `rate` is in writes a second; a server that is saturated by less gets half of what it can.

    With `churn` nothing but memory is measured.
    """

    port: int
    pid: int
    postmaster: int
    query: str
    rename: str
    topics: list[Topic]
    sockets: int  # for each topic
    warm: float = 1.0
    measured: float = 0.0
    rate: float = 0.0
    paced: float = 0.0
    churn: int = 0

    @classmethod
    def of(cls, told: dict[str, Any]) -> "Job":
        return cls(**{**told, "topics": [Topic(**one) for one in told["topics"]]})

    def requests(self) -> list[list[bytes]]:
        """By topic and task, with a place for the number of the write."""
        return [[self._request(topic, task) for task in topic.tasks] for topic in self.topics]

    def _request(self, topic: Topic, task: str) -> bytes:
        asked = {"query": self.rename, "variables": {"id": task, "input": {"title": "Renamed {n}"}}}
        body = json.dumps(asked).replace("%", "%%").replace("{n}", "%08d")
        own = {"Host": "127.0.0.1", "Content-Type": "application/json", "Content-Length": str(len(body % 0))}
        head = "".join(f"{name}: {value}\r\n" for name, value in (own | topic.headers).items())
        return f"POST /graphql HTTP/1.1\r\n{head}\r\n{body}".encode()

    def turn(self, number: int, topic: int) -> int:
        """Which of the topic's tasks a write renames: each in turn."""
        return number // len(self.topics) % len(self.topics[topic].tasks)

    def right(self, number: int, topic: int, text: bytes) -> bool:
        """Whether a message tells of the write of this number, and all of it."""
        match json.loads(text):
            case {"type": "next", "id": "1", "payload": {"data": {"taskEvents": event}, **rest}} if not rest:
                id = self.topics[topic].tasks[self.turn(number, topic)]
                task = {"id": id, "title": f"Renamed {number:08d}", "completed": False}
                event.pop("cursor", None)  # Parlor's alone
                return bool(event == {"__typename": "TaskChanged", "kind": "UPDATED", "task": task})
        return False


def more_files() -> int:
    """As many open sockets as this system allows; how many that are."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most
