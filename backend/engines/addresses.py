"""Which addresses a language model may be asked at: http or https, and nothing private unless a setting allows it."""

import asyncio
import ipaddress
import socket
from urllib.parse import urlsplit

from backend.engines.language import LanguageModelError

_PRIVATE = (
    "The language model's address lies in a private network. If it is a server of your own, an admin can allow it: "
    "OPENAI_ALLOW_PRIVATE=true in .env, or the switch of the endpoint."
)

#: In these the last four bytes are an IPv4 address: what leads there leads to that one.
_WRAPPING = tuple(ipaddress.IPv6Network(f"{lead}/96") for lead in ("::", "::ffff:0:0", "::ffff:0:0:0", "64:ff9b::"))
#: What stands for what is for each network to say.
_TRANSLATED_HERE = ipaddress.IPv6Network("64:ff9b:1::/48")


def check_address(url: str) -> None:
    """Raise LanguageModelError for an address that is no plain http or https one. Resolves nothing."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        parts, port = urlsplit(""), None
    well = parts.scheme in ("http", "https") and parts.hostname and (port is None or port > 0)
    if not well or parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise LanguageModelError(
            "language_model_address",
            "The address must be like https://host/v1, without a name, a password or a question mark in it.",
        )


async def resolved(host: str, port: int, *, allow_private: bool) -> list[str]:
    """The addresses of `host`, each once. Raises LanguageModelError where one of them lies inside and none may.

    Whoever asks connects to one of these: a name that is looked up again may lead elsewhere."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise LanguageModelError(
            "language_model_unreachable", "The language model's host has no address. Check its address.", retry=True
        ) from None
    addresses = list(dict.fromkeys(str(address[0]) for *_, address in found))
    if not allow_private and any(_inside(address) for address in addresses):
        raise LanguageModelError("language_model_address", _PRIVATE)
    return addresses


def _inside(text: str) -> bool:
    address = ipaddress.ip_address(text.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        if address in _TRANSLATED_HERE or address.is_site_local:
            return True
        address = address.sixtofour or _meant(address) or address
    return not address.is_global or address.is_multicast


def _meant(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address that is written in this one, if any is."""
    wrapped = any(address in network for network in _WRAPPING)
    return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF) if wrapped else None
