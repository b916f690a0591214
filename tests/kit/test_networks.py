"""Whose an address is."""

import pytest

from kit.networks import is_loopback, network_of


@pytest.mark.parametrize(
    ("address", "counts"),
    [
        ("203.0.113.7", "203.0.113.7"),
        ("::ffff:203.0.113.7", "203.0.113.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("somewhere", "somewhere"),
    ],
)
def test_an_address_counts_for_whoever_may_have_it(address: str, counts: str) -> None:
    assert network_of(address) == counts


@pytest.mark.parametrize(
    ("host", "known"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("::ffff:127.0.0.1", True),
        ("::ffff:10.0.0.1", False),
        ("10.0.0.1", False),
        ("localhost", False),
        ("unknown", False),
        ("", False),
    ],
)
def test_this_machine_is_known_by_its_address(host: str, known: bool) -> None:
    assert is_loopback(host) is known
