"""The peers whose forwarded headers are believed: TRUSTED_PROXIES, where `gateway` is the default gateway."""

import sys
from ipaddress import IPv4Address, IPv6Address, ip_network
from pathlib import Path

#: In TRUSTED_PROXIES: the default gateway. Seen from a container that is the machine it runs on.
GATEWAY = "gateway"


def split_entries(setting: str) -> list[str]:
    """The entries of TRUSTED_PROXIES. Raises ValueError with a sentence for one that cannot be used."""
    entries = [entry.strip() for entry in setting.split(",") if entry.strip()]
    return [entry if entry == GATEWAY else _network(entry) for entry in entries]


def _network(entry: str) -> str:
    try:
        network = ip_network(entry, strict=False)
    except ValueError:
        raise ValueError(
            f"{entry} is neither an address, nor a network such as 172.16.0.0/12, nor {GATEWAY}; name the proxies, "
            "because whoever is trusted can claim any client address"
        ) from None
    if network.prefixlen < 8 and not network.is_private:
        raise ValueError(f"{entry} trusts nearly everybody to claim any client address; name the proxies")
    return str(network) if "/" in entry else entry


def trusted_addresses(setting: str) -> list[str]:
    """The addresses and networks in TRUSTED_PROXIES, with the default gateways of this machine for `gateway`."""
    entries = split_entries(setting)
    named = [entry for entry in entries if entry != GATEWAY]
    return named if len(named) == len(entries) else [*named, *default_gateways()]


def default_gateways(routes: Path = Path("/proc/net")) -> list[str]:
    """The default gateways in the routing tables of Linux; none on other systems."""
    return [*_ipv4_gateways(routes / "route"), *_ipv6_gateways(routes / "ipv6_route")]


def _ipv4_gateways(table: Path) -> list[str]:
    """Columns: interface, destination, gateway, …; addresses are numbers in the byte order of the machine."""
    rows = [line.split() for line in _lines(table)[1:]]
    nothing = "0" * 8
    found = [row[2] for row in rows if len(row) > 2 and row[1] == nothing and row[2] != nothing]
    return list(dict.fromkeys(str(IPv4Address(int(hexed, 16).to_bytes(4, sys.byteorder))) for hexed in found))


def _ipv6_gateways(table: Path) -> list[str]:
    """Columns: destination, its prefix length, source, its prefix length, gateway, …"""
    rows = [line.split() for line in _lines(table)]
    nothing = "0" * 32
    found = [row[4] for row in rows if len(row) > 4 and row[:2] == [nothing, "00"] and row[4] != nothing]
    return list(dict.fromkeys(str(IPv6Address(bytes.fromhex(hexed))) for hexed in found))


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text(encoding="ascii").splitlines()
    except OSError:
        return []
