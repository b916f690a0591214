"""`python -m benchmarks`: runs them, keeps the results, and writes the tables and the chart from what was kept."""

import argparse
import asyncio
import signal
import sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson

from benchmarks import family, fanout, machine, report
from benchmarks.cases import CASES
from benchmarks.commands import live_servers, servers
from benchmarks.compare import Choice, compared
from benchmarks.growth import SIZES, grown
from benchmarks.load import Pace
from benchmarks.running import Unfit
from benchmarks.stage import stage

ROOT = Path(__file__).parent.parent
LATEST = ROOT / "benchmarks" / "results" / "latest.json"
FULL = Pace(warm=1, measured=3, rounds=3, tries=2)
QUICK = Pace(warm=1, measured=1, rounds=1, tries=1)
PARTS = ("compare", "growth", "fanout", "gifts")


def _arguments() -> argparse.Namespace:
    told = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    told.add_argument("--quick", action="store_true", help="short measurements and one round, to see that all works")
    told.add_argument("--rounds", type=int, help="how often everybody has their turn")
    told.add_argument("--churn", type=int, help="rounds of churn, of about 2 s: 1,800 take an hour")
    told.add_argument("--only", nargs="+", default=[], metavar="NAME", help="some servers or cases")
    told.add_argument("--part", choices=PARTS, help="one part only")
    told.add_argument("--tree", type=Path, default=ROOT, help="the Parlor under test, when it is not this one")
    told.add_argument("--sizes", nargs="+", type=int, default=SIZES, help="rows of the growth part")
    told.add_argument("--output", type=Path, default=LATEST, help="where the results go")
    told.add_argument("--report", action="store_true", help="only write tables and chart from the results")
    given = told.parse_args()
    known = {one.name for one in (*servers(), *live_servers())}
    known |= {case.name for case in CASES} | {case.name for case in fanout.LIVE_CASES}
    if unknown := {*given.only} - known:
        raise SystemExit(f"No server or case is called {', '.join(sorted(unknown))}.")
    return given


async def _run(given: argparse.Namespace) -> None:
    pace = QUICK if given.quick else FULL
    pace = replace(pace, rounds=given.rounds or pace.rounds)
    parts = {given.part} if given.part else {*PARTS}
    choice = Choice.of(given.only)
    results = orjson.loads(given.output.read_bytes()) if given.part and given.output.exists() else {}
    quick = {*results.get("quick", ())} - parts | (parts if given.quick else set())
    results |= {"at": datetime.now(UTC).isoformat(timespec="minutes"), "quick": sorted(quick)}
    results |= machine.described(given.tree)
    given.output.parent.mkdir(parents=True, exist_ok=True)

    def keep(**found: Any) -> None:
        """What is measured is kept at once, whatever becomes of the rest."""
        results.update(found)
        given.output.write_bytes(orjson.dumps(results, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE))

    with stage(given.tree.resolve()) as made:
        if "compare" in parts:
            keep(samples=await compared(made, choice, pace))
        if "growth" in parts:
            keep(growth=await grown(made, pace, tuple(given.sizes)))
        if "gifts" in parts:
            keep(gifts=await family.measured(made))
        if "fanout" in parts:
            live = fanout.QUICK if given.quick else fanout.FULL
            live = replace(live, rounds=given.rounds or live.rounds, churn=given.churn or live.churn)
            keep(fanout=await fanout.fanned_out(made, fanout.LiveChoice.of(given.only), live))


def main() -> None:
    given = _arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("The benchmark was ended."))  # and with it what it started
    if not given.report:
        try:
            asyncio.run(_run(given))
        except Unfit as unfit:
            sys.exit(f"The benchmark ends: {unfit}")
    results = orjson.loads(given.output.read_bytes())
    sys.stdout.write(report.told(results) + "\n")
    if given.output == LATEST:
        report.write(results, ROOT / "docs")


if __name__ == "__main__":
    main()
