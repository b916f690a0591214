"""Parlor, its peers and the floor, one at a time on the same rows; round after round, so that a bad minute hits all."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import orjson

from benchmarks import equality, load, rows
from benchmarks.cases import CASES, Case
from benchmarks.commands import Server, servers
from benchmarks.load import Pace
from benchmarks.running import Running, running
from benchmarks.stage import Database, Stage, admit_peer, prepared
from benchmarks.statements import for_the_floor, listening

CONNECTIONS = (1, 16)


@dataclass(frozen=True, slots=True)
class Choice:
    """Which servers and cases; Parlor is always among them, since its answers are the measure."""

    servers: tuple[Server, ...]
    cases: tuple[Case, ...]

    @classmethod
    def of(cls, only: Sequence[str]) -> "Choice":
        named = {*only}
        chosen = tuple(server for server in servers() if server.name in named)
        cases = tuple(case for case in CASES if case.name in named)
        first = () if not chosen or chosen[0].name == "parlor" else (servers()[0],)
        return cls((*first, *chosen) or servers(), cases or CASES)


@dataclass(frozen=True, slots=True)
class Setting:
    stage: Stage
    database: Database
    rows: rows.Rows
    pace: Pace


async def compared(stage: Stage, choice: Choice, pace: Pace) -> list[dict[str, Any]]:
    """A sample per round, server, case and number of connections. Raises Unfit."""
    database, viewer = await prepared(stage, "compare")
    async with database.connected() as connection:
        seeded = await rows.seed(connection, viewer)
    await admit_peer(database, viewer)
    with listening(stage, database, viewer) as heard:
        statements = for_the_floor(heard, choice.cases, seeded)
    file = stage.folder / "statements.json"
    file.write_bytes(orjson.dumps(statements))
    setting = Setting(stage, database, seeded, pace)
    expected: dict[str, list[Any]] = {}
    samples = []
    for number in range(1, pace.rounds + 1):
        for server in choice.servers:
            print(f"round {number} of {pace.rounds}: {server.title}", flush=True)
            with running(server, stage, database, viewer, BENCH_STATEMENTS=str(file)) as made:
                for case in choice.cases:
                    found = await equality.answers(made, case, seeded, database)
                    equality.require(made, case, expected.setdefault(case.name, found), found)
                for case in choice.cases:
                    samples += [{"round": number, **sample} for sample in await _case(setting, made, case)]
    return samples


async def _case(setting: Setting, running: Running, case: Case) -> list[dict[str, Any]]:
    text = case.generated if running.server.generated else case.text
    bodies = load.bodies(text, case.calls(setting.rows))
    samples = []
    for connections in CONNECTIONS:
        if case.writes:  # dead rows of whoever came before are nobody's burden
            async with setting.database.connected() as connection:
                await rows.settle(connection)
        sample = load.measured(running, setting.stage.postmaster, bodies, connections, setting.pace)
        told = f"  {case.title}, {connections} at once: {sample.rate:,.0f}/s, p50 {sample.p50:.2f} ms"
        print(told + ("" if sample.undisturbed else f" (others took {sample.others:.0%} of the CPU)"), flush=True)
        about = {"server": running.server.name, "case": case.name, "connections": connections}
        samples.append(about | asdict(sample))
    return samples
