"""Time zones by name, and no way from a name to a file."""

from datetime import datetime, timedelta

import pytest

from kit.zones import zone


def test_a_zone_is_found_by_its_iana_name() -> None:
    summer = datetime(2026, 7, 1, tzinfo=zone("Europe/Berlin"))
    winter = datetime(2026, 12, 1, tzinfo=zone("Europe/Berlin"))
    assert summer.utcoffset() == timedelta(hours=2)
    assert winter.utcoffset() == timedelta(hours=1)


def test_utc_is_a_zone() -> None:
    assert datetime(2026, 7, 1, tzinfo=zone("UTC")).utcoffset() == timedelta(0)


def test_the_same_name_is_the_same_zone() -> None:
    assert zone("Asia/Kathmandu") is zone("Asia/Kathmandu")


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "Mars/Olympus",
        "europe/berlin",
        "Europe/Berlin ",
        "Europe",
        "localtime",
        "Factory",
        "posixrules",
        "../../etc/passwd",
        "/etc/localtime",
        "Europe/../Europe/Berlin",
        "UTC\x00",
        "+02:00",
        "x" * 100_000,
    ],
)
def test_anything_else_is_refused_with_a_message(name: str) -> None:
    with pytest.raises(ValueError, match=r"^unknown time zone; use an IANA name such as Europe/Berlin$"):
        zone(name)
