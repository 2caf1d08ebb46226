"""The network a client connects from, as the unit of rate limits per address."""

from functools import lru_cache
from ipaddress import IPv6Address, ip_address, ip_network

IPV6_PREFIX = 64  # whoever has one address of such a network has all of them
UNKNOWN_NETWORK = "unknown"


@lru_cache(maxsize=10_000)
def client_network(address: str) -> str:
    """The IPv4 address, also when written as IPv6, or the network of the IPv6 address. Anything else, such as text passed on by
    a proxy, counts as one network."""
    try:
        ip = ip_address(address.partition("%")[0].strip())
    except ValueError:
        return UNKNOWN_NETWORK
    if isinstance(ip, IPv6Address):
        inner = ip.ipv4_mapped or ip.sixtofour
        return str(inner or ip_network((ip, IPV6_PREFIX), strict=False))
    return str(ip)
