"""Durations, counted by how long they are."""

from bisect import bisect_left
from dataclasses import dataclass
from operator import add
from typing import Self

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts` are those up to each of SECONDS and above the one before; the last one those above all. `sum` in s."""

    counts: tuple[int, ...] = (0,) * (len(SECONDS) + 1)
    sum: float = 0.0

    def __add__(self, other: Self) -> "Histogram":
        return Histogram(tuple(map(add, self.counts, other.counts)), self.sum + other.sum)

    @property
    def count(self) -> int:
        return sum(self.counts)


EMPTY = Histogram()


class Tally:
    """A histogram in the making."""

    __slots__ = ("_counts", "_sum")

    def __init__(self) -> None:
        self._counts: list[int] = [0] * (len(SECONDS) + 1)
        self._sum = 0.0

    def add(self, seconds: float, count: int) -> None:
        self._counts[bisect_left(SECONDS, seconds)] += count
        self._sum += seconds * count

    def histogram(self) -> Histogram:
        return Histogram(tuple(self._counts), self._sum)
