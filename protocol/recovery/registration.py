"""What one vault gets at set-up, and what it checks before it takes it.

Spec: docs/recovery.md#registration
"""

from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from protocol.encoding import encode_fields
from protocol.labels import Label
from protocol.limits import MAX_VAULTS
from protocol.packing import U8, Key32, Many, pack
from protocol.recovery import group, guesses
from protocol.recovery.errors import VaultRefusal, VaultRefuses
from protocol.recovery.record import shares_are_consistent
from protocol.recovery.shapes import RecordId, ShareField, TagField


@dataclass(frozen=True, slots=True)
class Registration:
    """One vault's part of a password. There is no salt in it, so nothing to test a guess with."""

    record_id: RecordId
    index: U8
    share: ShareField
    public_shares: Annotated[tuple[Key32, ...], Many(MAX_VAULTS, least=1)]
    threshold: U8
    limit: U8
    tag: TagField
    owner_key: Key32

    def digest(self) -> bytes:
        """Give 32 bytes that stand for the whole in receipts; the share keeps them unguessable."""
        return sha256(encode_fields(Label.VAULT_REGISTRATION, pack(self))).digest()

    @property
    def public_share(self) -> bytes:
        """The commitment to this vault's own share."""
        return self.public_shares[self.index - 1]


def require_registrable(registration: Registration) -> None:
    """Check what a vault can check: a client's mistake must show now, not years later.

    Raises:
        VaultRefuses: BAD_REGISTRATION, if limit and threshold are not :func:`guesses.is_honest`,
            the index is not one of the shares, or share and public shares do not fit.
    Cost: about 2 ms at five vaults.
    """
    count = len(registration.public_shares)
    sound = (
        guesses.is_honest(count, registration.threshold, registration.limit)
        and 1 <= registration.index <= count
        and group.multiply_generator(registration.share).encoding == registration.public_share
        and shares_are_consistent(registration.public_shares, registration.threshold)
    )
    if not sound:
        raise VaultRefuses(VaultRefusal.BAD_REGISTRATION)
