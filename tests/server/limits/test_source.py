"""Which addresses count as one."""

import pytest

from server.limits.source import HERE, source_of


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"])
def test_this_machine_is_local(host: str) -> None:
    assert source_of(host, 1).is_local


@pytest.mark.parametrize("host", ["192.0.2.1", "10.0.0.1", "2001:db8::1", "::ffff:192.0.2.1"])
def test_another_machine_is_not(host: str) -> None:
    assert not source_of(host, 1).is_local


def test_a_version_4_address_counts_alone() -> None:
    assert source_of("192.0.2.1", 1).block == bytes([192, 0, 2, 1])
    assert source_of("192.0.2.1", 1).block == source_of("192.0.2.1", 2).block
    assert source_of("192.0.2.1", 1).block == source_of("::ffff:192.0.2.1", 1).block
    assert source_of("192.0.2.1", 1).block != source_of("192.0.2.2", 1).block


def test_a_version_6_network_counts_as_one() -> None:
    one = source_of("2001:db8:1:2::1", 1).block
    assert len(one) == 8
    assert one == source_of("2001:db8:1:2:ffff:ffff:ffff:ffff", 1).block
    assert one != source_of("2001:db8:1:3::1", 1).block
    assert source_of("fe80::1%eth0", 1).block == source_of("fe80::2", 1).block


def test_what_has_no_address_is_here() -> None:
    assert HERE.is_local
    assert source_of("192.0.2.1", 80).text == "192.0.2.1 port 80"
