"""From samples to figures: medians over the rounds, ratios, and whether the targets are met."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import Any

from benchmarks.commands import servers

MEASURES = ("rate", "p50", "p99", "server_cpu", "postgres_cpu", "others")
TITLES = {server.name: server.title for server in servers()}
PEERS = [name for name in TITLES if name not in ("parlor", "floor")]

Figures = dict[tuple[str, str, int], dict[str, float | None]]


def medians(samples: list[dict[str, Any]]) -> Figures:
    """By server, case and connections."""
    groups = defaultdict[tuple[str, str, int], list[dict[str, Any]]](list)
    for sample in samples:
        groups[sample["server"], sample["case"], sample["connections"]].append(sample)
    return {key: {name: _median(name, group) for name in MEASURES} for key, group in groups.items()}


def _median(name: str, group: list[dict[str, Any]]) -> float | None:
    found = [sample[name] for sample in group if sample[name] is not None]
    return median(found) if found else None


def rate(figures: Figures, server: str, case: str, connections: int) -> float | None:
    return figures.get((server, case, connections), {}).get("rate")


def ratio(figures: Figures, server: str, case: str, connections: int) -> float | None:
    """How many times as many requests a second Parlor answers."""
    own, other = rate(figures, "parlor", case, connections), rate(figures, server, case, connections)
    return own / other if own and other else None


def cpu(figures: Figures, server: str, case: str, connections: int) -> float | None:
    """Microseconds of a request, in the server and in PostgreSQL together: steadier than rates on a busy machine."""
    found = figures.get((server, case, connections), {})
    own, below = found.get("server_cpu"), found.get("postgres_cpu")
    return None if own is None or below is None else own + below


def cpu_ratio(figures: Figures, server: str, case: str, connections: int) -> float | None:
    """How many times Parlor's CPU another spends on the same request."""
    own, other = cpu(figures, "parlor", case, connections), cpu(figures, server, case, connections)
    return other / own if own and other else None


@dataclass(frozen=True, slots=True)
class Verdict:
    """`cpu` is the same comparison in CPU; the rate decides."""

    target: str
    found: str
    met: bool
    cpu: str = ""


@dataclass(frozen=True, slots=True)
class Target:
    case: str
    against: str
    least: float
    text: str


TARGETS = (
    Target("levels", "postgraphile", 2, "three levels: twice PostGraphile"),
    Target("levels", "mercurius", 3, "three levels: 3 times Mercurius"),
    Target("levels", "strawberry", 50, "three levels: 50 times by-the-book Strawberry"),
    Target("one", "mercurius", 1, "one row by id: level with Mercurius"),
    Target("one", "floor", 0.6, "one row by id: 60 % of the floor"),
    *(Target("page", peer, 1, f"a page of 20: ahead of {TITLES[peer]}") for peer in PEERS),
)
DEEP_AT_MOST = 1.3  # times the first page


def verdicts(figures: Figures, growth: list[dict[str, Any]]) -> list[Verdict]:
    found = []
    for target in TARGETS:
        for connections in sorted({key[2] for key in figures}):
            times = ratio(figures, target.against, target.case, connections)
            if times is not None:
                what = f"{target.text}, {connections} at once"
                spent = cpu_ratio(figures, target.against, target.case, connections)
                found.append(Verdict(what, f"{times:.2f}", times >= target.least, f"{spent:.2f}" if spent else ""))
    return found + _grown(growth)


def _grown(growth: list[dict[str, Any]]) -> list[Verdict]:
    promised = [row for row in growth if row["promised"]]
    if not promised:
        return []
    largest = max(row["size"] for row in promised)
    last = [row for row in promised if row["size"] == largest]
    pick: Callable[[float], float] = lambda depth: next(row["p50"] for row in last if row["depth"] == depth)  # noqa: E731
    deep = pick(0.9) / pick(0)
    steady = all(row["steady"] for row in promised)
    return [
        Verdict(
            f"page at 90 % of {largest:,} rows: at most {DEEP_AT_MOST} first pages", f"{deep:.2f}", deep <= DEEP_AT_MOST
        ),
        Verdict("by id, newest first: index scans alone, at every size", "yes" if steady else "no", steady),
    ]
