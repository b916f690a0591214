"""Whose an address is."""

import pytest

from kit.networks import network_of


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
