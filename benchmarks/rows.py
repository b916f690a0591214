"""The rows: the same ones at every run, made by PostgreSQL from their numbers alone.

Ids and times rise with a row's number, so the highest number is the newest row. A title holds the number as a word of
its own (`n0000042`), by which a search finds that one row.
"""

from dataclasses import dataclass

import asyncpg
from pwdlib.hashers.argon2 import Argon2Hasher

PASSWORD = "the benchmark's own"
EMAIL = "viewer@parlor.example"

PARENTS = 200  # the newest tasks, so that they make the first pages
PARTS = 12  # of each parent: more than a page of ten
TASKS = 10_000  # of each user
NEIGHBOURS = 2  # other users with as many rows, whom a policy has to keep out

# A UUIDv7 in form: 48 bits of time, the version, the variant, the rest from a digest.
ID_OF_NUMBER = """
create function bench_id(prefix text, number bigint) returns text immutable language sql as $$
  select prefix || '_' || lpad(to_hex(1767225600000 + number * 1000), 12, '0') || '7' || left(digest, 3)
      || '8' || right(digest, 15) from md5(prefix || number) as digest
$$
"""

_NEIGHBOUR = """
insert into user_account (id, email, name) values (bench_id('user', $1), 'neighbour' || $1 || '@parlor.example', 'N')
returning id
"""

# $1 owner, $2 number of the first row, $3 how many, $4 how many parents at the end, $5 how many parts of each.
_TASKS = """
insert into task (id, owner_id, parent_id, title, description, priority, position, due_at, reminders, completed_at,
                  created_at, updated_at)
select bench_id('task', $2::bigint + n), $1,
       case when n > $3 - $4 - $4 * $5 and n <= $3 - $4
            then bench_id('task', $2::bigint + $3 - $4 + 1 + (n - ($3 - $4 - $4 * $5) - 1) / $5) end,
       initcap(left(md5(n::text), 6)) || ' n' || lpad(n::text, 7, '0'),
       case when n % 3 = 0 then 'What there is to say of number ' || n || ', in a sentence of usual length.' end,
       (enum_range(null::task_priority))[1 + n % 5], n,
       case when n % 3 > 0 then timestamptz '2026-06-01' + (n::bigint * 7919 % 8640000) * interval '1 second' end,
       case when n % 3 > 0 then array[10, 60] else '{}' end,
       case when n % 4 = 0 then timestamptz '2026-05-01' + n * interval '1 second' end,
       timestamptz '2026-01-01' + n * interval '1 second', timestamptz '2026-01-01' + n * interval '1 second'
from generate_series(1, $3::int) as n
"""

_LABELS = """
insert into label (id, owner_id, name, color)
select bench_id('label', n), $1, 'label ' || chr(96 + n), '#' || left(md5(n::text), 6) from generate_series(1, 20) as n
"""

_WORN = """
insert into task_label (task_id, label_id)
select bench_id('task', n), bench_id('label', 1 + (n * 7 + k * 3) % 20)
from generate_series(1, $1::int) as n, generate_series(1, n % 4) as k
"""


# People who sign in: $1 how many, $2 the hash of their password, $3 how many tasks each of them has.
_PEOPLE = """
with person as (
  insert into user_account (id, email, name, password_hash)
  select bench_id('user', n), 'person' || n || '@parlor.example', 'Person ' || n, $2 from generate_series(1, $1::int) n
  returning id, substring(email from '[0-9]+')::bigint as number
)
insert into task (id, owner_id, title, position)
select bench_id('task', number * 1000 + n), id, 'Part ' || n, n from person, generate_series(1, $3::int) n
"""


@dataclass(frozen=True, slots=True)
class Rows:
    """What the cases ask for: ids of the viewer's, and tasks of theirs that no list of the cases shows."""

    viewer: str
    ids: list[str]
    writable: list[str]


async def seed(connection: asyncpg.Connection, viewer: str) -> Rows:
    """Fills a migrated database in which the viewer has registered."""
    await connection.execute(ID_OF_NUMBER)
    await connection.execute(_TASKS, viewer, 0, TASKS, PARENTS, PARTS)
    await connection.execute(_LABELS, viewer)
    await connection.execute(_WORN, TASKS)
    for number in range(1, NEIGHBOURS + 1):
        neighbour = await connection.fetchval(_NEIGHBOUR, number)
        await connection.execute(_TASKS, neighbour, number * TASKS, TASKS, PARENTS, PARTS)
    await settle(connection)
    return Rows(viewer, await _ids(connection, range(2_001, TASKS, 79)), await _ids(connection, range(1, 2_001)))


async def fill(connection: asyncpg.Connection, viewer: str, count: int) -> None:
    """`count` tasks of the viewer and of nobody else."""
    await connection.execute("set statement_timeout = 0")
    await connection.execute(ID_OF_NUMBER)
    await connection.execute(_TASKS, viewer, 0, count, 0, 0)
    await settle(connection)


async def people(connection: asyncpg.Connection, count: int, tasks: int) -> dict[str, list[str]]:
    """E-mail addresses of new people, and the ids of their tasks. Their hashes are cheap: no sign-in is measured."""
    cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    await connection.execute(ID_OF_NUMBER)
    await connection.execute(_PEOPLE, count, cheap, tasks)
    await settle(connection)
    found = await connection.fetch(
        "select email, array_agg(task.id order by position) as tasks from user_account"
        " join task on owner_id = user_account.id group by user_account.id order by user_account.id"
    )
    return {row["email"]: row["tasks"] for row in found}


async def settle(connection: asyncpg.Connection) -> None:
    """Statistics, visibility and pages on disk as in a database that has been left in peace."""
    await connection.execute("vacuum analyze")
    await connection.execute("checkpoint")


async def _ids(connection: asyncpg.Connection, numbers: range) -> list[str]:
    found: list[str] = await connection.fetchval(
        "select array_agg(bench_id('task', n)) from unnest($1::int[]) as n", list(numbers)
    )
    return found
