"""A ratchet state in a form that packs, its keys bare, and back.

Skipped keys are one string of fixed rows (ratchet key, index, since, message
key), the oldest first: 2,000 of them are read in about 2 ms.

Spec: docs/protocol.md#ratchet (what a state is; this encoding is our own)
"""

import struct
from dataclasses import dataclass
from typing import Annotated, Final

from protocol.e2ee.curve import CurvePrivateKey
from protocol.e2ee.kem import KEM_SEED_BYTES, KemSeed
from protocol.e2ee.ratchet.chain import ChainKey, MessageKey, ReceivingChain, SendingChain
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.ratchet.root import RootKey
from protocol.e2ee.ratchet.since_mix import SinceMix
from protocol.e2ee.ratchet.skipped import KeptKey, Place, SkippedKeys, skipped_keys_of
from protocol.e2ee.ratchet.state import RatchetState
from protocol.errors import WireError
from protocol.limits import MAX_SKIPPED_KEYS
from protocol.packing import U32, U64, Binary, Key32
from protocol.records import KEM_CIPHERTEXT_BYTES, KEM_PUBLIC_BYTES

_ROW = struct.Struct(">32sIQ32s")

MAX_RATCHET_BYTES: Final = _ROW.size * MAX_SKIPPED_KEYS + 6_144
"""More than any state takes: its skipped keys, two chains with all KEM fields, and 1.5 kB."""

KemKeyBytes = Annotated[bytes, Binary(KEM_PUBLIC_BYTES, KEM_PUBLIC_BYTES)]
KemCiphertextBytes = Annotated[bytes, Binary(KEM_CIPHERTEXT_BYTES, KEM_CIPHERTEXT_BYTES)]
KemSeedBytes = Annotated[bytes, Binary(KEM_SEED_BYTES, KEM_SEED_BYTES)]
Rows = Annotated[bytes, Binary(0, _ROW.size * MAX_SKIPPED_KEYS)]


@dataclass(frozen=True, slots=True)
class StoredKem:
    """The KEM fields of a chain."""

    attached_key: KemKeyBytes | None
    ciphertext: KemCiphertextBytes | None


@dataclass(frozen=True, slots=True)
class StoredSinceMix:
    """What was counted since the last mix."""

    message_count: U64
    mixed_at_ms: U64 | None
    heard_at_ms: U64 | None


@dataclass(frozen=True, slots=True, repr=False)
class StoredSending:
    """A sending chain, keys bare."""

    ratchet_key: Key32
    key: Key32
    previous_count: U32
    count: U32
    kem: StoredKem
    kem_seed: KemSeedBytes | None


@dataclass(frozen=True, slots=True, repr=False)
class StoredReceiving:
    """A receiving chain, keys bare."""

    ratchet_key: Key32
    key: Key32
    index: U32
    kem: StoredKem


@dataclass(frozen=True, slots=True, repr=False)
class StoredRatchet:
    """A ratchet state, keys bare."""

    root: Key32
    our_private: Key32 | None
    their_key: Key32 | None
    sending: StoredSending | None
    receiving: StoredReceiving | None
    previous_count: U32
    skipped: Rows
    since_mix: StoredSinceMix


def store_ratchet(state: RatchetState) -> StoredRatchet:
    """Give ``state`` with its keys bare: only to be packed at once."""
    return StoredRatchet(
        state.root.expose(),
        None if state.our_private is None else state.our_private.expose(),
        state.their_key,
        None if state.sending is None else _store_sending(state.sending),
        None if state.receiving is None else _store_receiving(state.receiving),
        state.previous_count,
        _store_skipped(state.skipped),
        _store_since_mix(state.since_mix),
    )


def restore_ratchet(stored: StoredRatchet) -> RatchetState:
    """Read back what :func:`store_ratchet` gave.

    Raises:
        WireError: a row of skipped keys is cut short.
    """
    return RatchetState(
        RootKey(stored.root),
        None if stored.our_private is None else CurvePrivateKey(stored.our_private),
        stored.their_key,
        None if stored.sending is None else _restore_sending(stored.sending),
        None if stored.receiving is None else _restore_receiving(stored.receiving),
        stored.previous_count,
        _restore_skipped(stored.skipped),
        _restore_since_mix(stored.since_mix),
    )


def _store_sending(chain: SendingChain) -> StoredSending:
    return StoredSending(
        chain.ratchet_key,
        chain.key.expose(),
        chain.previous_count,
        chain.count,
        _store_kem(chain.kem),
        None if chain.kem_seed is None else chain.kem_seed.expose(),
    )


def _restore_sending(stored: StoredSending) -> SendingChain:
    return SendingChain(
        stored.ratchet_key,
        ChainKey(stored.key),
        stored.previous_count,
        stored.count,
        _restore_kem(stored.kem),
        None if stored.kem_seed is None else KemSeed(stored.kem_seed),
    )


def _store_receiving(chain: ReceivingChain) -> StoredReceiving:
    return StoredReceiving(
        chain.ratchet_key, chain.key.expose(), chain.index, _store_kem(chain.kem)
    )


def _restore_receiving(stored: StoredReceiving) -> ReceivingChain:
    kem = _restore_kem(stored.kem)
    return ReceivingChain(stored.ratchet_key, ChainKey(stored.key), stored.index, kem)


def _store_kem(fields: KemFields) -> StoredKem:
    return StoredKem(fields.attached_key or None, fields.ciphertext or None)


def _restore_kem(stored: StoredKem) -> KemFields:
    return KemFields(stored.attached_key or b"", stored.ciphertext or b"")


def _store_since_mix(since: SinceMix) -> StoredSinceMix:
    return StoredSinceMix(since.message_count, since.mixed_at_ms, since.heard_at_ms)


def _restore_since_mix(stored: StoredSinceMix) -> SinceMix:
    return SinceMix(stored.message_count, stored.mixed_at_ms, stored.heard_at_ms)


def _store_skipped(skipped: SkippedKeys) -> bytes:
    return b"".join(
        _ROW.pack(place.ratchet_key, place.position, kept.since_ms, kept.key.expose())
        for place, kept in skipped.entries.items()
    )


def _restore_skipped(rows: bytes) -> SkippedKeys:
    if len(rows) % _ROW.size:
        raise WireError("a row of skipped keys that is cut short")
    return skipped_keys_of(
        (Place(ratchet_key, index), KeptKey(MessageKey(key), since_ms))
        for ratchet_key, index, since_ms, key in _ROW.iter_unpack(rows)
    )
