"""Who comes from where: an address as it counts, for connections and for limits alike, and whether it is our own."""

from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

PREFIX = 64  # bits of an IPv6 address: what providers give to one subscriber, who chooses all others


def network_of(host: str) -> str:
    """What an address counts as: itself, of IPv6 the network that is one subscriber's."""
    return _network(host) if ":" in host else host


@lru_cache(10_000)
def _network(host: str) -> str:
    found = address(host)
    if isinstance(found, IPv6Address):
        return str(ip_network((int(found) >> PREFIX << PREFIX, PREFIX)))
    return host if found is None else str(found)


def is_loopback(host: str) -> bool:
    """Whether it is an address of this machine itself; a name is none."""
    found = address(host)
    return found is not None and found.is_loopback


def address(host: str) -> IPv4Address | IPv6Address | None:
    """An IPv4 address that is written as one of IPv6 is itself; None for a name, and for nonsense."""
    try:
        found = ip_address(host)
    except ValueError:
        return None
    return found.ipv4_mapped or found if isinstance(found, IPv6Address) else found
