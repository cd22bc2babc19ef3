"""Replacing a device: what the keys above it and beside it sign, and how both sides check that.

    account key ─── signs ──▶ "this new identity takes my account over"     ReplacementStatement
    new identity ── signs ──▶ the same, under a label of its own
    old identity ── signs ──▶ "it does not, and this is my account key"     VetoStatement

A statement is good for one connection to one relay (key and nonce) and for one state of the
account (the generation): so it serves once, and nobody can keep it for later.

Spec: docs/protocol.md#replacing-a-device
"""

from dataclasses import dataclass

from protocol.encoding import u32, u64
from protocol.errors import OutOfRange
from protocol.ids import DeviceAddress
from protocol.labels import Label
from protocol.signing import SigningKey, sign, verify

_MAX_GENERATION = (1 << 64) - 1


@dataclass(frozen=True, slots=True)
class ReplacementStatement:
    """That a new identity takes a device's place.

    Attributes:
        relay_key: the relay's 32-byte key as this side saw it in TLS, zeros without TLS.
        nonce: the relay's 32 bytes from its Welcome.
        device: which device is replaced.
        generation: the account's generation as it is; what is signed is the next one.
        old_identity: 32 bytes, the identity on record.
        new_identity: 32 bytes.
        new_account_key: 32 bytes, the account key from then on; it may stay the same.
    """

    relay_key: bytes
    nonce: bytes
    device: DeviceAddress
    generation: int
    old_identity: bytes
    new_identity: bytes
    new_account_key: bytes

    def fields(self) -> tuple[bytes, ...]:
        """Give the fields that both keys sign.

        Raises:
            OutOfRange: there is no generation after this one.
        """
        return (*_beginning(self), self.old_identity, self.new_identity, self.new_account_key)


@dataclass(frozen=True, slots=True)
class VetoStatement:
    """That the device stays, under another account key (attributes as above)."""

    relay_key: bytes
    nonce: bytes
    device: DeviceAddress
    generation: int
    new_account_key: bytes

    def fields(self) -> tuple[bytes, ...]:
        """Give the fields that the device's identity signs.

        Raises:
            OutOfRange: there is no generation after this one.
        """
        return (*_beginning(self), self.new_account_key)


@dataclass(frozen=True, slots=True)
class ReplacementSignatures:
    """The two signatures of a replacement, 64 bytes each."""

    by_account_key: bytes
    by_new_identity: bytes


def sign_replacement(
    statement: ReplacementStatement, account_key: SigningKey, new_identity: SigningKey
) -> ReplacementSignatures:
    """Sign with the account key as it is, and with the identity that comes.

    Raises:
        OutOfRange: there is no generation after the statement's.
    """
    fields = statement.fields()
    return ReplacementSignatures(
        sign(account_key, Label.REPLACE_DEVICE, *fields),
        sign(new_identity, Label.REPLACE_DEVICE_NEW, *fields),
    )


def verify_replacement(
    statement: ReplacementStatement, account_key: bytes, signatures: ReplacementSignatures
) -> None:
    """Check that the account key on record and the new identity have signed ``statement``.

    Raises:
        BadSignature: one of them has not.
        OutOfRange: there is no generation after the statement's.
    Cost: two Ed25519 verifications at most.
    """
    fields = statement.fields()
    verify(account_key, signatures.by_account_key, Label.REPLACE_DEVICE, *fields)
    verify(statement.new_identity, signatures.by_new_identity, Label.REPLACE_DEVICE_NEW, *fields)


def sign_veto(statement: VetoStatement, identity: SigningKey) -> bytes:
    """Sign with the identity that stays; gives 64 bytes.

    Raises:
        OutOfRange: there is no generation after the statement's.
    """
    return sign(identity, Label.VETO_REPLACEMENT, *statement.fields())


def verify_veto(statement: VetoStatement, identity: bytes, signature: bytes) -> None:
    """Check that the identity on record has signed ``statement``.

    Raises:
        BadSignature: it has not.
        OutOfRange: there is no generation after the statement's.
    """
    verify(identity, signature, Label.VETO_REPLACEMENT, *statement.fields())


def _beginning(statement: ReplacementStatement | VetoStatement) -> tuple[bytes, ...]:
    """Give what binds a statement to one connection and one state of the account."""
    return (
        statement.relay_key,
        statement.nonce,
        statement.device.name.encode(),
        u32(statement.device.device),
        _next(statement.generation),
    )


def _next(generation: int) -> bytes:
    if not 0 <= generation < _MAX_GENERATION:
        raise OutOfRange("u64")
    return u64(generation + 1)
