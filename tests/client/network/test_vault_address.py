"""NAME=HOST:PORT#KEY, and what is no such thing."""

import pytest

from client.network.certificate import fingerprint_of
from client.network.vault_address import address_of, parse_vault, vault_text
from protocol.errors import BadAddress
from protocol.recovery.record import Vault
from protocol.signing import SigningKey, public_key_of

KEY = public_key_of(SigningKey(bytes(32)))
DIGITS = KEY.hex()


@pytest.mark.parametrize("place", ["127.0.0.1:7700", "vault.example:1", "[::1]:65535"])
def test_it_reads_back(place: str) -> None:
    vault = parse_vault(f"  north={place}#{DIGITS} ")
    assert (vault.name, vault.address, vault.key) == ("north", place, KEY)
    assert parse_vault(vault_text(vault)) == vault
    assert parse_vault(f"north={place}#{DIGITS.upper()}") == vault


def test_the_certificate_is_pinned_by_the_keys_fingerprint() -> None:
    address = address_of(parse_vault(f"north=127.0.0.1:7700#{DIGITS}"))
    assert (address.host, address.port, address.plain) == ("127.0.0.1", 7700, False)
    assert address.fingerprint == fingerprint_of(KEY)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "NAME=HOST:PORT#KEY"),
        (f"127.0.0.1:7700#{DIGITS}", "NAME=HOST:PORT#KEY"),
        ("north=127.0.0.1:7700", "NAME=HOST:PORT#KEY"),
        (f"North=127.0.0.1:7700#{DIGITS}", "a name has"),
        (f"=127.0.0.1:7700#{DIGITS}", "a name has"),
        (f"north=127.0.0.1:7700#{DIGITS[:-1]}", "64 hexadecimal"),
        (f"north=127.0.0.1:7700#{DIGITS}0", "64 hexadecimal"),
        (f"north=127.0.0.1#{DIGITS}", "HOST:PORT"),
        (f"north=127.0.0.1:0#{DIGITS}", "port is a number"),
        (f"north=:7700#{DIGITS}", "host is missing"),
        (f"north=::1:7700#{DIGITS}", "brackets"),
        (f"north=glasspost://127.0.0.1:7700#{DIGITS}", "HOST:PORT"),
        (f"north=glasspost+plain://127.0.0.1:7700#{DIGITS}", "HOST:PORT"),
        (f"north={'v' * 124}:7700#{DIGITS}", "longer than 128"),
    ],
)
def test_what_cannot_be_is_said(text: str, reason: str) -> None:
    with pytest.raises(BadAddress) as caught:
        parse_vault(text)
    assert reason in caught.value.reason


@pytest.mark.parametrize("address", ["", "nonsense", "a b:1", "\x1b[2J:7700", "x" * 200])
def test_an_address_that_a_storage_forged_is_refused(address: str) -> None:
    vault = parse_vault(f"north=127.0.0.1:7700#{DIGITS}")
    with pytest.raises(BadAddress):
        address_of(Vault(vault.name, address, vault.key))
