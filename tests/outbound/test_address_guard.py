"""Which addresses the server sends requests to."""

import socket
from typing import Any

import pytest

from backend.outbound.address_guard import HostNotFound, InvalidAddress, PrivateAddress, check_address, resolve_host


@pytest.mark.parametrize(
    "url",
    [
        *("", "host/v1", "file:///etc/passwd", "ftp://host/v1", "https://", "https://user:pw@host/v1"),
        *("https://h/v1?x=1", "http://host:99999/v1", "http://[::1/v1", "gopher://127.0.0.1:70/"),
        "unix:///run/docker.sock",
    ],
)
def test_an_invalid_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidAddress):
        check_address(url)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "localhost", "10.1.2.3", "192.168.0.1", "172.16.0.1", "169.254.169.254", "0.0.0.1", "::1"),
        *("fe80::1", "fd00::1", "::ffff:127.0.0.1", "100.64.0.1", "224.0.0.1", "2130706433", "0x7f.1"),
        # IPv4 addresses inside IPv6 addresses: mapped, compatible, translated, tunnelled.
        *("::127.0.0.1", "::ffff:10.0.0.1", "::ffff:0:10.0.0.1", "64:ff9b::10.0.0.1", "64:ff9b:1::808:808"),
        *("2002:7f00:1::", "2002:a00:1::1", "2001:0:7f00:1::1", "::", "ff02::1", "fec0::1"),
    ],
)
async def test_private_addresses_are_refused_unless_allowed(host: str) -> None:
    with pytest.raises(PrivateAddress):
        await resolve_host(host, 80, allow_private=False)

    await resolve_host(host, 80, allow_private=True)


@pytest.mark.parametrize("host", ["1.1.1.1", "2606:4700:4700::1111", "64:ff9b::101:101", "2002:101:101::1"])
async def test_public_addresses_are_not_refused(host: str) -> None:
    assert await resolve_host(host, 443, allow_private=False)


async def test_a_host_with_one_private_address_is_refused() -> None:
    def several(host: Any, port: Any, *_: Any, **__: Any) -> Any:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (text, port)) for text in ("1.1.1.1", "10.0.0.1")]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", several)  # the system's, not ours
        with pytest.raises(PrivateAddress):
            await resolve_host("rebinds.example", 443, allow_private=False)


async def test_an_unknown_host_is_not_found() -> None:
    with pytest.raises(HostNotFound):
        await resolve_host("nowhere.invalid", 443, allow_private=False)
