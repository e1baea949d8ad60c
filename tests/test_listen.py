"""The sockets the server listens on."""

import socket

import pytest

from backend.listen import CannotListen, listen, url_of


def has_ipv6() -> bool:
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_two_colons_are_every_address_of_both_families_on_one_port() -> None:
    sockets = listen("::", 0)
    port = sockets[0].getsockname()[1]

    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
        with socket.socket(family) as client:
            client.connect((address, port))
            served = next(one for one in sockets if one.family == family)
            accepted, peer = served.accept()
            accepted.close()
        assert peer[0] == address  # an IPv4 address is not written as ::ffff:127.0.0.1

    for one in sockets:
        one.close()


def test_the_url_of_a_socket_is_one_that_a_browser_can_open() -> None:
    everywhere_address = ("0.0.0.0", 0)  # noqa: S104
    with socket.create_server(everywhere_address) as everywhere, socket.create_server(("127.0.0.1", 0)) as here:
        assert url_of(everywhere) == f"http://127.0.0.1:{everywhere.getsockname()[1]}"
        assert url_of(here) == f"http://127.0.0.1:{here.getsockname()[1]}"


def test_a_name_is_every_address_it_has() -> None:
    sockets = listen("localhost", 0)

    assert {one.getsockname()[0] for one in sockets} <= {"127.0.0.1", "::1"}
    assert len({one.getsockname()[1] for one in sockets}) == 1
    for one in sockets:
        one.close()


def test_a_port_in_use_is_said_in_a_sentence_and_nothing_stays_open() -> None:
    (taken,) = listen("127.0.0.1", 0)
    port = taken.getsockname()[1]

    with pytest.raises(CannotListen, match=f"Port {port} is in use"):
        listen("127.0.0.1", port)
    taken.close()

    (again,) = listen("127.0.0.1", port)
    again.close()


@pytest.mark.parametrize(
    ("host", "sentence"), [("192.0.2.1", "no address 192.0.2.1"), ("no such host", "HOST is no such host")]
)
def test_a_host_that_is_not_here_is_said_in_a_sentence(host: str, sentence: str) -> None:
    with pytest.raises(CannotListen, match=sentence):
        listen(host, 0)
