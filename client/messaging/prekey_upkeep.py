"""Which prekeys to make and upload: private halves are on disk before anybody hears of them.

    due_upload      new keys, if these are old, doubted, or few are left ──▶ UploadPrekeys
    uploaded        the relay has them: older ones are retired, for 35 days
    pairs_refused   the relay has none of the pairs: their private halves go

One-time pairs whose upload was not answered are not uploaded again: the relay
may have handed some out, and a pair must not be used twice. Nor is a private
half deleted to make room for one that nobody has confirmed: while too many are
kept, uploads bring no pairs, and the next that is confirmed makes room.

Spec: docs/protocol.md#prekeys
"""

from dataclasses import replace
from typing import TypeVar

from client.store import account, prekeys, settings
from client.store.prekeys import (
    MAX_ONE_TIME_PRIVATES,
    MEDIUM_LIVED,
    PrekeyKind,
    StoredPrekey,
)
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.prekeys import (
    make_last_resort,
    make_one_time_pair,
    make_sealing_key,
    make_signed_prekey,
)
from protocol.errors import DamagedState, WireError
from protocol.limits import (
    MAX_BUNDLE_AHEAD_MS,
    ONE_TIME_PAIRS_COUNT,
    ONE_TIME_PAIRS_LOW,
    PREKEY_ROTATION_MS,
)
from protocol.packing import pack, unpack_untrusted
from protocol.randomness import RandomBytes
from protocol.records import OneTimePair, SignedKemPrekey, SignedPrekey, SignedSealingKey
from protocol.wire.messages import UploadPrekeys

T = TypeVar("T")

_MAX_RECORD_BYTES = 2_048


def due_upload(
    tx: Transaction, shelf_count: int, surroundings: Surroundings
) -> UploadPrekeys | None:
    """Make the keys that are due and give what to upload, or None if nothing is.

    Args:
        shelf_count: one-time pairs left at the relay, as it says.
    Cost: about 25 ms for a full shelf.
    """
    random_bytes = surroundings.random_bytes
    if settings.are_prekeys_doubted(tx):
        prekeys.skip_ids(tx)
        shelf_count = 0
        _rotate(tx, random_bytes)
    elif _is_rotation_due(tx):
        _rotate(tx, random_bytes)
    low = shelf_count < ONE_TIME_PAIRS_LOW
    if not low and all(_is_uploaded(tx, kind) for kind in MEDIUM_LIVED):
        return None
    missing_count = ONE_TIME_PAIRS_COUNT - shelf_count if low else 0
    room = max(0, MAX_ONE_TIME_PRIVATES - prekeys.count(tx, PrekeyKind.ONE_TIME))
    return UploadPrekeys(
        _newest(tx, PrekeyKind.SIGNED, SignedPrekey),
        _newest(tx, PrekeyKind.LAST_RESORT, SignedKemPrekey),
        _newest(tx, PrekeyKind.SEALING, SignedSealingKey),
        tuple(_make_pair(tx, random_bytes) for _ in range(min(missing_count, room))),
    )


def uploaded(tx: Transaction, upload: UploadPrekeys) -> None:
    """Note that the relay has stored ``upload``; the keys it replaced there are retired.

    Only now does surplus of one-time pairs go: before, it may be all that the relay has.
    """
    now_ms = settings.relay_clock_ms(tx)
    if settings.are_prekeys_doubted(tx):
        settings.note_prekeys_renewed(tx)
    prekeys.mark_uploaded(tx, PrekeyKind.SIGNED, upload.signed_prekey.key_id, now_ms)
    prekeys.mark_uploaded(tx, PrekeyKind.LAST_RESORT, upload.last_resort.key_id, now_ms)
    prekeys.mark_uploaded(tx, PrekeyKind.SEALING, upload.sealing_key.key_id, now_ms)
    for pair in upload.one_time_pairs:
        prekeys.mark_uploaded_one_time(tx, pair.kem.key_id)
    prekeys.delete_surplus_one_time(tx)


def pairs_refused(tx: Transaction, upload: UploadPrekeys) -> None:
    """Forget the pairs of ``upload``: the relay has stored none, so nobody can use one."""
    for pair in upload.one_time_pairs:
        prekeys.delete(tx, PrekeyKind.ONE_TIME, pair.kem.key_id)


def without_pairs(upload: UploadPrekeys) -> UploadPrekeys:
    """Give the medium-lived keys of ``upload`` alone: a full shelf has room for them."""
    return replace(upload, one_time_pairs=())


def _is_rotation_due(tx: Transaction) -> bool:
    newest = prekeys.newest(tx, PrekeyKind.SIGNED)
    now_ms = settings.relay_clock_ms(tx)
    if newest is None:
        return True
    age_ms = now_ms - newest.issued_at_ms
    # One made under a clock that was wrong is refused by all who hear the right one.
    return age_ms >= PREKEY_ROTATION_MS or -age_ms > MAX_BUNDLE_AHEAD_MS


def _is_uploaded(tx: Transaction, kind: PrekeyKind) -> bool:
    newest = prekeys.newest(tx, kind)
    return newest is not None and prekeys.is_uploaded(tx, kind, newest.key_id)


def _newest(tx: Transaction, kind: PrekeyKind, cls: type[T]) -> T:
    newest = prekeys.newest(tx, kind)
    try:
        return unpack_untrusted(cls, newest.record if newest else b"", _MAX_RECORD_BYTES)
    except WireError as error:
        raise DamagedState("prekey") from error


def _rotate(tx: Transaction, random_bytes: RandomBytes) -> None:
    """Make a new key of each medium-lived kind."""
    device, now_ms = account.get(tx).device, settings.relay_clock_ms(tx)
    owner = (device.identity, device.address)

    def next_id(kind: PrekeyKind) -> int:
        return prekeys.next_id(tx, kind)

    signed, signed_private = make_signed_prekey(
        *owner, next_id(PrekeyKind.SIGNED), now_ms, random_bytes
    )
    _store(tx, PrekeyKind.SIGNED, signed, signed_private.expose())
    last_resort, seed = make_last_resort(
        *owner, next_id(PrekeyKind.LAST_RESORT), now_ms, random_bytes
    )
    _store(tx, PrekeyKind.LAST_RESORT, last_resort, seed.expose())
    sealing, sealing_private = make_sealing_key(
        *owner, next_id(PrekeyKind.SEALING), now_ms, random_bytes
    )
    _store(tx, PrekeyKind.SEALING, sealing, sealing_private.to_bytes())


def _make_pair(tx: Transaction, random_bytes: RandomBytes) -> OneTimePair:
    device, now_ms = account.get(tx).device, settings.relay_clock_ms(tx)
    key_id = prekeys.next_id(tx, PrekeyKind.ONE_TIME)
    pair, private = make_one_time_pair(
        device.identity, device.address, key_id, now_ms, random_bytes
    )
    _store(tx, PrekeyKind.ONE_TIME, pair.kem, private.to_bytes())
    return pair


def _store(
    tx: Transaction,
    kind: PrekeyKind,
    record: SignedPrekey | SignedKemPrekey | SignedSealingKey,
    private: bytes,
) -> None:
    key_id, issued_at_ms = record.key_id, record.issued_at_ms
    prekeys.add(tx, StoredPrekey(kind, key_id, issued_at_ms, private, pack(record)))
