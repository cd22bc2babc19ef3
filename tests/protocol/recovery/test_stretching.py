"""Argon2id in front of the OPRF."""

import pytest
from nacl import bindings

from protocol.recovery.errors import NotEnoughMemory, UnusablePassword
from protocol.recovery.stretching import Password, Stretching, stretch

SALT = bytes(16)


def test_the_least_costs_are_64_mib_and_three_passes() -> None:
    got = stretch(Password.from_text("passwörd"), Stretching(SALT))
    expected = bindings.crypto_pwhash_alg(
        32, "passwörd".encode(), SALT, 3, 64 << 20, bindings.crypto_pwhash_ALG_ARGON2ID13
    )
    assert got.expose() == expected


def test_a_password_has_one_form_on_all_keyboards() -> None:
    assert Password.from_text("a\u0308") == Password.from_text("\u00e4")


@pytest.mark.parametrize("text", ["", "half \ud800"])
def test_what_is_no_password_is_refused(text: str) -> None:
    with pytest.raises(UnusablePassword):
        Password.from_text(text)


def test_missing_memory_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def starved(*arguments: object) -> bytes:
        raise MemoryError

    monkeypatch.setattr(bindings, "crypto_pwhash_alg", starved)
    with pytest.raises(NotEnoughMemory, match="64 MiB") as caught:
        stretch(Password.from_text("x"), Stretching(SALT))
    assert caught.value.__context__ is None
