"""TRUSTED_PROXIES, and the default gateways that `gateway` stands for."""

import sys
from pathlib import Path

import pytest

from backend.trusted_proxies import default_gateways, split_entries, trusted_addresses

#: As Linux shows them in a container of Docker's default network, on a little-endian machine.
ROUTES = """Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT
eth0\t00000000\t010011AC\t0003\t0\t0\t0\t00000000\t0\t0\t0
eth0\t000011AC\t00000000\t0001\t0\t0\t0\t0000FFFF\t0\t0\t0
"""
NOTHING = "0" * 32
ROUTES_6 = f"""\
fd00000000000000000000000000beef 80 {NOTHING} 00 {NOTHING} 00000100 00000001 00000000 00200001 lo
{NOTHING} 00 {NOTHING} 00 fd000000000000000000000000000001 00000400 00000001 00000000 00000003 eth0
{NOTHING} 00 {NOTHING} 00 {NOTHING} ffffffff 00000001 00000000 00200200 lo
"""


@pytest.mark.skipif(sys.byteorder != "little", reason="the table is written in the byte order of the machine")
def test_the_default_gateways_of_both_families_are_read_from_the_routing_tables(tmp_path: Path) -> None:
    (tmp_path / "route").write_text(ROUTES)
    (tmp_path / "ipv6_route").write_text(ROUTES_6)

    assert default_gateways(tmp_path) == ["172.17.0.1", "fd00::1"]


def test_a_system_without_routing_tables_has_no_gateway(tmp_path: Path) -> None:
    assert default_gateways(tmp_path) == []


def test_gateway_stands_for_the_default_gateways_of_this_machine() -> None:
    assert trusted_addresses("127.0.0.1, gateway,10.0.0.0/8") == ["127.0.0.1", "10.0.0.0/8", *default_gateways()]
    assert trusted_addresses("") == []


def test_a_network_may_be_named_by_any_of_its_addresses() -> None:
    assert trusted_addresses("10.0.0.7/8") == ["10.0.0.0/8"]


@pytest.mark.parametrize("entry", ["*", "nginx", "10.0.0.0/33", "0.0.0.0/0", "Gateway"])
def test_an_entry_that_is_no_address_is_refused(entry: str) -> None:
    with pytest.raises(ValueError, match="claim any client address"):
        split_entries(f"127.0.0.1,{entry}")
