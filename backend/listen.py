"""The sockets the server listens on."""

import errno
import socket
from collections.abc import Iterable

#: Errors of an address that this machine does not have: a family may be turned off.
_ABSENT = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_BACKLOG = 2048


class CannotListen(Exception):
    """Its text says what is wrong and what to do."""


def listen(host: str, port: int) -> list[socket.socket]:
    """Listen on every address of `host`. For `::` these are all IPv6 and all IPv4 addresses of this machine.

    There is one socket for each family, so that the address of an IPv4 client is written as such and never as
    ::ffff:192.0.2.1. A family this machine does not have is left out. Raises `CannotListen`."""
    sockets: list[socket.socket] = []
    try:
        for family, address in _addresses(host):
            if (opened := _open(family, address, port)) is not None:
                sockets.append(opened)
                port = opened.getsockname()[1]  # where `port` was 0, the others get the one of the first
    except OSError as error:
        for opened in sockets:
            opened.close()
        raise CannotListen(_explain(error, host, port)) from None
    if not sockets:
        raise CannotListen(f"This machine has no address {host}. Set HOST to one it has, or to :: for all of them.")
    return sockets


def url_of(listening: socket.socket) -> str:
    """Where a browser on this machine finds what listens there."""
    address, port = listening.getsockname()[:2]
    if address in ("::", "0.0.0.0"):  # noqa: S104
        address = "127.0.0.1" if listening.family == socket.AF_INET else "::1"
    return f"http://[{address}]:{port}" if ":" in address else f"http://{address}:{port}"


def _addresses(host: str) -> Iterable[tuple[int, str]]:
    if host == "::":
        return [(socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")]  # noqa: S104  (this is what was asked for)
    found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return dict.fromkeys((family, str(address[0])) for family, _, _, _, address in found)


def _open(family: int, address: str, port: int) -> socket.socket | None:
    try:
        # On IPv6 this accepts no IPv4: the other socket does.
        return socket.create_server((address, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        if error.errno in _ABSENT:
            return None
        raise


def _explain(error: OSError, host: str, port: int) -> str:
    if isinstance(error, socket.gaierror):
        return f"HOST is {host}, which is no address and no name that can be resolved."
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use, perhaps by this server. Stop the other program, or set PORT to another number."
    if error.errno == errno.EACCES:
        return f"Port {port} may not be opened by this user. Set PORT to a number from 1024."
    return f"Port {port} on {host} cannot be opened: {error.strerror}."
