from collections import defaultdict
from collections.abc import Callable, Iterable

Listener = Callable[[], None]


class Listeners:
    """Who is to be called, by topic. One that listens to several topics is called once for all of them."""

    def __init__(self) -> None:
        self._by_topic: dict[str, set[Listener]] = defaultdict(set)

    def __len__(self) -> int:
        """Topics that somebody listens to."""
        return len(self._by_topic)

    def add(self, topics: Iterable[str], listener: Listener) -> None:
        for topic in topics:
            self._by_topic[topic].add(listener)

    def remove(self, topics: Iterable[str], listener: Listener) -> None:
        for topic in topics:
            self._by_topic[topic].discard(listener)
            if not self._by_topic[topic]:
                del self._by_topic[topic]

    def call(self, topics: Iterable[str]) -> None:
        found: set[Listener] = set()
        for topic in topics:
            found |= self._by_topic.get(topic, set())
        for listener in found:
            listener()

    def call_all(self) -> None:
        self.call(list(self._by_topic))
