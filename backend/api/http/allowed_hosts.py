"""Check the Host header against this installation's names. With DNS rebinding, another site can make a browser send requests to
our address, but they still carry that site's name."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


class AllowedHosts:
    """The host names, addresses and networks to serve."""

    def __init__(self, served: Iterable[str]) -> None:
        self._names: set[str] = set()
        self._networks: list[IPv4Network | IPv6Network] = []
        for host in served:
            try:
                self._networks.append(ip_network(host, strict=False))
            except ValueError:
                self._names.add(host)
        self.serve = lru_cache(maxsize=1_000)(self._serve)

    def _serve(self, header: str) -> bool:
        """Whether a Host header names us, on any port."""
        host = _host_of(header)
        try:
            address = ip_address(host)
        except ValueError:
            return host in self._names
        return any(address in network for network in self._networks)


def _host_of(header: str) -> str:
    """The host without its port; empty if it is malformed."""
    name, bracket, port = header.partition("]") if header.startswith("[") else header.partition(":")
    if bracket == "]":
        name, port = name[1:], port.removeprefix(":")
    return name.lower().removesuffix(".") if not port or (port.isascii() and port.isdigit()) else ""
