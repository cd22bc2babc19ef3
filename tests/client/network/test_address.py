"""Relay addresses: what is read, what is refused, and what stays on this machine."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from client.network.address import DEFAULT_PORT, RelayAddress, parse_address
from protocol.errors import BadAddress

PIN = "ab" * 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1", RelayAddress("127.0.0.1", DEFAULT_PORT)),
        ("127.0.0.1:80", RelayAddress("127.0.0.1", 80)),
        ("relay.example:7000", RelayAddress("relay.example", 7000)),
        (f"glasspost://relay.example:1#{PIN}", RelayAddress("relay.example", 1, PIN)),
        (f"GLASSPOST://relay.example#{PIN.upper()}", RelayAddress("relay.example", 7667, PIN)),
        (f" glasspost://relay.example/#{PIN}\n", RelayAddress("relay.example", 7667, PIN)),
        ("[::1]", RelayAddress("::1")),
        ("glasspost://[0:0::1]:9", RelayAddress("::1", 9)),
        ("glasspost+plain://127.0.0.1:7700", RelayAddress("127.0.0.1", 7700, plain=True)),
    ],
)
def test_addresses_that_are_read(text: str, expected: RelayAddress) -> None:
    assert parse_address(text) == expected
    assert parse_address(str(expected)) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "host is missing"),
        (":7667", "host is missing"),
        ("http://relay.example", "begin with glasspost://"),
        ("relay.example:", "port"),
        ("relay.example:0", "port"),
        ("relay.example:65536", "port"),
        ("relay.example:+80", "port"),
        ("relay.example:٣", "port"),
        ("::1", "brackets"),
        ("[relay.example]", "only an IPv6"),
        ("[::1]7667", "brackets"),
        ("[:::]", "not an IPv6"),
        ("a b", "neither a name"),
        ("re..lay", "neither a name"),
        ("user@host", "neither a name"),
        ("h" * 254, "neither a name"),
        ("h" * 401, "longer than"),
        ("host#", "64 hexadecimal"),
        (f"host#{PIN}0", "64 hexadecimal"),
        (f"host#{'x' * 64}", "64 hexadecimal"),
        ("glasspost+plain://relay.example", "this machine only"),
        (f"glasspost+plain://127.0.0.1#{PIN}", "without TLS"),
    ],
)
def test_addresses_that_are_refused(text: str, reason: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse_address(text)
    assert reason in caught.value.reason


@pytest.mark.parametrize(
    ("host", "is_loopback"),
    [
        ("localhost", True),
        ("LocalHost", True),
        ("127.0.0.1", True),
        ("127.255.3.2", True),
        ("[::1]", True),
        ("[::ffff:127.0.0.1]", True),
        ("0.0.0.0", False),
        ("[::]", False),
        ("[::ffff:10.0.0.1]", False),
        ("10.0.0.1", False),
        ("127.0.0.1.example", False),
        ("localhost.example", False),
    ],
)
def test_what_stays_on_this_machine(host: str, is_loopback: bool) -> None:
    assert parse_address(host).is_loopback is is_loopback


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        address = parse_address(text)
    except BadAddress:
        return
    assert parse_address(str(address)) == address


def test_pinning() -> None:
    address = parse_address("relay.example").pinned_to(PIN.upper())
    assert str(address) == f"glasspost://relay.example:7667#{PIN}"
