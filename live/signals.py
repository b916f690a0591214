"""The second lane: what matters now or never (typing, who is looking, letters of an answer being spelled).

A signal is not logged. It travels through the broker, to this process too, at most once; while one waits to go out, a
later one of the same topic and key takes its place. Nothing may rest on one arriving, and no ring waits behind them.
"""

import asyncio
from collections.abc import Callable, Collection
from contextlib import ExitStack
from dataclasses import dataclass

import orjson
import structlog
from pydantic import TypeAdapter

from live.broker import Publish

CHANNEL = "parlor_signals"
MESSAGE_BYTES = 7_999  # the most that NOTIFY takes
RECALLED = 5_000  # signals; 400 bytes each, as who is typing
WAITING = 1_000  # signals, 8 MB at most; they go out several to a message, a thousand messages a second

log = structlog.get_logger()
_MESSAGE = TypeAdapter(list[tuple[str, str, str]])


@dataclass(frozen=True, slots=True)
class Signal:
    topic: str
    key: str
    payload: str


Hear = Callable[[Signal], None]


class Signals:
    """A line of the broker. `sent` counts the signals handed to it, `dropped` those given up before; one that was
    replaced is neither. `heard` counts what came in from all processes, whether or not anybody follows its topic.

    Of topics that begin with a word of `recalled`, and a colon, it is known what was said last, see `latest`.
    """

    channel = CHANNEL

    def __init__(self, recalled: Collection[str] = ()) -> None:
        self._recalled = frozenset(recalled)
        self._latest: dict[tuple[str, str], str] = {}
        self._waiting: dict[tuple[str, str], bytes] = {}
        self._news = asyncio.Event()
        self.connected = False
        self._following: dict[str, dict[object, Hear]] = {}
        self.sent = 0
        self.heard = 0
        self.dropped = 0

    def send(self, topic: str, key: str, payload: bytes | str) -> None:
        """Never waits. It is dropped where there is no broker; where too many wait, the one that has waited longest is.

        The payload is text (bytes: UTF-8). Raises ValueError for what is none, and where all three are over 7,997 bytes
        as a list in JSON, in which quotes count twice.
        """
        payload = payload.decode() if isinstance(payload, bytes) else payload
        signal = _written(topic, key, payload)
        if not self.connected:
            self.dropped += 1
            return
        if len(self._waiting) == WAITING and (topic, key) not in self._waiting:
            del self._waiting[next(iter(self._waiting))]
            self.dropped += 1
        self._waiting[topic, key] = signal
        self._news.set()
        self._recall(topic, key, payload)

    def latest(self, topic: str, key: str) -> str | None:
        """The payload of what was last sent from here, or heard from anywhere; None where too much was said since."""
        return self._latest.get((topic, key))

    def _recall(self, topic: str, key: str, payload: str) -> None:
        if topic.partition(":")[0] not in self._recalled:
            return
        self._latest.pop((topic, key), None)
        self._latest[topic, key] = payload
        if len(self._latest) > RECALLED:
            del self._latest[next(iter(self._latest))]

    def follow(self, topic: str, hear: Hear) -> ExitStack:
        """`hear` gets the signals of the topic from now on, until what is returned here is left or closed.

        It is called in the event loop and must not block. Where it fails, that is logged and nobody else's loss.
        """
        following, token = self._following.setdefault(topic, {}), object()
        following[token] = hear
        end = ExitStack()
        end.callback(self._unfollow, topic, token)
        return end

    def _unfollow(self, topic: str, token: object) -> None:
        following = self._following[topic]
        del following[token]
        if not following:
            del self._following[topic]

    def hear(self, message: str) -> None:
        try:
            signals = [Signal(*signal) for signal in _MESSAGE.validate_json(message)]
        except ValueError:  # another version may speak so, or another program
            log.warning("signals.not_understood")
            return
        self.heard += len(signals)
        for signal in signals:
            self._recall(signal.topic, signal.key, signal.payload)
            self.tell(signal)

    def tell(self, signal: Signal) -> None:
        """To those who follow its topic in this process alone."""
        following = self._following.get(signal.topic, {})
        for token, hear in tuple(following.items()):
            if token not in following:
                continue  # one before it has ended it
            try:
                hear(signal)
            except Exception:
                log.exception("signals.hearing_failed", topic=signal.topic)

    async def speak(self, publish: Publish) -> None:
        self.connected = True
        try:
            while True:
                await self._news.wait()
                self._news.clear()
                while message := self._taken():
                    self.sent += len(message)
                    await publish(f"[{b','.join(message).decode()}]")
        finally:
            self.connected = False
            self.dropped += len(self._waiting)
            self._waiting.clear()

    def _taken(self) -> list[bytes]:
        """Those that have waited longest, as many as fit into a message."""
        taken: list[bytes] = []
        room = MESSAGE_BYTES - len("[]")
        while self._waiting and len(self._waiting[at := next(iter(self._waiting))]) <= room:
            taken.append(self._waiting.pop(at))
            room -= len(taken[-1]) + len(",")
        return taken


def _written(topic: str, key: str, payload: str) -> bytes:
    try:
        signal = orjson.dumps([topic, key, payload])
    except TypeError as error:  # half a surrogate pair
        raise ValueError("A signal is text") from error
    if len(signal) > MESSAGE_BYTES - len("[]"):
        raise ValueError(f"A signal of {len(signal)} bytes is too large; write what is large and signal where it is")
    return signal
