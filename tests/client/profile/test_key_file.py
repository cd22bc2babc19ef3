import hashlib
import os
import random
import re
from pathlib import Path

import msgpack
import pytest
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

from client.errors import ExitCode, LocalError, UserError, WrongSecret
from client.profile import passphrase, wrapped_file
from client.profile.key_file import KEY_FILE, needs_passphrase, read_key_file, write_key_file
from client.profile.passphrase import Passphrase, Stretching, stretch
from client.store.connection import DatabaseKey
from protocol.encoding import encode_fields
from protocol.labels import Label
from protocol.packing import pack_value

MAGIC = KEY_FILE.magic
RIGHT = Passphrase.from_text("correct horse")
WRONG = Passphrase.from_text("battery staple")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "profile.key"


@pytest.fixture
def key(rng: random.Random) -> DatabaseKey:
    return DatabaseKey(rng.randbytes(32))


@pytest.fixture
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make new files cheap to open, within what a reader accepts."""
    monkeypatch.setattr(
        wrapped_file, "Stretching", lambda salt: Stretching(salt, passphrase.LEAST_MEMORY_BYTES, 1)
    )


def signed(body: object, version: int = 1) -> bytes:
    """Give a file whose hash is right, whatever is in it."""
    content = MAGIC + bytes([version]) + pack_value(body)
    return content + hashlib.sha256(content).digest()


def test_the_right_passphrase_gives_the_key(
    path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    write_key_file(path, key, RIGHT, rng.randbytes)
    assert needs_passphrase(path)
    assert read_key_file(path, RIGHT) == key
    assert key.expose() not in path.read_bytes()


def test_new_files_cost_64_mib_and_3_passes() -> None:
    stretching = Stretching(bytes(16))
    assert (stretching.memory_bytes, stretching.passes) == (64 << 20, 3)


@pytest.mark.usefixtures("_cheap")
@pytest.mark.parametrize("given", [WRONG, None])
def test_a_wrong_or_missing_passphrase_is_exit_code_5(
    path: Path, key: DatabaseKey, rng: random.Random, given: Passphrase | None
) -> None:
    write_key_file(path, key, RIGHT, rng.randbytes)
    with pytest.raises(WrongSecret) as caught:
        read_key_file(path, given)
    assert caught.value.exit_code is ExitCode.WRONG_SECRET


@pytest.mark.usefixtures("_cheap")
def test_a_passphrase_is_the_same_however_the_keyboard_composes_it(
    path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    write_key_file(path, key, Passphrase.from_text("K\u00e4se"), rng.randbytes)
    assert read_key_file(path, Passphrase.from_text("Ka\u0308se")) == key


@pytest.mark.parametrize("text", ["", "half \ud800"])
def test_what_is_no_passphrase_is_refused(text: str) -> None:
    with pytest.raises(LocalError):
        Passphrase.from_text(text)


def test_a_bare_key_needs_no_passphrase_and_is_private(
    path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    write_key_file(path, key, None, rng.randbytes)
    assert not needs_passphrase(path)
    assert read_key_file(path, None) == key
    assert read_key_file(path, RIGHT) == key
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_bare_key_that_others_can_read_is_refused(
    path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    write_key_file(path, key, None, rng.randbytes)
    path.chmod(0o640)
    with pytest.raises(LocalError, match="Other users") as caught:
        read_key_file(path, None)
    assert "chmod 600" in caught.value.hint


@pytest.mark.usefixtures("_cheap")
@pytest.mark.parametrize("given", [RIGHT, WRONG, None])
def test_every_damaged_byte_is_damage_and_never_a_wrong_passphrase(
    path: Path, key: DatabaseKey, rng: random.Random, given: Passphrase | None
) -> None:
    write_key_file(path, key, RIGHT, rng.randbytes)
    whole = path.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        expect_damage(path, given)


@pytest.mark.usefixtures("_cheap")
def test_every_truncation_is_damage(path: Path, key: DatabaseKey, rng: random.Random) -> None:
    write_key_file(path, key, RIGHT, rng.randbytes)
    whole = path.read_bytes()
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        expect_damage(path, RIGHT)


@pytest.mark.usefixtures("_cheap")
def test_the_wrapping_is_bound_to_its_own_label(
    path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    """As docs/formats.md writes it, put together by hand."""
    write_key_file(path, key, RIGHT, rng.randbytes)
    costs, wrapped = msgpack.unpackb(path.read_bytes()[len(MAGIC) + 1 : -32])
    cipher = ChaCha20Poly1305(stretch(RIGHT, Stretching(*costs)).expose())
    assert Label.KEY_FILE.value == b"glasspost/1/key-file"
    fields = encode_fields(Label.KEY_FILE, bytes([1]), pack_value(costs))
    assert cipher.decrypt(wrapped[:12], wrapped[12:], fields) == key.expose()


def expect_damage(path: Path, given: Passphrase | None) -> None:
    with pytest.raises(UserError) as caught:
        read_key_file(path, given)
    assert caught.value.exit_code is ExitCode.LOCAL
    assert caught.value.hint


@pytest.mark.parametrize(
    "body",
    [
        [[bytes(16), (8 << 20) - 1, 3], bytes(60)],
        [[bytes(16), (1 << 30) + 1, 3], bytes(60)],
        [[bytes(16), 0xFFFFFFFF, 3], bytes(60)],
        [[bytes(16), 64 << 20, 0], bytes(60)],
        [[bytes(16), 64 << 20, 17], bytes(60)],
        [[bytes(15), 64 << 20, 3], bytes(60)],
        [[bytes(16), 64 << 20, 3], bytes(32)],
        [None, bytes(60)],
        [None, bytes(31)],
        [bytes(32)],
        None,
    ],
)
def test_costs_and_sizes_out_of_range_are_refused_before_they_are_paid(
    path: Path, body: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> None:
        raise AssertionError("the costs were paid")

    monkeypatch.setattr(wrapped_file, "stretch", never)
    path.write_bytes(signed(body))
    path.chmod(0o600)
    expect_damage(path, RIGHT)


def test_a_newer_version_is_said_to_be_newer(path: Path) -> None:
    path.write_bytes(signed([None, bytes(32)], version=2))
    with pytest.raises(LocalError, match="newer version"):
        read_key_file(path, None)


@pytest.mark.parametrize(
    "content", [b"", MAGIC, MAGIC + hashlib.sha256(MAGIC).digest(), b"\0" * 999]
)
def test_a_foreign_file_is_no_key_file(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(LocalError):
        read_key_file(path, None)


@pytest.mark.usefixtures("_cheap")
def test_changing_the_passphrase_keeps_the_key(
    path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    write_key_file(path, key, RIGHT, rng.randbytes)
    write_key_file(path, key, WRONG, rng.randbytes)
    assert read_key_file(path, WRONG) == key
    with pytest.raises(WrongSecret):
        read_key_file(path, RIGHT)
    assert os.listdir(path.parent) == ["profile.key"]


@pytest.mark.usefixtures("_cheap")
@pytest.mark.parametrize("failing", ["fsync", "replace"])
def test_p3_a_failed_change_leaves_the_old_file(
    path: Path,
    key: DatabaseKey,
    rng: random.Random,
    monkeypatch: pytest.MonkeyPatch,
    failing: str,
) -> None:
    write_key_file(path, key, RIGHT, rng.randbytes)
    before = path.read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full) if failing == "fsync" else patched.setattr(
            Path, "replace", full
        )
        with pytest.raises(OSError, match="No space"):
            write_key_file(path, key, WRONG, rng.randbytes)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == ["profile.key"]


@pytest.mark.usefixtures("_cheap")
def test_p3_the_content_is_synced_before_the_rename_and_the_folder_after(
    path: Path, key: DatabaseKey, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    steps: list[str] = []
    fsync, replace = os.fsync, Path.replace

    def recorded_fsync(descriptor: int) -> None:
        steps.append(f"sync {Path(os.readlink(f'/proc/self/fd/{descriptor}')).name}")
        fsync(descriptor)

    def recorded_replace(source: Path, target: Path) -> Path:
        steps.append("rename")
        return replace(source, target)

    monkeypatch.setattr(os, "fsync", recorded_fsync)
    monkeypatch.setattr(Path, "replace", recorded_replace)
    write_key_file(path, key, RIGHT, rng.randbytes)
    written, *rest = steps
    assert re.fullmatch(r"sync \.profile\.key\..+\.new", written)
    assert rest == ["rename", f"sync {path.parent.name}"]


@pytest.mark.usefixtures("_cheap")
def test_p3_two_changes_at_once_do_not_write_into_each_other(
    path: Path, key: DatabaseKey, rng: random.Random, monkeypatch: pytest.MonkeyPatch
) -> None:
    fsync, others = os.fsync, [WRONG]

    def overtaken(descriptor: int) -> None:
        if others:
            write_key_file(path, key, others.pop(), rng.randbytes)
        fsync(descriptor)

    monkeypatch.setattr(os, "fsync", overtaken)
    write_key_file(path, key, RIGHT, rng.randbytes)
    assert read_key_file(path, RIGHT) == key
    assert os.listdir(path.parent) == ["profile.key"]


def test_p8_secrets_of_the_profile_never_print(key: DatabaseKey) -> None:
    shown = f"{key} {key!r} {RIGHT} {RIGHT!r}"
    assert "correct horse" not in shown
    assert key.expose().hex() not in shown
