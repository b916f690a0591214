"""The fan-out's figures: medians over the rounds, whether the targets are met, and the tables."""

from collections.abc import Callable, Sequence
from statistics import median
from typing import Any

from benchmarks.commands import live_servers
from benchmarks.fanout import LIVE_CASES
from benchmarks.figures import Verdict
from benchmarks.tables import number, table

TITLES = {server.name: server.title for server in live_servers()}
CASES = {case.name: case for case in LIVE_CASES}
PEERS = [name for name in TITLES if name != "parlor"]
COMPARED = ("one-topic", "topics")
BEST, PLAIN = 2, 10  # times the best peer, and by-the-book Strawberry
SLOWEST = 100  # ms
GROWN = 1.05  # times the memory after the first round of churn

Samples = list[dict[str, Any]]


def _of(samples: Samples, server: str, case: str) -> Samples:
    return [one for one in samples if (one["server"], one["case"]) == (server, case) and "failed" not in one]


def _median(samples: Samples, server: str, case: str, figure: Callable[[Any], float | None]) -> float | None:
    found = [value for one in _of(samples, server, case) if (value := figure(one)) is not None]
    return median(found) if found else None


def _rate(one: Any) -> float:
    return float(one["saturated"]["deliveries"] / one["saturated"]["seconds"])


def _each(who: str) -> Callable[[Any], float | None]:
    """CPU of a delivery in microseconds: all that was spent, the write too."""

    def figure(one: Any) -> float | None:
        spent = one["saturated"][who]
        return None if spent is None else float(spent / one["saturated"]["deliveries"] * 1e6)

    return figure


def _cpu(one: Any) -> float | None:
    server, postgres = _each("server_cpu")(one), _each("postgres_cpu")(one)
    return None if server is None or postgres is None else server + postgres


def _write(one: Any) -> float | None:
    """What of that was for the write, going by writes of which nobody is told."""
    alone, share = one["alone"], one["saturated"]["writes"] / one["saturated"]["deliveries"]
    if alone["server_cpu"] is None:
        return None
    return float((alone["server_cpu"] + alone["postgres_cpu"]) / alone["writes"] * share * 1e6)


def _paced(*path: str) -> Callable[[Any], float | None]:
    def figure(one: Any) -> float | None:
        for name in ("paced", *path):
            one = (one or {}).get(name)
        return None if one is None else float(one)

    return figure


def _kibibytes(one: Any) -> float | None:
    """Of an idle subscription with its socket."""
    return None if one["before"] is None else float((one["idle"][0] - one["before"]) / one["sockets"] / 1024)


def _growth(one: Any) -> float | None:
    return None if one["before"] is None else float(one["idle"][-1] / one["idle"][1])


def _amiss(samples: Samples, server: str, case: str) -> str:
    """What was lost, came twice or went elsewhere, in all rounds together."""
    own = [one for one in samples if (one["server"], one["case"]) == (server, case)]
    counts = {name: sum(one.get(name, 0) for one in own) for name in ("lost", "doubled", "foreign")}
    told = [f"{count:,} {name}" for name, count in counts.items() if count]
    failed = sum("failed" in one for one in own)
    wrong = sum(len(one.get("wrong", ())) for one in own)
    told += [f"failed {failed} of {len(own)}"] * bool(failed) + ["wrong messages"] * bool(wrong)
    return f"**{', '.join(told)}**" if told else "none"


def verdicts(samples: Samples) -> list[Verdict]:
    found = []
    for name in COMPARED:
        for peers, least, words in (
            (PEERS, BEST, "twice the best peer"),
            (["strawberry"], PLAIN, "10 times Strawberry"),
        ):
            found += _against(samples, name, peers, least, words)
    for case in LIVE_CASES:
        if case.alone and _tried(samples, case.name):
            slow = _median(samples, "parlor", case.name, _paced("from_sent", "p99"))
            words = f"{case.title}, {case.rate:.0f} writes/s: p99 under {SLOWEST} ms"
            found.append(Verdict(words, f"{slow:.0f} ms" if slow else "failed", slow is not None and slow < SLOWEST))
    grown = _median(samples, "parlor", "idle", _growth)
    if grown is not None:
        found.append(Verdict(f"memory of idle sockets over churn: at most {GROWN}", f"{grown:.2f}", grown <= GROWN))
    if any(one["server"] == "parlor" for one in samples):
        exact = all(_amiss(samples, "parlor", case) == "none" for case in CASES)
        found.append(Verdict("each socket is told of each write, once", "yes" if exact else "no", exact))
    return found


def _tried(samples: Samples, case: str) -> bool:
    return any((one["server"], one["case"]) == ("parlor", case) for one in samples)


def _against(samples: Samples, case: str, peers: list[str], least: float, words: str) -> list[Verdict]:
    """The best by its rate and the best by its CPU may be two. Where Parlor failed it is not told as untried."""
    own, cpu = (_median(samples, "parlor", case, figure) for figure in (_rate, _cpu))
    rates = [rate for peer in peers if (rate := _median(samples, peer, case, _rate)) is not None]
    costs = [cost for peer in peers if (cost := _median(samples, peer, case, _cpu)) is not None]
    if not rates or not _tried(samples, case):
        return []
    if own is None:
        return [Verdict(f"{CASES[case].title}: {words}", "failed", False)]
    times, cheaper = own / max(rates), min(costs) / cpu if costs and cpu else None
    met = times >= least and (cheaper is None or cheaper >= least)
    return [Verdict(f"{CASES[case].title}: {words}", f"{times:.2f}", met, f"{cheaper:.2f}" if cheaper else "")]


def told(samples: Samples) -> list[str]:
    """Sections of the page."""
    sections = [_compared(samples, name) for name in COMPARED if any(one["case"] == name for one in samples)]
    if any(one["case"] == "idle" for one in samples):
        sections.append(_memory(samples))
    if any(CASES[one["case"]].alone for one in samples):
        sections.append(_latency(samples))
    return sections


def _compared(samples: Samples, case: str) -> str:
    rows = [
        [TITLES[server], *_row(samples, server, case), _amiss(samples, server, case)]
        for server in TITLES
        if any((one["server"], one["case"]) == (server, case) for one in samples)
    ]
    head = ["", "deliveries/s", "CPU µs, server", "CPU µs, PostgreSQL", "of both the write", "load"]
    head += ["writes/s", "p50", "p99", "last p50", "last p99", "amiss"]
    return f"### Fan-out: {CASES[case].title}\n\n{table(head, rows)}\n\n{_NOTE}"


def _row(samples: Samples, server: str, case: str) -> list[str]:
    def of(figure: Callable[[Any], float | None], places: int = 1) -> str:
        return number(_median(samples, server, case, figure), places)

    own, rate = _median(samples, "parlor", case, _rate), _median(samples, server, case, _rate)
    times = f" ({own / rate:.2g}x)" if own and rate and server != "parlor" else ""
    latencies = [of(_paced(since, name)) for since in ("from_sent", "last_from_sent") for name in ("p50", "p99")]
    cpu = [of(figure) for figure in (_each("server_cpu"), _each("postgres_cpu"), _write)]
    return [f"{of(_rate, 0)}{times}", *cpu, of(_load_share, 2), of(_paced("rate")), *latencies]


_NOTE = (
    "In brackets: how many times as many Parlor makes. CPU of a delivery, with the write that caused it; *of both the"
    " write*: what that is when nobody is told. *load*: cores that the load took. After *writes/s*, latencies at that"
    " rate, in milliseconds from when the write was sent: of all deliveries, and of the last one of each write."
    " *amiss*: deliveries lost, doubled or of another topic."
)


def _load_share(one: Any) -> float:
    return float(one["saturated"]["load_cpu"] / one["saturated"]["seconds"])


def _memory(samples: Samples) -> str:
    rows = []
    rounds = max((len(one["idle"]) - 1 for one in samples if "idle" in one), default=0)
    for server in TITLES:
        if own := _of(samples, server, "idle"):
            each, grown = (number(_median(samples, server, "idle", figure)) for figure in (_kibibytes, _growth))
            sizes = [(one["before"], one["idle"][0], one["idle"][1], one["idle"][-1], one["closed"][-1]) for one in own]
            before, first, second, last, closed = (_mebibytes(sizes_of) for sizes_of in zip(*sizes, strict=True))
            rows.append([TITLES[server], each, before, first, second, last, grown, closed])
    head = ["", "KiB each", "MiB before", "all idle", "again", f"after {rounds} rounds", "growth", "all closed"]
    note = (
        "Resident memory of the server. *each*: what 1,000 sockets with a subscription took, the first time. A round"
        " closes all of them, every other one without a word, and opens as many. *growth*: the last time to the second."
    )
    return f"### Memory of idle subscriptions\n\n{table(head, rows)}\n\n{note}"


def _mebibytes(sizes: Sequence[int | None]) -> str:
    found = [size for size in sizes if size is not None]
    return f"{median(found) / 2**20:.0f}" if found else ""


def _latency(samples: Samples) -> str:
    rows = []
    for case in LIVE_CASES:
        if case.alone and any(one["case"] == case.name for one in samples):
            paths = [(since, name) for since in ("from_sent", "from_answer") for name in ("p50", "p99", "max")]
            cells = [number(_median(samples, "parlor", case.name, _paced(*path)), 1) for path in paths]
            rows.append([f"{case.title}, {case.rate:.0f} writes/s", *cells, _amiss(samples, "parlor", case.name)])
    head = ["", *(f"{name} {since}" for since in ("from sent", "from answer") for name in ("p50", "p99", "longest"))]
    note = (
        "Milliseconds until a client has a delivery, from when its write was sent and from when that was answered; the"
        " commit lies between the two. Less than nothing: the delivery was there before the answer."
    )
    return f"### Parlor alone, 5,000 subscriptions in one process\n\n{table([*head, 'amiss'], rows)}\n\n{note}"
