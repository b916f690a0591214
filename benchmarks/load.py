"""One measurement: warmed up, then a number of requests that takes about the time given, with the CPU they cost."""

import json
import subprocess
from dataclasses import dataclass
from typing import Any

from benchmarks.commands import PEERS, environment, node
from benchmarks.processes import Spent
from benchmarks.running import Running, Unfit, body

FEWEST = 10  # requests of a measurement, however slow
DISTURBED = 0.15  # a larger share of the CPU for others spoils a measurement


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is measured: seconds of each warm-up and each measurement, and how often all is repeated.

    A measurement that others disturbed is made again, up to `tries` times; the least disturbed one counts.
    """

    warm: float
    measured: float
    rounds: int
    tries: int


@dataclass(frozen=True, slots=True)
class Sample:
    """Rates in requests a second, latencies in milliseconds, CPU in microseconds a request (None where unknown).

    `others` is the share of the machine's CPU time in which neither server, PostgreSQL nor the load was at work.
    """

    rate: float
    p50: float
    p99: float
    requests: int
    server_cpu: float | None
    postgres_cpu: float | None
    load_cpu: float
    others: float | None

    @property
    def undisturbed(self) -> bool:
        return self.others is None or self.others <= DISTURBED


def measured(running: Running, postmaster: int, bodies: list[str], connections: int, pace: Pace) -> Sample:
    """Raises Unfit as soon as one answer is not as it must be."""
    warm = _loaded(running, bodies, connections, seconds=max(1, round(pace.warm)))
    rate = warm["requests"] / warm["seconds"]
    each = max(1, round(max(FEWEST, rate * pace.measured) / connections))
    samples: list[Sample] = []
    while len(samples) < pace.tries and not any(sample.undisturbed for sample in samples):
        before = Spent.until_now(running.pid, postmaster)
        found = _loaded(running, bodies, connections, amount=each * connections)
        samples.append(_sample(found, before, Spent.until_now(running.pid, postmaster)))
    return min(samples, key=lambda sample: sample.others or 0.0)


def bodies(text: str, calls: list[dict[str, Any]]) -> list[str]:
    return [body(text, variables) for variables in calls]


def _loaded(running: Running, bodies: list[str], connections: int, **how_much: float) -> dict[str, Any]:
    asked = {"url": running.url, "headers": running.headers, "bodies": bodies, "connections": connections, **how_much}
    done = subprocess.run(
        [node(), str(PEERS / "load.mjs")],
        input=json.dumps(asked),
        env=environment(),
        capture_output=True,
        text=True,
        timeout=600,
    )
    if done.returncode != 0:
        raise Unfit(f"The load generator failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    if found["failures"]:
        raise Unfit(f"{running.server.title} failed {found['failures']} of {found['requests']}: {found['wrong']}")
    return found


def _sample(found: dict[str, Any], before: Spent | None, after: Spent | None) -> Sample:
    requests = found["requests"]
    server = postgres = others = None
    if before is not None and after is not None:
        server, postgres = after.server - before.server, after.postgres - before.postgres
        busy = max(after.all - before.all, 0.01)
        others = max(0.0, 1 - (server + postgres + found["cpu"]) / busy)
    return Sample(
        rate=requests / found["seconds"],
        p50=found["p50"],
        p99=found["p99"],
        requests=requests,
        server_cpu=_each(server, requests),
        postgres_cpu=_each(postgres, requests),
        load_cpu=found["cpu"] / requests * 1e6,
        others=others,
    )


def _each(seconds: float | None, requests: int) -> float | None:
    return None if seconds is None else seconds / requests * 1e6
