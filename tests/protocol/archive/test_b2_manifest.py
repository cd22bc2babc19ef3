"""B2 for the manifest: it is the one that was signed, byte for byte; its entries are fixed."""

from dataclasses import replace

import pytest

from protocol.archive.entry import ENTRY_BYTES, Entry
from protocol.archive.keys import ArchiveRoot, ObjectKey, object_name
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import (
    Manifest,
    entry_of_manifest,
    open_manifest_untrusted,
    seal_manifest,
)
from protocol.archive.opening import open_bytes_untrusted
from protocol.errors import ManifestReplaced, TooLong, UnsupportedVersion, WireError
from protocol.limits import MAX_MANIFEST_ENTRIES
from tests.protocol.archive.samples import (
    DRAW,
    HEAD,
    MANIFEST,
    ROOT,
    STORED_MANIFEST,
    entry,
    flipped,
    head_of,
)

CONTENT = MANIFEST.encode()


def test_a_manifest_is_read_back() -> None:
    assert open_manifest_untrusted(STORED_MANIFEST, HEAD, ROOT) == MANIFEST
    assert len(CONTENT) == 64 + 3 * 192


def test_b2_every_changed_byte_is_another_manifest() -> None:
    for place in range(len(STORED_MANIFEST)):
        with pytest.raises(ManifestReplaced):
            open_manifest_untrusted(flipped(STORED_MANIFEST, place), HEAD, ROOT)


def test_b2_an_older_manifest_in_its_place_is_refused() -> None:
    older = seal_manifest(replace(MANIFEST, epoch=6), ROOT, DRAW)
    with pytest.raises(ManifestReplaced):
        open_manifest_untrusted(older, HEAD, ROOT)


def test_b2_a_manifest_of_another_epoch_or_archive_is_refused_even_when_signed() -> None:
    for other in (replace(MANIFEST, epoch=6), replace(MANIFEST, archive_id=bytes(16))):
        stored = seal_manifest(other, ROOT, DRAW)
        with pytest.raises(ManifestReplaced):
            open_manifest_untrusted(stored, head_of(stored, 7), ROOT)


@pytest.mark.parametrize("size", [*range(0, 64, 7), 64, 65, 64 + ENTRY_BYTES, len(CONTENT) - 1])
def test_b2_cut_content_does_not_decode(size: int) -> None:
    with pytest.raises(WireError):
        Manifest.decode_untrusted(CONTENT[:size])


def test_b2_reserved_bytes_are_checked() -> None:
    for place in (*range(40, 64), 64 + 1, 64 + 3, 64 + 184, 64 + 191, 64 + 152 + 20):
        with pytest.raises(WireError):
            Manifest.decode_untrusted(flipped(CONTENT, place))


def test_an_entry_upside_down_is_refused() -> None:
    for wrong in ({"first_position": 10}, {"first_ms": 1 << 62}, {"conversation": "Not A Name"}):
        with pytest.raises(WireError):
            Entry.decode_untrusted(replace(entry(), **wrong).encode())


def test_a_newer_manifest_says_so() -> None:
    with pytest.raises(UnsupportedVersion):
        Manifest.decode_untrusted(b"\2" + CONTENT[1:])


def test_a_manifest_over_the_limit_is_refused() -> None:
    many = replace(MANIFEST, entries=(entry(),) * (MAX_MANIFEST_ENTRIES + 1))
    with pytest.raises(TooLong):
        many.encode()


def test_a_retained_manifest_opens_by_its_entry_alone_after_a_change_of_root() -> None:
    retained = entry_of_manifest(MANIFEST, STORED_MANIFEST, ROOT)
    assert retained.path == HEAD.manifest_path
    content = open_bytes_untrusted(ObjectKind.MANIFEST, retained.key, STORED_MANIFEST)
    assert Manifest.decode_untrusted(content) == MANIFEST


def test_an_entry_of_a_newer_kind_is_kept_and_has_no_path() -> None:
    newer = replace(entry(), kind=200)
    assert Entry.decode_untrusted(newer.encode()) == newer
    assert newer.path == ""


def test_paths_are_those_of_the_tree() -> None:
    assert entry(ObjectKind.MEDIA).path.startswith("media/")
    assert HEAD.manifest_path.startswith("manifest/0000000000000007-")


def test_names_tell_neither_kind_nor_conversation_nor_key() -> None:
    """The same key in another place, and another key in the same place, has another name."""
    key, other = ObjectKey.generate(DRAW), ObjectKey.generate(DRAW)
    names = {
        object_name(root, kind, conversation, each)
        for root in (ROOT, ArchiveRoot.generate(DRAW))
        for kind in (ObjectKind.MEDIA, ObjectKind.SEGMENT)
        for conversation in ("bob", "carol", "")
        for each in (key, other)
    }
    assert len(names) == 24
