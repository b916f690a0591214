"""Which addresses lie outside: where anybody may look, and nothing of ours answers."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

Address = IPv4Address | IPv6Address

# Prefixes of IPv6 under which an IPv4 address is reached, which are its last 32 bits: mapped, and by NAT64 (RFC 6052).
EMBEDDING = tuple(ip_network(text) for text in ("::ffff:0:0/96", "64:ff9b::/96"))
# Tunnels and forms that nothing public is at any more; whoever writes them means to get past a check.
REFUSED = tuple(
    ip_network(text)
    for text in (
        "::/96",  # IPv4-compatible (RFC 4291)
        "64:ff9b:1::/48",  # NAT64 of a network's own (RFC 8215)
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "192.88.99.0/24",  # its relays
        "168.63.129.16/32",  # Azure tells its machines about themselves there
    )
)


def is_public(address: Address) -> bool:
    """Whether it is one of the Internet's, for one machine: not of this machine, its network, or its cloud."""
    address = _meant(address)
    if any(address.version == network.version and address in network for network in REFUSED):
        return False
    special = address.is_multicast or address.is_reserved or address.is_unspecified or address.is_loopback
    inside = address.is_private or address.is_link_local or getattr(address, "is_site_local", False)
    return address.is_global and not special and not inside


def _meant(address: Address) -> Address:
    if isinstance(address, IPv6Address) and any(address in network for network in EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address


def literal(host: str) -> Address | None:
    """The address that a host of a URL is, without its brackets; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None
