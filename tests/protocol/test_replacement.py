"""Statements about replacing a device: their bytes, who signs them, and that nothing else fits."""

import random
from dataclasses import replace

import pytest

from protocol.encoding import encode_fields
from protocol.errors import BadSignature, OutOfRange
from protocol.ids import DeviceAddress, Name
from protocol.labels import Label
from protocol.replacement import (
    ReplacementSignatures,
    ReplacementStatement,
    VetoStatement,
    sign_replacement,
    sign_veto,
    verify_replacement,
    verify_veto,
)
from protocol.signing import SigningKey, public_key_of

ACCOUNT_KEY, NEW, OLD = (SigningKey(bytes([number]) * 32) for number in (1, 2, 3))
STATEMENT = ReplacementStatement(
    b"r" * 32,
    b"n" * 32,
    DeviceAddress(Name("alice")),
    7,
    public_key_of(OLD),
    public_key_of(NEW),
    b"a" * 32,
)
VETO = VetoStatement(b"r" * 32, b"n" * 32, DeviceAddress(Name("alice")), 7, b"a" * 32)

CHANGES: dict[str, object] = {
    "relay_key": b"R" * 32,
    "nonce": b"N" * 32,
    "device": DeviceAddress(Name("alicf")),
    "generation": 8,
    "new_account_key": b"A" * 32,
}


def sized(data: bytes) -> bytes:
    return len(data).to_bytes(4, "big") + data


def test_golden_bytes_of_both_statements() -> None:
    before = sized(b"r" * 32) + sized(b"n" * 32) + sized(b"alice") + sized(bytes([0, 0, 0, 1]))
    before += sized(bytes(7) + b"\x08")
    keys = sized(public_key_of(OLD)) + sized(public_key_of(NEW)) + sized(b"a" * 32)
    for label in (Label.REPLACE_DEVICE, Label.REPLACE_DEVICE_NEW):
        signed = encode_fields(label, *STATEMENT.fields())
        assert signed == bytes([len(label)]) + label + before + keys
    signed = encode_fields(Label.VETO_REPLACEMENT, *VETO.fields())
    assert signed == b"\x1cglasspost/1/veto-replacement" + before + sized(b"a" * 32)


def test_golden_signatures() -> None:
    signed = sign_replacement(STATEMENT, ACCOUNT_KEY, NEW)
    assert signed.by_account_key.hex().startswith("a5f151fc27b4a3c307f659d7c07ba979")
    assert signed.by_new_identity.hex().startswith("9b9a6409f2eedb14aa8742993aefa064")
    assert sign_veto(VETO, OLD).hex().startswith("22c28fd0997b689b6f8ff67240f41fff")


def test_what_was_signed_verifies() -> None:
    signed = sign_replacement(STATEMENT, ACCOUNT_KEY, NEW)
    verify_replacement(STATEMENT, public_key_of(ACCOUNT_KEY), signed)
    verify_veto(VETO, public_key_of(OLD), sign_veto(VETO, OLD))


@pytest.mark.parametrize("field", [*CHANGES, "old_identity", "new_identity"])
def test_p5_a_replacement_covers_each_of_its_fields(field: str) -> None:
    signed = sign_replacement(STATEMENT, ACCOUNT_KEY, NEW)
    value = CHANGES.get(field, public_key_of(ACCOUNT_KEY))
    other = replace(STATEMENT, **{field: value})  # type: ignore[arg-type]
    with pytest.raises(BadSignature):
        verify_replacement(other, public_key_of(ACCOUNT_KEY), signed)


@pytest.mark.parametrize("field", CHANGES)
def test_p5_a_veto_covers_each_of_its_fields(field: str) -> None:
    signature = sign_veto(VETO, OLD)
    other = replace(VETO, **{field: CHANGES[field]})  # type: ignore[arg-type]
    with pytest.raises(BadSignature):
        verify_veto(other, public_key_of(OLD), signature)


def test_both_keys_have_to_sign_and_each_for_itself() -> None:
    good = sign_replacement(STATEMENT, ACCOUNT_KEY, NEW)
    exchanged = ReplacementSignatures(good.by_new_identity, good.by_account_key)
    by_one_key = sign_replacement(STATEMENT, ACCOUNT_KEY, ACCOUNT_KEY)
    mixed = (
        exchanged,
        by_one_key,
        replace(good, by_account_key=bytes(64)),
        replace(good, by_new_identity=good.by_account_key),
    )
    for bad in mixed:
        with pytest.raises(BadSignature):
            verify_replacement(STATEMENT, public_key_of(ACCOUNT_KEY), bad)


def test_one_label_does_not_serve_for_the_other(rng: random.Random) -> None:
    """Even where one key is both: it cannot say the one and be taken to have said the other."""
    key = SigningKey(rng.randbytes(32))
    statement = replace(STATEMENT, new_identity=public_key_of(key))
    signed = sign_replacement(statement, key, key)
    with pytest.raises(BadSignature):
        verify_replacement(
            statement,
            public_key_of(key),
            ReplacementSignatures(signed.by_new_identity, signed.by_account_key),
        )


def test_the_last_generation_has_none_after_it() -> None:
    last = (1 << 64) - 1
    assert replace(VETO, generation=last - 1).fields()[4] == b"\xff" * 8
    for statement in (replace(VETO, generation=last), replace(STATEMENT, generation=last)):
        with pytest.raises(OutOfRange):
            statement.fields()
