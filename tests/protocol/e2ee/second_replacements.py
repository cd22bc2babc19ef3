"""The second opinion signs and checks what replaces a device, and the product does too."""

from dataclasses import replace
from types import ModuleType

import pytest

from protocol.errors import BadSignature
from protocol.ids import DeviceAddress, Name
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

ACCOUNT, OLD, NEW = (bytes([number]) * 32 for number in (11, 12, 13))
PRESENT = public_key_of(SigningKey(ACCOUNT))
RELAY, NONCE, NEXT = bytes(range(32)), bytes(range(32, 64)), b"k" * 32
GENERATION = 1 << 33


def public(seed: bytes) -> bytes:
    return public_key_of(SigningKey(seed))


def replacements(opinion: ModuleType) -> None:
    """Each side accepts what the other has signed, and neither anything that was changed."""
    theirs = opinion.Change(RELAY, NONCE, "alice", 1, GENERATION, public(OLD), public(NEW), NEXT)
    device = DeviceAddress(Name("alice"))
    ours = ReplacementStatement(RELAY, NONCE, device, GENERATION, public(OLD), public(NEW), NEXT)
    signed = sign_replacement(ours, SigningKey(ACCOUNT), SigningKey(NEW))
    pair = (signed.by_account_key, signed.by_new_identity)
    assert opinion.sign_replacement(theirs, ACCOUNT, NEW) == pair
    opinion.check_replacement(theirs, PRESENT, pair)
    verify_replacement(ours, PRESENT, ReplacementSignatures(*pair))
    for bad in (pair[::-1], (pair[0], bytes(64)), (pair[0], pair[0])):
        with pytest.raises(opinion.Refused):
            opinion.check_replacement(theirs, PRESENT, bad)
        with pytest.raises(BadSignature):
            verify_replacement(ours, PRESENT, ReplacementSignatures(*bad))


def vetoes(opinion: ModuleType) -> None:
    """The same for the veto."""
    theirs = opinion.Change(RELAY, NONCE, "alice", 1, GENERATION, public(OLD), b"", NEXT)
    ours = VetoStatement(RELAY, NONCE, DeviceAddress(Name("alice")), GENERATION, NEXT)
    signature = sign_veto(ours, SigningKey(OLD))
    assert opinion.sign_veto(theirs, OLD) == signature
    opinion.check_veto(theirs, signature)
    verify_veto(ours, public(OLD), opinion.sign_veto(theirs, OLD))
    theirs.generation += 1
    with pytest.raises(opinion.Refused):
        opinion.check_veto(theirs, signature)
    with pytest.raises(BadSignature):
        verify_veto(replace(ours, generation=GENERATION + 1), public(OLD), signature)
