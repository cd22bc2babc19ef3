"""Which of several heads is believed: the newest that the archive's key signed.

A storage can show an old head; the vaults keep a copy, so that one honest source
is enough. What does not verify is never believed, but it is told: a head that
claims a later epoch may be signed under a newer root than the keyring at hand.

Spec: docs/formats.md#which-head-is-believed
"""

from collections.abc import Mapping
from dataclasses import dataclass

from protocol.archive.head import Head, hash_of_head, open_head_untrusted
from protocol.archive.keys import ArchiveRoot, head_key
from protocol.errors import ManifestMissing, NoValidHead, PeerError, TwoWriters
from protocol.signing import public_key_of


@dataclass(frozen=True, slots=True)
class Choice:
    """The newest head, and what its sources had to say.

    Args:
        stored: the head's bytes; their hash goes into the next one.
        valid: by source, each head that this archive's key signed.
        refused: sources whose head did not verify, or is another archive's.
        rivals: heads that cannot stand in one history with the newest.
    """

    head: Head
    stored: bytes
    valid: Mapping[str, Head]
    refused: tuple[str, ...]
    rivals: tuple[Head, ...]

    @property
    def behind(self) -> tuple[str, ...]:
        """Sources with an older head: to be told the newest, or set back."""
        epoch = self.head.epoch
        return tuple(source for source, head in self.valid.items() if head.epoch < epoch)

    def require_one_writer(self) -> None:
        """Stop where two devices write this backup.

        Raises:
            TwoWriters: there is a rival.
        """
        for rival in self.rivals:
            raise TwoWriters(rival.epoch)

    def manifest_missing(self, storage: str) -> ManifestMissing:
        """Give the alarm for a storage that lacks the manifest of the newest head."""
        shown = self.valid.get(storage)
        older = shown is not None and shown.epoch < self.head.epoch
        return ManifestMissing(self.head.made_at_ms, shown.made_at_ms if shown and older else None)


def newest_head(heads: Mapping[str, bytes], root: ArchiveRoot, archive_id: bytes) -> Choice:
    """Choose among the heads that storage and vaults gave.

    Args:
        heads: by source, as they were given.

    Raises:
        NoValidHead: none is signed by this root for this archive.
    Cost: one signature each.
    """
    public = public_key_of(head_key(root))
    valid: dict[str, Head] = {}
    for source, stored in heads.items():
        try:
            head = open_head_untrusted(stored, public)
        except PeerError:
            continue
        if head.archive_id == archive_id:
            valid[source] = head
    if not valid:
        raise NoValidHead
    best = max(valid, key=lambda source: valid[source].epoch)
    refused = tuple(source for source in heads if source not in valid)
    rivals = _rivals({heads[source]: head for source, head in valid.items()}, heads[best])
    return Choice(valid[best], heads[best], valid, refused, rivals)


def _rivals(heads: Mapping[bytes, Head], newest: bytes) -> tuple[Head, ...]:
    """Give the heads that are the newest one's equals, or should be its previous and are not."""
    top = heads[newest]
    equals = [head for head in heads.values() if head.epoch == top.epoch and head != top]
    strays = [
        head
        for stored, head in heads.items()
        if head.epoch == top.epoch - 1 and hash_of_head(stored) != top.previous_hash
    ]
    return (*equals, *strays)
