"""The load of the fan-out, a process of its own: `python -m benchmarks.fanout_load` reads a job as JSON and answers
with what it saw, as JSON.

It holds the sockets that follow and the connections that write, in one thread, and reads from /proc what the server
spends meanwhile. Writes are numbered, so that at the end it is known of every socket which ones it was told.
"""

import gc
import json
import sys
from collections.abc import Iterator
from itertools import cycle, islice, takewhile
from time import perf_counter_ns, process_time
from typing import Any

from benchmarks.fanout_job import BACKLOG, Job, Topic, more_files
from benchmarks.fanout_wire import Follower, Loop, Tally, Writer
from benchmarks.processes import Spent, resident_bytes

AT_ONCE = 8  # writes that wait for their answer, at saturation
MOST_WRITERS = 64  # connections that write at a fixed rate
OPENING = 50  # sockets at once that are being opened
FEWEST = 10  # writes of a measurement at saturation, however slow
FEWEST_PACED = 3  # the same at a fixed rate
QUIET = 15.0  # seconds without a delivery or an answer: what is owed then is lost
PROBE_QUIET = 2.0  # the same for a probe, which may come before the subscription
PROBES = 20
CALM = 0.5  # seconds
SECOND = 1_000_000_000  # ns


class Load:
    def __init__(self, job: Job) -> None:
        self.job, self._loop, self.tally = job, Loop(), Tally()
        self._followers: list[Follower] = []
        self._opening: list[Follower] = []
        self._free: list[Writer] = []
        self._writing = 0
        self._requests = job.requests()
        self.topics: list[int] = []  # by the number of the write
        self._sent: dict[int, int] = {}
        self._answered: dict[int, int] = {}

    def fan_out(self) -> dict[str, Any]:
        job = self.job
        found: dict[str, Any] = {}
        if job.measured:
            found["alone"] = self._saturated()
        found["opened"] = self._open(job.topics, job.sockets)
        self._settle()
        first = len(self.topics)
        if job.measured:
            found["saturated"] = self._saturated()
        if job.paced:
            most = found["saturated"]["writes"] / found["saturated"]["seconds"] / 2 if job.measured else job.rate
            found["paced"] = self._paced(min(job.rate, most))
        return found | self._checked(first)

    def churned(self) -> dict[str, Any]:
        """Memory of the server in bytes: before, with all sockets idle, and so again after each round of churn."""
        job = self.job
        self._open(job.topics[:1], 1)  # what a server loads with the first one is not of that one
        self._rest(CALM)
        self._close()
        before, rounds, closed = self._resident(), [], []
        for number in range(job.churn + 1):
            self._open(job.topics, job.sockets)
            self._settle()
            rounds.append(self._resident())
            if number < job.churn:
                self._close()
                closed.append(self._resident())
        return {"before": before, "idle": rounds, "closed": closed, "sockets": len(self._followers)}

    def _resident(self) -> int | None:
        """After a moment of nothing, in which a server may put away what is gone."""
        self._rest(CALM)
        return resident_bytes(self.job.pid)

    def _rest(self, seconds: float) -> None:
        until = perf_counter_ns() + int(seconds * SECOND)
        while (now := perf_counter_ns()) < until:
            self._loop.turn((until - now) / SECOND)

    def _open(self, topics: list[Topic], sockets: int) -> float:
        """Seconds that it took to open so many sockets for each topic, and to subscribe on each."""
        began = perf_counter_ns()
        for number, topic in enumerate(topics):
            init = json.dumps({"type": "connection_init", "payload": topic.init}).encode()
            payload = {"query": self.job.query, "variables": topic.variables}
            subscribe = json.dumps({"type": "subscribe", "id": "1", "payload": payload}).encode()
            for _ in range(sockets):
                self._opening.append(Follower(self._loop, self.job.port, self.tally, number, init, subscribe))
                self._await_opened(OPENING)
        self._await_opened(1)
        return (perf_counter_ns() - began) / SECOND

    def _await_opened(self, fewer: int) -> None:
        """Until fewer than so many are being opened."""
        until = perf_counter_ns() + 30 * SECOND
        while len(self._opening) >= fewer:
            self._loop.turn(0.05)
            self._followers += [one for one in self._opening if one.following]
            self._opening = [one for one in self._opening if not one.following]
            if self.tally.wrong or perf_counter_ns() > until:
                raise ConnectionError(f"Sockets do not open: {self.tally.wrong[:3]}")

    def _close(self) -> None:
        for number, follower in enumerate(self._followers):
            follower.leave(politely=number % 2 == 0)
        self._followers.clear()

    def _settle(self) -> None:
        """Nothing tells a client of graphql-transport-ws that a subscription has begun, so each topic is written to
        until all hear."""
        lacking = list(range(len(self.job.topics)))
        for _ in range(PROBES):
            first = len(self.topics)
            if self._closed(iter(lacking), PROBE_QUIET):
                return
            heard = {topic for number, topic in enumerate(self.topics[first:], first) if number not in self.tally.owed}
            lacking = [topic for topic in lacking if topic not in heard]
            self.tally.owed.clear()
        raise ConnectionError(f"On {len(lacking)} topics not all hear of writes: {self.tally.wrong[:3]}")

    def _closed(self, topics: Iterator[int], quiet: float = QUIET) -> bool:
        """A write to each of these topics, AT_ONCE and with a BACKLOG at most; whether all owed deliveries came."""
        tally, pending = self.tally, next(topics, None)
        tally.moved = perf_counter_ns()
        while pending is not None or self._writing or tally.owed:
            while pending is not None and self._writing < AT_ONCE and len(tally.owed) < BACKLOG:
                self._write(pending, perf_counter_ns())
                pending = next(topics, None)
            self._loop.turn(0.05)
            if perf_counter_ns() - tally.moved > quiet * SECOND:
                return False
        return True

    def _write(self, topic: int, now: int) -> None:
        number = len(self.topics)
        self.topics.append(topic)
        self._sent[number] = now
        if self._followers:
            self.tally.owed[number] = self.job.sockets
        writer = self._writer(now)
        writer.send(number, self._requests[topic][self.job.turn(number, topic)] % number)
        self._writing += 1

    def _writer(self, now: int) -> Writer:
        """Servers end connections that rest for some seconds, so only one that has not is used again."""
        while self._free:
            writer = self._free.pop()
            if writer.alive and now - writer.free_since < SECOND:
                return writer
            writer.close()
        return Writer(self._loop, self.job.port, self._heard)

    def _heard(self, writer: Writer, now: int) -> None:
        assert writer.number is not None
        self._answered[writer.number] = self.tally.moved = now
        writer.number = None
        self._writing -= 1
        self._free.append(writer)

    def _saturated(self) -> dict[str, Any]:
        """As many writes as take about the time given: a number, so that none is cut off and the CPU is theirs."""
        job, everywhere = self.job, cycle(range(len(self.job.topics)))
        began, first = perf_counter_ns(), len(self.topics)
        until = began + int(job.warm * SECOND)
        self._closed(takewhile(lambda _: perf_counter_ns() < until, everywhere))
        rate = (len(self.topics) - first) * SECOND / (self.tally.moved - began)
        watch = _Watch(self)
        self._closed(islice(everywhere, max(FEWEST, round(rate * job.measured))))
        return watch.told()

    def _paced(self, rate: float) -> dict[str, Any]:
        """Writes at a fixed rate whatever becomes of them; latencies in ms.

        A write that had to wait for a connection counts from when it was due.
        """
        job, watch = self.job, _Watch(self)
        count, topics = max(FEWEST_PACED, round(rate * job.paced)), cycle(range(len(job.topics)))
        for number in range(count):
            due = watch.began + int(number * SECOND / rate)
            while (now := perf_counter_ns()) < due:
                self._loop.turn(min(0.05, (due - now) / SECOND))
            waited = self._writing >= MOST_WRITERS
            while self._writing >= MOST_WRITERS and perf_counter_ns() - self.tally.moved < QUIET * SECOND:
                self._loop.turn(0.05)
            self._write(next(topics), due if waited else now)
        self._closed(iter(()))
        return {"rate": rate} | watch.told() | self._latencies(watch)

    def _latencies(self, watch: "_Watch") -> dict[str, Any]:
        came = zip(self.tally.numbers[watch.heard :], self.tally.moments[watch.heard :], strict=True)
        deliveries = [(number, moment) for number, moment in came if number in self._answered]
        last = dict(deliveries)  # in the order in which they came
        return {
            "from_sent": _spread([moment - self._sent[number] for number, moment in deliveries]),
            "from_answer": _spread([moment - self._answered[number] for number, moment in deliveries]),
            "last_from_sent": _spread([moment - self._sent[number] for number, moment in last.items()]),
            "last_from_answer": _spread([moment - self._answered[number] for number, moment in last.items()]),
            "answer": _spread([self._answered[number] - self._sent[number] for number in last]),
        }

    def _checked(self, first: int) -> dict[str, Any]:
        """Whether every socket was told of every acknowledged write to its topic from the first on, once."""
        due: list[set[int]] = [set() for _ in self.job.topics]
        for number in self._answered.keys() & range(first, len(self.topics)):
            due[self.topics[number]].add(number)
        lost = doubled = foreign = 0
        for follower in self._followers:
            seen = [number for number in follower.seen if number >= first]
            told = set(seen)
            lost += len(due[follower.topic] - told)
            foreign += sum(self.topics[number] != follower.topic for number in told)
            doubled += len(seen) - len(told)
        kept, right = self.tally.kept, self.job.right
        misread = [text.decode() for number, text in kept if not right(number, self.topics[number], text)]
        wrong = [one[:500] for one in self.tally.wrong + misread]
        return {"lost": lost, "doubled": doubled, "foreign": foreign, "wrong": wrong[:5], "read": len(kept)}


class _Watch:
    """What was spent and what came, from its making on."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self.written, self.heard = len(load.topics), len(load.tally.numbers)
        self._before = Spent.until_now(load.job.pid, load.job.postmaster)
        self._own = process_time()
        self.began = perf_counter_ns()

    def told(self) -> dict[str, Any]:
        load = self._load
        own, after = process_time() - self._own, Spent.until_now(load.job.pid, load.job.postmaster)
        found: dict[str, Any] = {
            "seconds": (load.tally.moved - self.began) / SECOND,
            "writes": len(load.topics) - self.written,
            "deliveries": len(load.tally.numbers) - self.heard,
            "load_cpu": own,
            "server_cpu": None,
            "postgres_cpu": None,
            "others": None,
        }
        if self._before is not None and after is not None:
            server, postgres = after.server - self._before.server, after.postgres - self._before.postgres
            others = max(0.0, 1 - (server + postgres + own) / max(after.all - self._before.all, 0.01))
            found |= {"server_cpu": server, "postgres_cpu": postgres, "others": others}
        return found


def _spread(nanoseconds: list[int]) -> dict[str, float] | None:
    """In milliseconds."""
    if not nanoseconds:
        return None
    ordered = sorted(nanoseconds)
    at = [ordered[min(len(ordered) - 1, int(len(ordered) * share))] / 1e6 for share in (0.5, 0.99, 1)]
    return dict(zip(("p50", "p99", "max"), at, strict=True))


def main() -> None:
    more_files()
    load = Load(job := Job.of(json.load(sys.stdin)))
    gc.disable()
    try:
        found = load.churned() if job.churn else load.fan_out()
    except OSError as error:
        found = {"failed": str(error)}
    print(json.dumps(found))


if __name__ == "__main__":
    main()
