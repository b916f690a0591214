"""That somebody may see more or less than before, told ahead of the log: that may have to wait at its fence for a
transaction which has nothing to do with it. The log tells it too, in its order; this may be lost, and that may not."""

from collections.abc import Iterable
from uuid import uuid4

import orjson

from live.signals import Signal, Signals
from live.tail import Tail

TOPIC = "grants"  # of the signals; nobody can follow it
MOST = 50  # topics in one signal, which has 8,000 bytes


class Grants:
    def __init__(self, tail: Tail, signals: Signals) -> None:
        self._tail = tail
        self._signals = signals
        signals.follow(TOPIC, self._hear)

    def tell(self, topics: Iterable[str]) -> None:
        """After the commit: here at once, elsewhere as soon as the broker has brought it."""
        told = sorted(topics)
        self._tail.doubt(frozenset(told))
        for at in range(0, len(told), MOST):
            self._signals.send(TOPIC, uuid4().hex, orjson.dumps(told[at : at + MOST]))

    def _hear(self, signal: Signal) -> None:
        self._tail.doubt(frozenset(orjson.loads(signal.payload)))
