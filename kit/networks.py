"""Who comes from where: an address as it counts, for connections and for limits alike."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_network

PREFIX = 64  # bits of an IPv6 address: what providers give to one subscriber, who chooses all others


def network_of(address: str) -> str:
    """What an address counts as: itself, of IPv6 the network that is one subscriber's."""
    return _network(address) if ":" in address else address


@lru_cache(10_000)
def _network(address: str) -> str:
    try:
        found = IPv6Address(address)
    except ValueError:
        return address
    return str(found.ipv4_mapped or ip_network((int(found) >> PREFIX << PREFIX, PREFIX)))
