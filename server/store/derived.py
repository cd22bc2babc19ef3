"""What every engine derives in the same way: bundles, digests, and whether a token fits."""

import hashlib
import hmac

from protocol.limits import (
    MAX_ANONYMOUS_MAILBOX_BYTES,
    MAX_ANONYMOUS_MAILBOX_COUNT,
    MAX_MAILBOX_BYTES,
    MAX_MAILBOX_COUNT,
)
from protocol.records import OneTimePair, PrekeyBundle
from server.store.values import PrekeyUpload, Submission


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


def token_fits(kept: bytes | None, claimed: bytes | None) -> bool:
    """Tell whether ``claimed`` is the SHA-256 that the recipient has set; nobody's is None.

    In constant time: the hash itself is no secret worth guessing at, but it costs nothing.
    """
    return kept is not None and claimed is not None and hmac.compare_digest(kept, claimed)


def may_be_stored(kept: bytes | None, submission: Submission) -> bool:
    """Tell whether the sender logged in, or shows the recipient's token."""
    return submission.vouched is not None or token_fits(kept, submission.token_hash)


def mailbox_takes(submission: Submission, waiting_count: int, waiting_bytes: int) -> bool:
    """Tell whether a mailbox with so much mail takes one more; the last third is for the known."""
    if submission.vouched is None:
        most_count, most_bytes = MAX_ANONYMOUS_MAILBOX_COUNT, MAX_ANONYMOUS_MAILBOX_BYTES
    else:
        most_count, most_bytes = MAX_MAILBOX_COUNT, MAX_MAILBOX_BYTES
    return waiting_count < most_count and waiting_bytes + len(submission.envelope) <= most_bytes
