"""Which addresses the server may send requests to: http or https, and no private network unless a setting allows it."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

#: The last four bytes of an address in these networks are an IPv4 address, and packets to it go to that IPv4 address.
_IPV4_EMBEDDING_NETWORKS = tuple(
    ipaddress.IPv6Network(f"{prefix}/96") for prefix in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::")
)
#: Each network chooses its own translation of these addresses, so all of them count as private (RFC 8215).
_LOCAL_TRANSLATION_NETWORK = ipaddress.IPv6Network("64:ff9b:1::/48")


class OutboundError(Exception):
    """The request was not sent. Callers translate this into an error of their own, with a code and a sentence."""


class InvalidAddress(OutboundError):
    """The URL is not a plain http or https address."""


class HostNotFound(OutboundError):
    """The host name cannot be resolved. A later attempt may succeed."""


class PrivateAddress(OutboundError):
    """The host has an address in a private network, and private networks are not allowed."""


def check_address(url: str, *, query: bool = False) -> None:
    """Raise InvalidAddress unless `url` is http or https, without credentials and fragment, and without a query unless
    that is allowed. Resolves nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    valid = parts.scheme in ("http", "https") and parts.hostname and (port is None or port > 0)
    unwanted = parts.fragment or (parts.query and not query)
    if not valid or unwanted or parts.username is not None or parts.password is not None:
        raise InvalidAddress("not a plain http or https address")


async def resolve_host(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The IP addresses of `host`, without duplicates. Raises HostNotFound or PrivateAddress.

    Connect to one of these addresses only: a second lookup of the name may give another address (DNS rebinding)."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise HostNotFound("the host name cannot be resolved") from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not allow_private and any(_is_private(address) for address in addresses):
        raise PrivateAddress("the host has an address in a private network")
    return addresses


def _is_private(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address in _LOCAL_TRANSLATION_NETWORK or address.is_site_local:
            return True
        address = address.sixtofour or _embedded_ipv4(address) or address
    return not address.is_global or address.is_multicast


def _embedded_ipv4(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside this IPv6 address, or None."""
    embedded = any(address in network for network in _IPV4_EMBEDDING_NETWORKS)
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if embedded else None
