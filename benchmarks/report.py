"""The tables, as Markdown, between two marks in docs/performance.md; no figure there is typed by hand."""

from pathlib import Path
from statistics import mean
from typing import Any

from benchmarks import family, fanout_report
from benchmarks.cases import CASES
from benchmarks.chart import drawn
from benchmarks.commands import servers
from benchmarks.figures import Figures, Verdict, medians, rate, ratio, verdicts
from benchmarks.tables import number, table

BEGIN, END = "<!-- figures -->", "<!-- /figures -->"


def told(results: dict[str, Any]) -> str:
    figures, growth = medians(results.get("samples", [])), results.get("growth", [])
    gifts, live = results.get("gifts", []), results.get("fanout", [])
    targets = verdicts(figures, growth) + family.verdicts(gifts) + fanout_report.verdicts(live)
    parts = [_made(results), _targets(targets)]
    for connections in sorted({key[2] for key in figures}, reverse=True):
        at_once = f"{connections} connections" if connections > 1 else "one connection"
        parts += [f"### Requests a second, {at_once}\n\n" + _rates(figures, connections)]
    if figures:
        parts += ["### Latency and CPU of a request\n\n" + _costs(figures)]
    if growth:
        parts += ["### Growth\n\n" + _growth(growth)]
    if gifts:
        parts += [family.told(gifts)]
    if live:
        parts += fanout_report.told(live)
    return "\n\n".join(parts)


def write(results: dict[str, Any], docs: Path) -> None:
    page = docs / "performance.md"
    before, _, rest = page.read_text().partition(BEGIN)
    page.write_text(f"{before}{BEGIN}\n\n{told(results)}\n\n{END}{rest.partition(END)[2]}")
    if samples := results.get("samples"):
        (docs / "performance.svg").write_text(drawn(medians(samples)))


def _made(results: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in results["versions"].items())
    quick = f" Quick, for a first look only: {', '.join(results['quick'])}." if results["quick"] else ""
    everyone = [*results.get("samples", []), *(one.get("saturated", {}) for one in results.get("fanout", []))]
    others = [sample["others"] for sample in everyone if sample.get("others") is not None]
    busy = f" Other processes took {mean(others):.0%} of the CPU time used meanwhile." if others else ""
    return f"Made {results['at']} on {results['machine']}.{quick}{busy}\n\nVersions: {versions}."


def _targets(found: list[Verdict]) -> str:
    rows = [[one.target, one.found, one.cpu, "pass" if one.met else "**short**"] for one in found]
    told = table(["target", "found", "in CPU", ""], rows)
    return f"### Targets\n\n{told}\n\n*In CPU*: the same ratio in CPU seconds of server and PostgreSQL together."


def _rates(figures: Figures, connections: int) -> str:
    rows = []
    for server in servers():
        cells = []
        for case in CASES:
            own, times = (
                rate(figures, server.name, case.name, connections),
                ratio(figures, server.name, case.name, connections),
            )
            beside = "" if server.name == "parlor" or times is None else f" ({times:.2g}x)"
            cells.append("" if own is None else f"{own:,.0f}{beside}")
        if any(cells):
            rows.append([server.title, *cells])
    head = table(["", *(case.title for case in CASES)], rows)
    return f"{head}\n\nIn brackets: how many times as many Parlor answers."


def _costs(figures: Figures) -> str:
    rows = []
    for case in CASES:
        for server in servers():
            one, many = figures.get((server.name, case.name, 1)), figures.get((server.name, case.name, 16))
            if one and many:
                cells = [number(found[name]) for found in (one, many) for name in ("p50", "p99")]
                cpu = [number(many[name], 0) for name in ("server_cpu", "postgres_cpu")]
                rows.append([f"{case.title}: {server.title}", *cells, *cpu])
    head = ["", "p50, 1", "p99, 1", "p50, 16", "p99, 16", "CPU µs, server", "CPU µs, PostgreSQL"]
    return table(head, rows) + "\n\nLatencies in milliseconds with 1 and 16 connections; CPU with 16."


def _growth(growth: list[dict[str, Any]]) -> str:
    sizes = sorted({row["size"] for row in growth})
    found = {(row["question"], row["size"]): row for row in growth}
    rows = []
    for question in dict.fromkeys(row["question"] for row in growth):
        of = [found[question, size] for size in sizes]
        last = of[-1]["read"]
        cells = [f"{row['p50']:.2f}" for row in of] + [f"{row['read']['buffers']:,}" for row in of]
        how = ", ".join(last["scans"]) + (f"; sorts {last['sorted']:,}" if last["sorted"] > 100 else "")
        rows.append([question, *cells, f"{last['rows']:,}", how, "steady" if of[-1]["steady"] else "**grows**"])
    head = ["", *(f"ms, {size:,}" for size in sizes), *(f"pages, {size:,}" for size in sizes)]
    told = table([*head, "rows read", "scans of task", ""], rows)
    return f"{told}\n\nRows read and scans: over {sizes[-1]:,} rows. Pages are those of 8 KB that PostgreSQL looked at."
