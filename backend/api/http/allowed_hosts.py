"""The names this installation answers to. A page of another site can make a browser take its own name for our address (DNS
rebinding); what such a page sends still carries that name."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network


class AllowedHosts:
    """Names, addresses and networks."""

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
        """Whether a Host header names us, on whatever port."""
        host = _host_of(header)
        try:
            address = ip_address(host)
        except ValueError:
            return host in self._names
        return any(address in network for network in self._networks)


def _host_of(header: str) -> str:
    """Without its port; empty for what is no host."""
    name, bracket, port = header.partition("]") if header.startswith("[") else header.partition(":")
    if bracket == "]":
        name, port = name[1:], port.removeprefix(":")
    return name.lower().removesuffix(".") if not port or (port.isascii() and port.isdigit()) else ""
