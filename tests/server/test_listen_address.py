"""Where to listen, as typed."""

import pytest

from protocol.errors import BadAddress
from server.listen_address import DEFAULT_LISTEN, ListenAddress, parse_listen_address


@pytest.mark.parametrize(
    ("text", "host", "port", "url"),
    [
        (DEFAULT_LISTEN, "127.0.0.1", 7667, "glasspost://127.0.0.1:7667#ab"),
        ("localhost:0", "localhost", 0, "glasspost://localhost:0#ab"),
        ("[::1]:65535", "::1", 65_535, "glasspost://[::1]:65535#ab"),
        ("relay.example:1", "relay.example", 1, "glasspost://relay.example:1#ab"),
    ],
)
def test_addresses(text: str, host: str, port: int, url: str) -> None:
    address = parse_listen_address(text)
    assert address == ListenAddress(host, port)
    assert address.url("ab") == url
    assert address.url(None) == url.replace("glasspost:", "glasspost+plain:")[: -len("#ab")]


@pytest.mark.parametrize(
    "text",
    ["", "7667", ":7667", "host:", "host:-1", "host:65536", "host:٣", "host:7667x", "::1:7667"],
)
def test_what_is_no_address(text: str) -> None:
    with pytest.raises(BadAddress):
        parse_listen_address(text)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("0.0.0.0", False),
        ("::", False),
        ("relay.example", False),
    ],
)
def test_loopback(host: str, expected: bool) -> None:
    assert ListenAddress(host, 0).is_loopback == expected
