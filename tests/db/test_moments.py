"""What Python reckons and what PostgreSQL keeps is written in one way."""

from datetime import UTC, datetime, timedelta, timezone
from random import Random

import orjson

from kit.clock import written
from tests.db.opening import opened

EDGES = [0, 1, 9, 10, 100, 1_000, 10_000, 99_999, 100_000, 500_000, 999_000, 999_990, 999_999]


async def test_moments_are_written_as_postgresql_writes_them_into_json(database_url: str) -> None:
    random = Random(20_261_121)  # noqa: S311 (of the example, not of a secret)
    seconds = [datetime(1000, 1, 1, tzinfo=UTC), datetime(2026, 10, 25, 0, 0, 59, tzinfo=UTC)]
    moments = [second.replace(microsecond=fraction) for second in seconds for fraction in EDGES]
    for _ in range(2_000):
        offset = timezone(timedelta(minutes=random.randrange(-14 * 60, 14 * 60)))
        at = datetime(1000, 1, 2, tzinfo=offset) + timedelta(seconds=random.randrange(8_899 * 365 * 86_400))
        moments.append(at.replace(microsecond=random.randrange(1_000_000) // 10 ** (n := random.randrange(7)) * 10**n))
    query = "select json_agg(row_to_json(r) order by n) from unnest($1::timestamptz[]) with ordinality as r (at, n)"
    async with opened(database_url) as db:
        rows = orjson.loads(await db.fetchval(query, [moments]))
    assert [written(moment) for moment in moments] == [row["at"] for row in rows]
