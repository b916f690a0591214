"""Many who follow, few who write: Parlor and the peers of its live kernel, one at a time on the same rows.

A write is a mutation over HTTP; a delivery is the changed task on one socket. Every delivery is counted, and who missed
one or was told twice is named.
"""

import json
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

from benchmarks import rows
from benchmarks.commands import HERE, Server, environment, live_servers
from benchmarks.fanout_job import BACKLOG, Job, Topic, more_files
from benchmarks.running import SIGN_IN, Running, Unfit, running
from benchmarks.stage import Database, Stage, prepared

PEOPLE = 500
TASKS = 2 * BACKLOG  # of each: an event shows a task as it is, and none may be renamed again before all have heard
LONGEST = 300  # seconds of one job of the load
LONGEST_ROUND = 30  # of them for a round of churn, besides
PARLORS = "subscription { taskEvents { __typename ... on Ready { cursor }\
 ... on TaskChanged { cursor kind task { id title completed } } } }"
PEERS = "subscription Follow($owner: ID!) { taskEvents(owner: $owner) { __typename kind task { id title completed } } }"
RENAME = "mutation Rename($id: ID!, $input: UpdateTaskInput!) { updateTask(id: $id, input: $input) { id title } }"

# Of Parlor alone: its limits are for clients who are strangers, and the tokens last as long as the benchmark.
SETTINGS = {
    "MAX_SOCKETS_PER_USER": "10000",
    "MAX_SOCKETS_PER_ADDRESS": "10000",
    "LOGIN_ATTEMPTS_PER_ADDRESS": "100000",
    "ACCESS_TOKEN_MINUTES": "600",
}


@dataclass(frozen=True, slots=True)
class LivePace:
    """Seconds of warm-up, of a measurement at saturation, at a fixed rate, and of Parlor's latency; rounds of churn."""

    warm: float
    measured: float
    paced: float
    latency: float
    churn: int
    rounds: int


FULL = LivePace(warm=1, measured=5, paced=10, latency=30, churn=10, rounds=3)
QUICK = LivePace(warm=1, measured=1.5, paced=3, latency=10, churn=3, rounds=1)


@dataclass(frozen=True, slots=True)
class LiveCase:
    """`sockets` follow each of `topics`; `rate` is in writes a second. `alone`: for Parlor and nobody else."""

    name: str
    title: str
    topics: int
    sockets: int
    paced: Callable[["LiveCase", Job, LivePace], Job]
    rate: float = 0.0
    alone: bool = False


def _measured(case: LiveCase, job: Job, pace: LivePace) -> Job:
    return replace(job, warm=pace.warm, measured=pace.measured, rate=case.rate, paced=pace.paced)


def _timed(case: LiveCase, job: Job, pace: LivePace) -> Job:
    return replace(job, rate=case.rate, paced=pace.latency)


def _churned(case: LiveCase, job: Job, pace: LivePace) -> Job:
    return replace(job, churn=pace.churn)


LIVE_CASES = (
    LiveCase("idle", "1,000 idle sockets", 100, 10, _churned),
    LiveCase("one-topic", "1,000 sockets, one topic", 1, 1_000, _measured, rate=2),
    LiveCase("topics", "1,000 sockets, 100 topics", 100, 10, _measured, rate=20),
    LiveCase("latency", "5,000 sockets, 500 topics", 500, 10, _timed, rate=50, alone=True),
    LiveCase("latency-50", "5,000 sockets, 50 topics", 50, 100, _timed, rate=50, alone=True),
)


@dataclass(frozen=True, slots=True)
class LiveChoice:
    servers: tuple[Server, ...]
    cases: tuple[LiveCase, ...]

    @classmethod
    def of(cls, only: Sequence[str]) -> "LiveChoice":
        servers = tuple(server for server in live_servers() if server.name in only)
        cases = tuple(case for case in LIVE_CASES if case.name in only)
        return cls(servers or live_servers(), cases or LIVE_CASES)

    def of_server(self, server: Server) -> list[LiveCase]:
        return [case for case in self.cases if server.name == "parlor" or not case.alone]


@dataclass(frozen=True, slots=True)
class _Person:
    id: str
    email: str
    tasks: list[str]
    token: str


async def fanned_out(stage: Stage, choice: LiveChoice, pace: LivePace) -> list[dict[str, Any]]:
    """A sample per round, server and case. Raises Unfit."""
    files = more_files()  # for the servers too, which inherit it
    if files < (needed := max(case.topics * case.sockets for case in choice.cases) + 500):
        raise Unfit(f"This system allows {files} open files to a process, and {needed} are needed: ulimit -Hn")
    database, viewer = await prepared(stage, "fanout")
    people = await _people(stage, database, viewer)
    samples = []
    for number in range(1, pace.rounds + 1):
        for server in choice.servers:
            print(f"fan-out, round {number} of {pace.rounds}: {server.title}", flush=True)
            more = SETTINGS if server.name == "parlor" else {"BENCH_REREAD": str(int("rereading" in server.name))}
            for case in choice.of_server(server):
                async with database.connected() as connection:  # dead rows of whoever came before are nobody's burden
                    await rows.settle(connection)
                with running(server, stage, database, viewer, **more) as made:
                    found = _loaded(_job(made, stage, people, case, pace))
                print(f"  {case.title}: {told(found)}", flush=True)
                samples.append({"round": number, "server": server.name, "case": case.name, **found})
    return samples


async def _people(stage: Stage, database: Database, viewer: str) -> list[_Person]:
    """Who follows and writes, signed in to Parlor; their tokens hold for every Parlor on this database."""
    async with database.connected() as connection:
        tasks = await rows.people(connection, PEOPLE, TASKS)
        ids = {row["email"]: row["id"] for row in await connection.fetch("select email, id from user_account")}
    with running(live_servers()[0], stage, database, viewer, **SETTINGS) as parlor, ThreadPoolExecutor(4) as threads:
        sign_in = lambda email: parlor.ask(SIGN_IN, {"who": email, "password": rows.PASSWORD})["login"]["accessToken"]  # noqa: E731
        tokens = list(threads.map(sign_in, tasks))
    return [_Person(ids[email], email, tasks[email], token) for email, token in zip(tasks, tokens, strict=True)]


def _job(made: Running, stage: Stage, people: list[_Person], case: LiveCase, pace: LivePace) -> Job:
    own = made.server.name == "parlor"
    topics = [_parlors(one) if own else Topic({}, {"owner": one.id}, {}, one.tasks) for one in people[: case.topics]]
    job = Job(made.port, made.pid, stage.postmaster, PARLORS if own else PEERS, RENAME, topics, case.sockets)
    return case.paced(case, job, pace)


def _parlors(person: _Person) -> Topic:
    bearer = f"Bearer {person.token}"
    return Topic({"authorization": bearer}, {}, {"Authorization": bearer}, person.tasks)


def _loaded(job: Job) -> dict[str, Any]:
    longest = LONGEST + LONGEST_ROUND * job.churn
    try:
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.fanout_load"],
            input=json.dumps(asdict(job)),
            cwd=HERE.parent,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=longest,
        )
    except subprocess.TimeoutExpired:
        return {"failed": f"not done after {longest} seconds"}
    if done.returncode != 0:
        raise Unfit(f"The load of the fan-out failed:\n{done.stderr[-2000:]}")
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def told(found: dict[str, Any]) -> str:
    """A sample in a line."""
    parts = [f"FAILED: {found['failed']}"] if "failed" in found else []
    if "idle" in found and found["before"] is not None:
        each = (found["idle"][0] - found["before"]) / found["sockets"] / 1024
        parts.append(f"{each:.1f} KiB each, {found['idle'][-1] / found['idle'][0]:.2f} times all after churn")
    if "saturated" in found:
        one = found["saturated"]
        alone, busy = found["alone"]["writes"] / found["alone"]["seconds"], one["load_cpu"] / one["seconds"]
        parts.append(f"{one['deliveries'] / one['seconds']:,.0f} deliveries/s (writes alone {alone:,.0f}/s)")
        parts.append(f"the load took {busy:.0%} of a core")
    if found.get("paced", {}).get("from_sent"):
        spread = found["paced"]["from_sent"]
        parts.append(f"p50 {spread['p50']:.1f} ms, p99 {spread['p99']:.1f} ms, longest {spread['max']:.1f} ms")
    parts += [f"{found[name]} {name}" for name in ("lost", "doubled", "foreign") if found.get(name)]
    return ", ".join(parts + [f"WRONG: {one}" for one in found.get("wrong", [])])
