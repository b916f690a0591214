"""What the same question costs over a thousand, a hundred thousand and a million rows.

Timed through Parlor's door, one request after the other; beside it, what PostgreSQL says of the very statement: which
scans read the tasks, how many rows, how many pages of memory (EXPLAIN ANALYZE, BUFFERS).
"""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import asyncpg
import orjson

from benchmarks import load, rows
from benchmarks.capture import restored
from benchmarks.cases import LISTED, ONE, PAGE_INFO
from benchmarks.commands import servers
from benchmarks.load import Pace
from benchmarks.running import Running, running
from benchmarks.stage import Stage, prepared
from benchmarks.statements import Statement, listening

SIZES = (1_000, 100_000, 1_000_000)
DEEP = 0.9  # of the list lies before the page
PAGE = 20
FEW = 5 * PAGE  # rows that a page may read or sort; it needs 21


@dataclass(frozen=True, slots=True)
class Order:
    """`argument` for Parlor, `sql` for finding out which row lies at a place.

    `depths` are the shares of the list that lie before the page. `promised`: the cost must not grow.
    """

    name: str
    argument: str
    sql: str
    depths: tuple[float, ...] = (0, DEEP)
    promised: bool = False


ORDERS = (
    Order("newest first (default)", "", "created_at desc, id desc", promised=True),
    Order("by position", "{ field: POSITION }", "position, id"),
    Order("by last change, latest first", "{ field: UPDATED_AT, direction: DESC }", "updated_at desc, id desc"),
    # A third of the tasks has no due date and comes last: one page lies among the dates, one among those without.
    Order("by due date", "{ field: DUE_AT }", "due_at nulls last, id", (0, 0.5, DEEP)),
    Order(
        "by due date, latest first", "{ field: DUE_AT, direction: DESC }", "due_at desc nulls last, id desc", (0, 0.5)
    ),
    Order("by completion", "{ field: COMPLETED_AT }", "completed_at nulls last, id", (0, 0.2, DEEP)),
    Order("by title", "{ field: TITLE }", "title, id"),
    Order("by priority, highest first", "{ field: PRIORITY, direction: DESC }", "priority desc, id desc"),
)


@dataclass(frozen=True, slots=True)
class Question:
    """`depth` is the share of the list before the page; None asks for one row by its id."""

    name: str
    text: str
    depth: float | None
    order: Order
    promised: bool = False


def _questions() -> Iterator[Question]:
    newest, body = ORDERS[0], f"{{ nodes {{ {LISTED} }} {PAGE_INFO} }}"
    yield Question("one row by id", f"query One($id: ID!) {{ task(id: $id) {{ {ONE} }} }}", None, newest, True)
    for order in ORDERS:
        by = f", orderBy: {order.argument}" if order.argument else ""
        for depth in order.depths:
            after, given = (", after: $after", "($after: String)") if depth else ("", "")
            where = f"page at {depth:.0%}" if depth else "first page"
            text = f"query Page{given} {{ tasks(first: {PAGE}{after}{by}) {body} }}"
            yield Question(f"{order.name}: {where}", text, depth, order, order.promised)
    yield Question("newest first: last page", f"query Last {{ tasks(last: {PAGE}) {body} }}", 0, newest)
    counted = f"query Counted {{ tasks(first: {PAGE}) {{ totalCount nodes {{ id }} }} }}"
    yield Question("newest first: first page with totalCount", counted, 0, newest)


@dataclass(frozen=True, slots=True)
class Read:
    """How PostgreSQL read the tasks: `rows` it looked at, `sorted` rows of its largest sort, `buffers` of 8 KB."""

    scans: tuple[str, ...]
    rows: int
    sorted: int
    buffers: int
    milliseconds: float

    @property
    def steady(self) -> bool:
        return not any("Seq Scan" in scan for scan in self.scans) and max(self.rows, self.sorted) <= FEW


async def grown(stage: Stage, pace: Pace, sizes: tuple[int, ...]) -> list[dict[str, Any]]:
    """A row per size and question."""
    found = []
    for size in sizes:
        print(f"growth: {size:,} rows", flush=True)
        database, viewer = await prepared(stage, f"growth_{size}")
        async with database.connected() as connection:
            await rows.fill(connection, viewer, size)
            with listening(stage, database, viewer) as heard:
                asked = [(one, await _variables(one, heard.parlor, connection, size)) for one in _questions()]
                reads = [await _read(connection, heard.statement(one.text, given)) for one, given in asked]
        with running(servers()[0], stage, database, viewer) as parlor:
            for (one, given), read in zip(asked, reads, strict=True):
                sample = load.measured(parlor, stage.postmaster, load.bodies(one.text, [given]), 1, pace)
                print(f"  {one.name}: {sample.p50:.2f} ms, {read.rows} rows, {read.buffers} pages", flush=True)
                about = {"size": size, "question": one.name, "promised": one.promised, "steady": read.steady}
                found.append(
                    about | {"depth": one.depth, "order": one.order.name, "read": asdict(read)} | asdict(sample)
                )
    return found


async def _variables(one: Question, parlor: Running, connection: asyncpg.Connection, size: int) -> dict[str, Any]:
    if one.depth == 0:
        return {}
    place = int(size * (one.depth or DEEP)) - 1
    row = await connection.fetchrow(
        f"select id, title from task order by {one.order.sql} limit 1 offset $1",
        place,
    )
    assert row is not None
    return {"id": row["id"]} if one.depth is None else {"after": _cursor(parlor, one.order, row["title"])}


def _cursor(parlor: Running, order: Order, title: str) -> str:
    """The cursor of the row with this title, as Parlor gives it to clients: a search finds that one row."""
    by = f", orderBy: {order.argument}" if order.argument else ""
    where = f"filter: {{ search: $word }}{by}"
    text = f"query Cursor($word: String) {{ tasks({where}) {{ nodes {{ title }} pageInfo {{ endCursor }} }} }}"
    page = parlor.ask(text, {"word": title.split()[-1]})["tasks"]
    assert [node["title"] for node in page["nodes"]] == [title]
    cursor: str = page["pageInfo"]["endCursor"]
    return cursor


async def _read(connection: asyncpg.Connection, statement: Statement) -> Read:
    """What the plan that Parlor runs reads: the generic one, which EXPLAIN shows of a prepared statement alone."""
    values = [restored(value) for value in statement.arguments]
    quoted = [await connection.fetchval("select quote_nullable($1::text)", _text(value)) for value in values]
    await connection.execute(f"prepare asked as {statement.sql}")
    explain = f"explain (analyze, buffers, format json) execute asked({', '.join(quoted)})"
    await connection.fetchval(explain)  # once for the pages to be in memory
    plan = orjson.loads(await connection.fetchval(explain))[0]
    await connection.execute("deallocate asked")
    top = plan["Plan"]
    nodes = list(_nodes(top))
    scans = [node for node in nodes if node.get("Relation Name") == "task" and "Scan" in node["Node Type"]]
    sorts = [node for node in nodes if "Sort" in node["Node Type"]]
    return Read(
        scans=tuple(sorted({f"{node['Node Type']} {node.get('Index Name', '')}".strip() for node in scans})),
        rows=sum(_looked_at(node) for node in scans),
        sorted=max((_looked_at(below) for node in sorts for below in node["Plans"]), default=0),
        buffers=top["Shared Hit Blocks"] + top["Shared Read Blocks"],
        milliseconds=plan["Execution Time"],
    )


def _text(value: Any) -> str | None:
    return None if value is None else str(value)


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for below in node.get("Plans", ()):
        yield from _nodes(below)


def _looked_at(node: dict[str, Any]) -> int:
    removed = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
    looked_at: int = round((node["Actual Rows"] + removed) * node["Actual Loops"])
    return looked_at
