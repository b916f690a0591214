"""Families, and what is kept from whom in them.

In the first of them lists of each visibility are for each of its people, and what is kept is kept until all sorts of
days; Max has left it. Ida is in two, and everybody else who is in any is somewhere a stranger.
"""

from datetime import UTC, date, datetime, timedelta
from itertools import product
from typing import Any

from db.gifts.keeping import FOREVER
from db.models import (
    Family,
    FamilyInvite,
    FamilyMember,
    FamilyRole,
    Gift,
    GiftList,
    GiftListType,
    GiftListVisibility,
    GiftPrice,
    Occasion,
    OccasionPerson,
    OccasionType,
    PageState,
    Person,
)
from tests.proof.rows.accounts import ADA, DORA, EARLY, GINA, GUS, IDA, LATE, MAX, MOMENTS, SAM, TITLES, id_of

Row = dict[str, Any]
HOME, UPTOWN, MAXES, FOURTH = (id_of("family", n) for n in range(1, 5))
OWNER, ADMIN, MEMBER = FamilyRole.OWNER, FamilyRole.ADMIN, FamilyRole.MEMBER
MEMBERS = [
    *((HOME, DORA, OWNER), (HOME, IDA, MEMBER), (HOME, GUS, MEMBER), (HOME, GINA, ADMIN)),
    *((UPTOWN, SAM, OWNER), (UPTOWN, IDA, ADMIN), (UPTOWN, ADA, MEMBER)),
    *((MAXES, MAX, OWNER), (FOURTH, GUS, OWNER), (FOURTH, SAM, ADMIN)),
]
NOVEMBER = datetime(2026, 11, 1, tzinfo=UTC)
JUNE = datetime(2026, 6, 1, tzinfo=UTC)
UNTIL = (FOREVER, MOMENTS[0], JUNE, FOREVER, EARLY, NOVEMBER)
WORDS = ("Roller skates", "roller-skates", "Äpfel, rot", "Kite", "買 milk", "C++ book", "Kite", "zoo ticket")


def _made(prefix: str, n: int) -> Row:
    return {
        "id": id_of(prefix, n),
        "version": 1 + n % 3,
        "created_at": EARLY + timedelta(microseconds=n // 3),
        "updated_at": LATE - timedelta(hours=n % 4, milliseconds=n % 2),
    }


def numbered(prefix: str, rows: list[Row]) -> list[Row]:
    return [_made(prefix, n) | row for n, row in enumerate(rows, 1)]


def kept_from(person: str | None, n: int) -> Row:
    """From that person until some day, or by a fourth of them from nobody."""
    open = person is None or n % 4 == 3
    return {"kept_from_id": None, "kept_until": None} if open else {"kept_from_id": person, "kept_until": UNTIL[n % 6]}


def _families() -> list[Row]:
    names = [("The Millers", "EUR"), ("uptown", "USD"), ("The Millers", "EUR"), ("Äpfel & Co", "CHF")]
    return numbered("family", [
        {"name": name, "currency": currency, "givers_see_each_other": n % 2 == 0}
        for n, (name, currency) in enumerate(names)
    ])  # fmt: skip


def _members() -> list[Row]:
    return numbered("member", [{"family_id": f, "user_id": user, "role": role} for f, user, role in MEMBERS])


def _invites() -> list[Row]:
    return numbered("invite", [
        {
            "family_id": (HOME, UPTOWN)[n // 4],
            "code": f"family-{n}",
            "role": (MEMBER, ADMIN)[n % 2],
            "created_by_id": (DORA, GINA, MAX, None)[n % 4],
            "expires_at": (MOMENTS[0], LATE)[n % 2],
            "most_uses": 5,
            "uses": n % 5,
            "revoked_at": LATE if n % 3 == 1 else None,
        }
        for n in range(7)
    ])  # fmt: skip


PEOPLE = [
    *((HOME, IDA, "Ida", date(1990, 10, 25)), (HOME, GUS, "Gus", date(2000, 2, 29)), (HOME, None, "Tom", None)),
    *((HOME, MAX, "max", date(2010, 10, 24)), (HOME, DORA, "Dora", date(1980, 3, 29)), (HOME, None, "Äpfel Ann", None)),
    *((UPTOWN, IDA, "Ida", date(1990, 10, 25)), (UPTOWN, SAM, "Zoë", date(1980, 3, 28)), (UPTOWN, ADA, "ada", None)),
    *((MAXES, MAX, "max", None), (FOURTH, GUS, "Gus", date(2000, 2, 29)), (FOURTH, None, "Tom", date(1999, 12, 31))),
]


def _persons() -> list[Row]:
    return numbered("person", [
        {
            "family_id": family,
            "user_id": user,
            "name": name,
            "birthday": birthday,
            "sizes": ["shoes 42", '"L"'][: n % 3],
            "interests": ["買", "\\"][n % 2 :],
            "unwanted": ["drums"] if n % 4 == 1 else [],
            "notes": (None, "likes milk—bread", "", "panics at C++")[n % 4],
            "photo_url": "https://example.org/photo" if n % 3 == 2 else None,
        }
        for n, (family, user, name, birthday) in enumerate(PEOPLE)
    ])  # fmt: skip


PERSONS = {n: id_of("person", n) for n in range(1, len(PEOPLE) + 1)}
IN_FAMILY = {family: [PERSONS[n] for n, row in enumerate(PEOPLE, 1) if row[0] == family] for family, *_ in PEOPLE}
USERS_IN = {family: [user for f, user, _ in MEMBERS if f == family] for family, *_ in MEMBERS}
# The years of one follow each other. What comes round has its next year already, lest the server open it.
DAYS = [
    *(
        (HOME, date(2024, 12, 24), None, False),
        (HOME, date(2025, 12, 24), 1, True),
        (HOME, date(2026, 12, 24), 2, True),
    ),
    *((HOME, date(2026, 10, 25), None, False), (HOME, date(2026, 3, 28), None, False)),
    *((UPTOWN, date(2026, 10, 24), None, False), (UPTOWN, date(2999, 12, 31), None, True)),
    *((FOURTH, date(2026, 3, 29), None, False), (HOME, date(2026, 10, 25), None, False)),
]


def _occasions() -> list[Row]:
    return numbered("occasion", [
        {
            "family_id": family,
            "day": day,
            "previous_id": previous and id_of("occasion", previous),
            "name": ("Christmas", "christmas 100%_", "Ida's \\ day", "Äpfel")[n % 4],
            "type": [*OccasionType][n % 7],
            "recurs_yearly": recurs,
            "budget_minor": (20_000, None, 0)[n % 3],
            "notes": (None, "", "By the sea")[n % 3],
        }
        for n, (family, day, previous, recurs) in enumerate(DAYS)
    ])  # fmt: skip


OCCASION_ROWS, PERSON_ROWS = _occasions(), _persons()
OCCASIONS = {f: [id_of("occasion", n) for n, row in enumerate(DAYS, 1) if row[0] == f] for f in (HOME, UPTOWN, FOURTH)}


def _guests() -> list[Row]:
    at = [(f, o, p) for f, found in OCCASIONS.items() for o, p in product(found, IN_FAMILY[f])]
    return numbered("guest", [
        {"family_id": f, "occasion_id": o, "person_id": p, "budget_minor": (None, 5_000, 1)[n % 3]}
        for n, (f, o, p) in enumerate(at) if n % 3
    ])  # fmt: skip


def _lists() -> list[Row]:
    whose = [(HOME, v, p) for p in (None, *IN_FAMILY[HOME][:4]) for v in GiftListVisibility for _ in range(2)]
    whose += [(f, v, p) for f in (UPTOWN, FOURTH) for v, p in zip(GiftListVisibility, IN_FAMILY[f], strict=False)]
    whose += [(HOME, GiftListVisibility.GIVERS, person) for person in IN_FAMILY[HOME][:2] for _ in range(3)]
    owners = (DORA, IDA, GUS, GINA, None, MAX, IDA)
    made = []
    for n, (family, visibility, person) in enumerate(whose):
        first = n < len(whose) - 6
        kept = kept_from(person, n + n // 6) if first else {"kept_from_id": person, "kept_until": UNTIL[n % 6]}
        until = kept["kept_until"]
        about: Row = {"family_id": family, "visibility": visibility, "person_id": person, "owner_id": owners[n % 7]}
        about |= {"occasion_id": [*OCCASIONS[family], None][n % (len(OCCASIONS[family]) + 1)]}
        about |= {"surprise": until is not None, "reveal_at": None if until == FOREVER else until}
        named = {"name": f"{WORDS[n % 8]} {n % 3}", "type": [*GiftListType][n % 4], "givers_see_each_other": n % 3 > 0}
        made.append(about | named | kept)
    return numbered("list", made)


LISTS = _lists()


def _gifts() -> list[Row]:
    """Of some the page is the same; some are removed, or made on a private list."""
    families = [HOME] * 20 + [UPTOWN] * 5 + [FOURTH] * 4
    return numbered("gift", [
        {
            "family_id": family,
            "added_by_id": (IDA, GUS, DORA, None, MAX, GINA, SAM)[n % 7],
            "name": WORDS[n % 8],
            "description": (None, "Sharp", "With milk—bread", TITLES[n % 13])[n % 4],
            "url": f"https://shop.example/{n % 6}" if n % 3 else None,
            "price_minor": n % 7 * 500 if n % 5 else None,
            "currency": ("EUR", "USD", "EUR", "CHF")[n % 4] if n % 5 else None,
            "image_url": "https://shop.example/image" if n % 6 == 1 else None,
            "source": ("Shop", None, "Bäckerei Zoë")[n % 3],
            "tags": (["sport"], [], ["sport", "äpfel"], ["42"])[n % 4],
            "page_state": [*PageState][n % 2 * 2],
            "page_warnings": ["NO_IMAGE", "NO_PRICE"][: n % 3],
            "page_read_at": LATE if n % 2 else None,
            "removed_at": LATE if n % 6 == 4 else None,
            "unlisted": n % 9 in (5, 8),
        }
        | kept_from(IN_FAMILY[family][n // 2 % 3] if n % 2 else None, n // 2)
        for n, family in enumerate(families)
    ])  # fmt: skip


GIFTS = _gifts()


def _prices() -> list[Row]:
    return numbered("price", [
        {"family_id": gift["family_id"], "gift_id": gift["id"], "price_minor": 100 * (n % 13), "currency": currency}
        for n, (gift, currency) in enumerate(product(GIFTS, ("EUR", "EUR", "USD"))) if n % 4
    ])  # fmt: skip


ROWS: dict[type[Any], list[Row]] = {
    Family: _families(),
    FamilyMember: _members(),
    FamilyInvite: _invites(),
    Person: PERSON_ROWS,
    Occasion: OCCASION_ROWS,
    OccasionPerson: _guests(),
    GiftList: LISTS,
    Gift: GIFTS,
    GiftPrice: _prices(),
}
