"""A large family's rows, made by PostgreSQL from their numbers alone, and a second such family that nobody may see.

Of the first, member 1 is the recipient: person 1, for whom every fourth list is. Member 2 is a giver. List 4, which is
the recipient's, and list 5 share the first thousand items.
"""

from dataclasses import dataclass
from typing import Any

import asyncpg
from pwdlib.hashers.argon2 import Argon2Hasher

from benchmarks.rows import ID_OF_NUMBER, PASSWORD, settle

PEOPLE, MEMBERS, LINKED, OCCASIONS, LISTS, GIFTS, ITEMS = 500, 60, 30, 40, 600, 5_000, 20_000
COMMENTS, ACTIVITIES = 20_000, 50_000
FAMILIES = 2
RECIPIENT, GIVER = 1, 2

# In all of them $1 is the family's place, 0 or 1, from which every number is made; $2 how many.
_FAMILY = "insert into family (id, name) values (bench_id('family', $1::int * 1000000), 'Family ' || $1::int)"

_MEMBERS = """
with one as (
  insert into user_account (id, email, name, password_hash)
  select bench_id('user', $1::int * 1000000 + n), 'member' || n || '.' || $1::int || '@parlor.example',
         'Member ' || n, $3
  from generate_series(1, $2::int) n returning id, split_part(split_part(email, '@', 1), '.', 1) as name
)
insert into family_member (id, family_id, user_id, role)
select bench_id('member', $1::int * 1000000 + ltrim(name, 'member')::int), bench_id('family', $1::int * 1000000), id,
       case ltrim(name, 'member')::int when 60 then 'OWNER' when 59 then 'ADMIN' else 'MEMBER' end::family_role from one
"""

_PEOPLE = """
insert into person (id, family_id, user_id, name, birthday, sizes, interests, notes, created_at, updated_at)
select bench_id('person', $1::int * 1000000 + n), bench_id('family', $1::int * 1000000),
       case when n <= $3::int then bench_id('user', $1::int * 1000000 + n) end,
       (array['Ada','Bo','Cleo','Dan','Eve','Finn','Gus','Hal','Ida','Jo'])[1 + n % 10] || ' ' || n,
       case when n % 5 > 0 then date '1950-01-01' + n * 37 end, array['shoes 42', 'shirt M'], array['music', 'tea'],
       case when n % 3 = 0 then 'Number ' || n || ' likes what is made by hand.' end,
       timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute'
from generate_series(1, $2::int) n
"""

_OCCASIONS = """
insert into occasion (id, family_id, name, type, day, recurs_yearly, budget_minor, created_at, updated_at)
select bench_id('occasion', $1::int * 1000000 + n), bench_id('family', $1::int * 1000000), 'Occasion ' || n,
       (enum_range(null::occasion_type))[1 + n % 7], current_date - 200 + n * 12, n % 2 = 0,
       case when n % 3 > 0 then n * 10000 end, timestamptz '2026-01-01' + n * interval '1 hour',
       timestamptz '2026-01-01' + n * interval '1 hour'
from generate_series(1, $2::int) n
"""

_GUESTS = """
insert into occasion_person (id, family_id, occasion_id, person_id, budget_minor)
select bench_id('guest', $1::int * 1000000 + n * 100 + k), bench_id('family', $1::int * 1000000),
       bench_id('occasion', $1::int * 1000000 + n),
       bench_id('person', $1::int * 1000000 + case when k = 1 then 1 else 2 + (n * 13 + k * 7) % $3::int end), k * 1000
from generate_series(1, $2::int) n, generate_series(1, 12) k
"""

_LISTS = """
insert into gift_list (id, family_id, owner_id, person_id, occasion_id, name, type, visibility, surprise, reveal_at,
                       kept_from_id, kept_until, created_at, updated_at)
select bench_id('list', f + n), bench_id('family', f), bench_id('user', f + 1 + n % $3::int),
       person, bench_id('occasion', f + 1 + n % 40), 'List ' || n, type, visibility, type <> 'REGISTRY', reveal,
       case when type <> 'REGISTRY' then person end,
       case when type <> 'REGISTRY' then coalesce(reveal, '3000-01-01') end, at, at
from generate_series(1, $2::int) n, lateral (
  select f, bench_id('person', f + case when n % 4 = 0 then 1 else 2 + n * 7 % 499 end) as person,
         (enum_range(null::gift_list_type))[1 + n % 5 % 4] as type,
         (case when n % 20 = 7 then 'PRIVATE' when n % 4 = 1 or n % 12 = 0 then 'GIVERS' else 'FAMILY' end
         )::gift_list_visibility as visibility,
         case n % 10 when 3 then now() - interval '1 day' when 6 then now() + interval '30 days' end as reveal,
         timestamptz '2026-01-01' + n * interval '1 hour' as at
  from (select $1::int * 1000000 as f)
)
"""

_GIFTS = """
insert into gift (id, family_id, added_by_id, name, description, url, price_minor, currency, source, tags, removed_at,
                  kept_from_id, kept_until, created_at, updated_at)
select bench_id('gift', f + n), bench_id('family', f), bench_id('user', f + 1 + n % $3::int),
       (array['Red','Blue','Wooden','Small','Warm','Old','Silver','Quiet','Round','Folding'])[1 + n % 10] || ' ' ||
       (array['kettle','scarf','bicycle','lantern','puzzle','teapot','camera','blanket','guitar','notebook','clock'])
         [1 + n / 10 % 11] || ' ' || n,
       case when n % 2 = 0 then 'What there is to say of number ' || n || ', in a sentence of usual length.' end,
       case when n % 3 = 0 then 'https://shop' || n % 50 || '.example/' || n end,
       case when n % 4 > 0 then n::bigint * 7919 % 20000 end, case when n % 4 > 0 then 'EUR' end,
       'shop' || n % 50 || '.example', array['tag' || n % 30, 'tag' || n % 7],
       case when n % 50 = 0 then now() end,
       case when n % 5 = 0 then bench_id('person', f + case when n % 20 = 0 then 1 else 2 + n * 7 % 499 end) end,
       case when n % 5 = 0 then timestamptz '3000-01-01' end,
       timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute'
from generate_series(1, $2::int) n, lateral (select $1::int * 1000000 as f)
"""

# Every third item was put there by the person themselves, where they are a user.
_ITEMS = """
insert into list_item (id, family_id, list_id, gift_id, person_id, added_by_id, quantity, note, kept_from_id,
                       kept_until, created_at, updated_at)
select bench_id('item', f + n), on_it.family_id, on_it.id, bench_id('gift', f + 1 + n * 7 % $3::int), on_it.person_id,
       case when n % 3 = 0 and person.user_id is not null then person.user_id else bench_id('user', f + 1 + n % 60) end,
       1 + n % 4, case when n % 5 = 0 then 'In green, please.' end, kept_from_id,
       case when n % 10 < 9 then kept_until end,
       timestamptz '2026-01-01' + n * interval '1 minute', timestamptz '2026-01-01' + n * interval '1 minute'
from (select $1::int * 1000000 as f) there, generate_series(1, $2::int) n
join gift_list on_it on on_it.id = bench_id('list',
  $1::int * 1000000 + case when n <= 1000 then 4 + n % 2 else 1 + n % 600 end)
left join person on person.id = on_it.person_id
"""

_GIVINGS = """
insert into giving (id, family_id, item_id, status, status_changed_at, received_at, assignee_id, price_paid_minor,
                    currency, claimed, organizer_id, target_minor, funded_minor, created_at, updated_at)
select bench_id('giving', f + n), bench_id('family', f), bench_id('item', f + n),
       (case when n % 10 < 5 then 'IDEA' when n % 10 < 7 then 'SELECTED' when n % 10 < 9 then 'PURCHASED'
        else 'RECEIVED' end)::item_status,
       at, case when n % 10 = 9 then at end, case when n % 10 >= 5 then bench_id('user', f + 1 + n % 60) end,
       case when n % 10 >= 7 then n::bigint * 7919 % 20000 end, case when n % 10 >= 7 or n % 40 = 0 then 'EUR' end,
       case when n % 4 = 0 then 1 else 0 end, case when n % 40 = 0 then bench_id('user', f + 3) end,
       case when n % 40 = 0 then 10000 end, case when n % 40 = 0 then 5000 else 0 end, at, at
from generate_series(1, $2::int) n,
     lateral (select $1::int * 1000000 as f, timestamptz '2026-01-01' + n * interval '1 minute' as at)
"""

_CLAIMS = """
insert into claim (id, family_id, giving_id, user_id, quantity, anonymous)
select bench_id('claim', f + n), bench_id('family', f), bench_id('giving', f + n * 4),
       bench_id('user', f + 2 + n % 50), 1, n % 10 = 0
from generate_series(1, $2::int / 4) n, lateral (select $1::int * 1000000 as f)
"""

_CONTRIBUTIONS = """
insert into contribution (id, family_id, giving_id, user_id, amount_minor)
select bench_id('contribution', f + n), bench_id('family', f), bench_id('giving', f + n * 40),
       bench_id('user', f + 2 + n % 50), 5000
from generate_series(1, $2::int / 40) n, lateral (select $1::int * 1000000 as f)
"""

# Of every ten six are about items, one each about a list, an occasion, a person and a gift. A fifth is said openly.
_COMMENTS = """
insert into comment (id, family_id, author_id, parent_type, parent_id, occasion_id, list_id, item_id, gift_id,
                     person_id, text, kept_from_id, kept_until, created_at, updated_at)
select bench_id('comment', f + n), bench_id('family', f), bench_id('user', f + 1 + n % 60), kind::comment_parent,
       coalesce(item.id, bench_id(lower(kind), at)),
       case kind when 'OCCASION' then bench_id('occasion', at) end, case kind when 'LIST' then bench_id('list', at) end,
       item.id, case kind when 'GIFT' then bench_id('gift', at) end,
       case kind when 'PERSON' then bench_id('person', at) end, 'What somebody says, number ' || n,
       case when n % 5 > 0 then item.kept_from_id end, case when n % 5 > 0 then item.kept_until end, said, said
from generate_series(1, $2::int) n cross join lateral (
  select $1::int * 1000000 as f,
    (array['ITEM','ITEM','LIST','ITEM','OCCASION','ITEM','PERSON','ITEM','GIFT','ITEM'])[1 + n % 10] as kind,
    timestamptz '2026-02-01' + n * interval '1 minute' as said
) cross join lateral (
  select f + 1 + n / 10 % (case kind when 'OCCASION' then 40 when 'LIST' then 600 else 500 end) as at
) left join list_item item on kind = 'ITEM' and item.id = bench_id('item', f + n)
"""

_ACTIVITIES = """
insert into activity (id, family_id, actor_id, kind, status, person_id, list_id, item_id, kept_from_id, kept_until,
                      created_at, updated_at)
select bench_id('activity', $1::int * 1000000 + n), item.family_id, bench_id('user', $1::int * 1000000 + 1 + n % 60),
       kind::activity_kind, case kind when 'STATUS_CHANGED' then 'SELECTED'::item_status end, item.person_id,
       item.list_id, item.id, item.kept_from_id, item.kept_until, at, at
from generate_series(1, $2::int) n cross join lateral (
  select (array['ITEM_ADDED','CLAIMED','STATUS_CHANGED','ASSIGNED','UNCLAIMED'])[1 + n % 5] as kind,
         timestamptz '2026-02-01' + n * interval '1 minute' as at
) join list_item item on item.id = bench_id('item', $1::int * 1000000 + 1 + n * 7 % 20000)
"""


@dataclass(frozen=True, slots=True)
class Family:
    """Of the first one: how its recipient and its giver sign in, and ids by the name of a variable."""

    recipient: str
    giver: str
    ids: dict[str, str]


async def seed(connection: asyncpg.Connection) -> Family:
    """Fills a migrated database."""
    cheap = Argon2Hasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)  # no sign-in is measured
    await connection.execute("set statement_timeout = 0")
    await connection.execute(ID_OF_NUMBER)
    steps: tuple[tuple[Any, ...], ...] = (
        (_FAMILY,),
        (_MEMBERS, MEMBERS, cheap),
        (_PEOPLE, PEOPLE, LINKED),
        (_OCCASIONS, OCCASIONS),
        (_GUESTS, OCCASIONS, PEOPLE - 1),
        (_LISTS, LISTS, MEMBERS),
        (_GIFTS, GIFTS, MEMBERS),
        (_ITEMS, ITEMS, GIFTS),
        (_GIVINGS, ITEMS),
        (_CLAIMS, ITEMS),
        (_CONTRIBUTIONS, ITEMS),
        (_COMMENTS, COMMENTS),
        (_ACTIVITIES, ACTIVITIES),
    )
    for place in range(FAMILIES):
        for sql, *more in steps:
            await connection.execute(sql, place, *more)
    await settle(connection)
    ids = {name: await connection.fetchval("select bench_id($1, $2::int)", *which) for name, which in _IDS.items()}
    return Family(_email(RECIPIENT), _email(GIVER), ids)


_IDS = {
    "family": ("family", 0),
    "person": ("person", RECIPIENT),
    "user": ("user", GIVER),
    "list": ("list", 4),
    "occasion": ("occasion", 17),
    "item": ("item", 40),
}


def _email(member: int) -> str:
    return f"member{member}.0@parlor.example"
