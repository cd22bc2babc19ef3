"""Setting a password up: from a stretched password to what each party gets.

    OPRF key ──split──▶ share i ────────────────────────────▶ vault i, with its tag
        │ F(stretched)
        └──▶ output ──▶ password secret ──▶ the keyring's slot
                   └──▶ tag per vault
                        PasswordRecord (no secret in it) ───▶ the slot's public side

The key and the output are forgotten when this returns.

Spec: docs/recovery.md#set-up
"""

from collections.abc import Sequence
from dataclasses import dataclass

from protocol.randomness import RandomBytes
from protocol.recovery import group, guesses, oprf, shamir
from protocol.recovery.derived import PasswordSecret, password_secret, unlock_tag
from protocol.recovery.oprf import OprfInput, OprfOutput
from protocol.recovery.record import (
    PasswordRecord,
    Vault,
    VaultPart,
    require_distinct_operators,
    require_sound,
)
from protocol.recovery.registration import Registration
from protocol.recovery.scalar import KeyShare, OprfKey, random_scalar
from protocol.recovery.shapes import RECORD_ID_BYTES
from protocol.recovery.stretching import Stretching


@dataclass(frozen=True, slots=True)
class Guard:
    """Who is to guard a password: ``threshold`` of ``vaults``, for the owner of this key."""

    vaults: tuple[Vault, ...]
    threshold: int
    owner_key: bytes


@dataclass(frozen=True, slots=True)
class SetUp:
    """The record for the slot, vault i's registration at place i - 1, the slot's secret."""

    record: PasswordRecord
    registrations: tuple[Registration, ...]
    secret: PasswordSecret


def set_up(
    stretched: OprfInput, stretching: Stretching, guard: Guard, random_bytes: RandomBytes
) -> SetUp:
    """Make a new OPRF key and share it among the vaults.

    Args:
        stretched: the password's, by ``stretching``, whose salt is new.

    Raises:
        RecordRefused: an operator twice, or threshold and number do not fit.
    Cost: about 5 ms at three vaults, beside the stretching.
    """
    require_distinct_operators(guard.vaults)
    key = OprfKey(random_scalar(random_bytes))
    shares = shamir.split(key, guard.threshold, len(guard.vaults), random_bytes)
    record = _record(shares, stretching, guard, random_bytes)
    output = _evaluated(key, stretched, random_bytes)
    return SetUp(record, _registrations(record, shares, output, guard), password_secret(output))


def _record(
    shares: Sequence[KeyShare], stretching: Stretching, guard: Guard, random_bytes: RandomBytes
) -> PasswordRecord:
    parts = tuple(
        VaultPart(vault, random_bytes(RECORD_ID_BYTES), public.encoding)
        for vault, public in zip(guard.vaults, shamir.public_shares(shares), strict=True)
    )
    limit = guesses.largest_limit(len(parts), guard.threshold)
    record = PasswordRecord(stretching, guard.threshold, limit, parts)
    require_sound(record)
    return record


def _evaluated(key: OprfKey, stretched: OprfInput, random_bytes: RandomBytes) -> OprfOutput:
    """Give F(key, stretched), as a client and a server in one."""
    blinded = oprf.blind(stretched, random_bytes)
    return oprf.finalize(stretched, blinded.blind, group.multiply(key, blinded.element))


def _registrations(
    record: PasswordRecord, shares: Sequence[KeyShare], output: OprfOutput, guard: Guard
) -> tuple[Registration, ...]:
    publics = tuple(part.public_share for part in record.parts)
    return tuple(
        Registration(
            part.record_id,
            index,
            share,
            publics,
            record.threshold,
            record.limit,
            unlock_tag(output, part.record_id, part.vault.key),
            guard.owner_key,
        )
        for index, (part, share) in enumerate(zip(record.parts, shares, strict=True), 1)
    )
