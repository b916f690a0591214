"""`parlor doctor`: the checklist before a deployment, item by item, each with a remedy where one is needed."""

import asyncio
from collections.abc import Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape

from kit.settings import Settings
from server.doctor.database import of_database
from server.doctor.finding import Finding, Verdict
from server.doctor.running import of_server
from server.doctor.services import of_broker, of_issuer, of_redis
from server.doctor.settings import of_settings
from server.doctor.settings import unusable as unusable

MARKS = {
    Verdict.OK: "[green]✓[/green]",
    Verdict.SKIPPED: "[dim]-[/dim]",
    Verdict.WARNING: "[yellow]![/yellow]",
    Verdict.FAILED: "[red]✗[/red]",
}
BAD = (Verdict.WARNING, Verdict.FAILED)


async def examined(settings: Settings, url: str | None) -> list[Finding]:
    """Within seconds. Nothing is changed, neither here nor in the database."""
    database, redis, issuer, server = await asyncio.gather(
        _of_database(settings), of_redis(settings), of_issuer(settings), of_server(url)
    )
    return [*of_settings(settings), *database, redis, issuer, *server]


async def _of_database(settings: Settings) -> list[Finding]:
    """And of the broker, which may be in it."""
    found = await of_database(settings)
    away = found[0].verdict is Verdict.FAILED and all(one.verdict is Verdict.SKIPPED for one in found[1:])
    return [*found, await of_broker(settings, without_database=away)]


def code(findings: Sequence[Finding], *, strict: bool) -> int:
    """The exit code: 1 where something has failed; if `strict`, also for warnings."""
    bad = BAD if strict else (Verdict.FAILED,)
    return int(any(finding.verdict in bad for finding in findings))


def as_json(findings: Sequence[Finding]) -> dict[str, Any]:
    counts = {verdict.value: sum(one.verdict is verdict for one in findings) for verdict in Verdict}
    found = [{"item": f.item, "verdict": f.verdict.value, "said": f.said, "remedy": f.remedy} for f in findings]
    return {"findings": found, "counts": counts}


def show(console: Console, findings: Sequence[Finding]) -> None:
    width = max(len(finding.item) for finding in findings)
    for one in findings:
        console.print(f"{MARKS[one.verdict]} {one.item:{width}}  {_word(one)}{escape(one.said)}", soft_wrap=True)
        if one.remedy:
            console.print(f"  {'':{width}}  [dim]→ {escape(one.remedy)}[/dim]", soft_wrap=True)
    counts = as_json(findings)["counts"]
    console.print(", ".join(f"{verdict}: {number}" for verdict, number in counts.items() if number))


def _word(finding: Finding) -> str:
    """The verdict in letters too, where it is not that all is well."""
    return "" if finding.verdict is Verdict.OK else f"[bold]{finding.verdict.value}[/bold]: "
