"""Where a caller comes from, as far as it costs them something to come from elsewhere."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64  # whoever has one IPv6 address has all of these
NOWHERE = "unknown"


@lru_cache(maxsize=10_000)
def place_of(address: str) -> str:
    """An IPv4 address, also where it is written as IPv6, or the network of an IPv6 address. What is neither, such as words
    a proxy passed on, is all one place."""
    try:
        ip = ip_address(address.partition("%")[0].strip())
    except ValueError:
        return NOWHERE
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        return str(inner or ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
