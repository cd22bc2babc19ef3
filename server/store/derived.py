"""What every engine derives in the same way: bundles, and the digest of an envelope."""

import hashlib

from protocol.records import OneTimePair, PrekeyBundle
from server.store.values import PrekeyUpload


def bundle_of(identity: bytes, keys: PrekeyUpload, pair: OneTimePair | None) -> PrekeyBundle:
    """Give the bundle with ``pair``, or with the last-resort prekey if there is none."""
    return PrekeyBundle(
        identity,
        keys.signed_prekey,
        keys.last_resort if pair is None else pair.kem,
        None if pair is None else pair.curve_key,
        keys.sealing_key,
    )


def digest_of(envelope: bytes) -> bytes:
    """Give what stands for an envelope once its bytes are deleted: its SHA-256."""
    return hashlib.sha256(envelope).digest()
