"""What the reader does not take, although the right keys sealed or signed it."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import msgpack
import pytest

from protocol.archive.head import open_head_untrusted, sign_head
from protocol.archive.keys import ObjectKey, head_key
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH, ObjectKind
from protocol.archive.sealing import seal_bytes
from protocol.archive.segment import Segment
from protocol.signing import public_key_of
from scripts.backup_reader.archive import Archive
from scripts.backup_reader.conventions import CannotRead, split, strict
from scripts.backup_reader.keyring import Keyring
from scripts.backup_reader.objects import files_of, unseal
from scripts.backup_reader.vaults import Password
from tests.client.backup.reading.archives import ArchiveMaker
from tests.client.backup.reading.samples import BOB, full_backup, line
from tests.scripts.backup_reader.opening import lay_out
from tests.support.randomness import SeededBytes

Capture = pytest.CaptureFixture[str]
Record = list[object]
KEY = bytes(32)


def read(maker: ArchiveMaker, folder: Path, placed: tuple[bytes, ...] = ()) -> bool:
    """Read all objects; tell whether nothing was complained about."""
    with files_of(lay_out(maker.target.objects, folder)) as open_file:
        keyring = Keyring(maker.target.objects[KEYRING_PATH])
        archive = Archive(open_file, keyring, maker.root.expose())
        for entry in archive.newest(list(placed))[1]:
            archive.read(entry, len)
    return archive.complete


def signed_anew(maker: ArchiveMaker, **changes: object) -> bytes:
    """Sign a head that differs."""
    key = head_key(maker.root)
    head = open_head_untrusted(maker.stored_head, public_key_of(key))
    return sign_head(replace(head, **changes), key)  # type: ignore[arg-type]


def test_a_whole_backup_is_taken(tmp_path: Path) -> None:
    assert read(full_backup(), tmp_path)


def test_content_of_another_hash(tmp_path: Path, capsys: Capture) -> None:
    maker = ArchiveMaker()
    entry = maker.add_segment(Segment(BOB, (line(1),)))
    maker.entries[-1] = replace(entry, content_hash=bytes(32))
    maker.finish()
    assert not read(maker, tmp_path)
    assert "not what the manifest names" in capsys.readouterr().err


def test_a_head_of_another_keyring(tmp_path: Path, capsys: Capture) -> None:
    maker = full_backup()
    maker.target.objects[HEAD_PATH] = signed_anew(maker, keyring_hash=bytes(32))
    with pytest.raises(CannotRead):
        read(maker, tmp_path)
    assert "The keyring is not the one that the newest head names" in capsys.readouterr().err


def test_a_manifest_of_another_epoch(tmp_path: Path, capsys: Capture) -> None:
    maker = full_backup()
    (path,) = (path for path in maker.target.objects if path.startswith("manifest/"))
    maker.target.objects[path.replace("1-", "2-")] = maker.target.objects[path]
    maker.target.objects[HEAD_PATH] = signed_anew(maker, epoch=2)
    with pytest.raises(CannotRead):
        read(maker, tmp_path)
    assert "it does not belong to its head" in capsys.readouterr().err


def test_two_heads_of_one_epoch(tmp_path: Path, capsys: Capture) -> None:
    maker = full_backup()
    assert not read(maker, tmp_path, (maker.stored_head, signed_anew(maker, made_at_ms=1)))
    assert "Two devices write this backup" in capsys.readouterr().err


def test_a_head_at_a_vault_that_nobody_signed(tmp_path: Path, capsys: Capture) -> None:
    assert not read(full_backup(), tmp_path, (full_backup("another").stored_head,))
    assert "A head that a vault keeps is damaged" in capsys.readouterr().err


@pytest.mark.parametrize("data", [b"\xcc\x01", b"\xd9\x01a", b"\xdc\x00\x00", b"\x01\x01", b""])
def test_msgpack_in_another_encoding(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        strict(data)


def test_bytes_that_should_be_zeros() -> None:
    assert split(">B2xB", b"\x01\0\0\x02") == (1, 2)
    with pytest.raises(ValueError, match="zeros"):
        split(">B2xB", b"\x01\0\x01\x02")


def test_other_lengths_of_padding(monkeypatch: pytest.MonkeyPatch) -> None:
    key = ObjectKey(bytes(32))
    sealed = seal_bytes(ObjectKind.STATE, key, b"content", SeededBytes("padding"))
    assert b"".join(unseal(io.BytesIO(sealed), ObjectKind.STATE, bytes(32))) == b"content"
    monkeypatch.setattr("scripts.backup_reader.objects.FLOOR_BYTES", 8_192)
    with pytest.raises(ValueError, match="another length"):
        list(unseal(io.BytesIO(sealed), ObjectKind.STATE, bytes(32)))


def test_an_object_of_another_kind() -> None:
    sealed = seal_bytes(ObjectKind.STATE, ObjectKey(bytes(32)), b"content", SeededBytes("kind"))
    with pytest.raises(ValueError, match="not the object that was named"):
        list(unseal(io.BytesIO(sealed), ObjectKind.SEGMENT, bytes(32)))


CHANGES: tuple[Callable[[Record], Record], ...] = (
    lambda record: [[bytes(16), 2**20, 3], *record[1:]],
    lambda record: [[bytes(16), 2**31, 3], *record[1:]],
    lambda record: [[bytes(16), 2**26, 1], *record[1:]],
    lambda record: [[bytes(16), 2**26, 11], *record[1:]],
    lambda record: [record[0], 0, *record[2:]],
    lambda record: [record[0], 2, *record[2:]],
    lambda record: record[:3],
    lambda record: [*record[:3], [[["\x1b[2J", "north.example:7700", KEY], bytes(16), KEY]]],
    lambda record: [*record[:3], [[["north", "north.example:7700\n", KEY], bytes(16), KEY]]],
)


@pytest.mark.parametrize("change", CHANGES)
def test_p6_a_record_that_asks_for_too_much_or_writes_to_the_terminal(
    change: Callable[[Record], Record],
) -> None:
    part = [["north", "north.example:7700", KEY], bytes(16), KEY]
    record: Record = [[bytes(16), 2**26, 3], 1, 5, [part]]
    assert len(Password(b"\x01" + msgpack.packb(record)).vaults) == 1
    with pytest.raises(ValueError, match=r"."):
        Password(b"\x01" + msgpack.packb(change(record)))
