"""The account file: golden bytes, wrong and missing passphrases, and what is told about damage."""

import hashlib
import random
from pathlib import Path

import pytest

from client.errors import ExitCode, LocalError, UserError, WrongSecret
from client.network.address import parse_address
from client.profile import passphrase, wrapped_file
from client.profile.account_file import (
    ACCOUNT_FILE,
    Credential,
    account_file_is_locked,
    read_account_file,
    write_account_file,
)
from client.profile.key_file import read_key_file, write_key_file
from client.profile.passphrase import Passphrase, Stretching
from client.store.connection import DatabaseKey
from protocol.ids import Name
from protocol.packing import pack_value
from protocol.signing import SigningKey, public_key_of

RIGHT = Passphrase.from_text("correct horse")
OLDER, OLD, NEW = (SigningKey(letter * 32) for letter in (b"f", b"o", b"n"))
RELAY = parse_address(f"glasspost://relay.example:7667#{'ab' * 32}")

ONE = Credential(Name("alice"), RELAY, 3, OLD)
TWO = Credential(Name("alice"), RELAY, 3, OLD, NEW)
THREE = Credential(Name("alice"), RELAY, 3, OLD, NEW, OLDER)

GOLDEN = bytes.fromhex(
    "676c617373706f7374206163636f756e742066696c650a"  # magic
    "01"
    "92c0"  # no stretching
    "c4cf"  # content of 207 bytes
    "96a5616c696365"
    "c45f676c617373706f73743a2f2f72656c61792e6578616d706c653a3736363723" + "6162" * 32 + "03"
    "c4206f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f6f"
    "c4206e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e6e"
    "c4206666666666666666666666666666666666666666666666666666666666666666"
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "alice.account"


@pytest.fixture(autouse=True)
def _cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make new files cheap to open, within what a reader accepts."""
    monkeypatch.setattr(
        wrapped_file, "Stretching", lambda salt: Stretching(salt, passphrase.LEAST_MEMORY_BYTES, 1)
    )


def test_the_bare_file_is_as_its_format_says(path: Path, rng: random.Random) -> None:
    write_account_file(path, THREE, None, rng.randbytes)
    assert path.read_bytes() == GOLDEN + hashlib.sha256(GOLDEN).digest()
    assert path.stat().st_mode & 0o777 == 0o600
    assert read_account_file(path, None) == THREE


@pytest.mark.parametrize("credential", [ONE, TWO, THREE])
def test_the_right_passphrase_gives_the_keys(
    path: Path, rng: random.Random, credential: Credential
) -> None:
    write_account_file(path, credential, RIGHT, rng.randbytes)
    assert account_file_is_locked(path)
    assert read_account_file(path, RIGHT) == credential
    for hidden in (b"alice", b"relay.example", b"o" * 32, b"n" * 32):
        assert hidden not in path.read_bytes()


@pytest.mark.parametrize("given", [None, Passphrase.from_text("battery staple")])
def test_a_wrong_or_missing_passphrase_is_exit_code_5(
    path: Path, rng: random.Random, given: Passphrase | None
) -> None:
    write_account_file(path, ONE, RIGHT, rng.randbytes)
    with pytest.raises(WrongSecret) as caught:
        read_account_file(path, given)
    assert caught.value.exit_code is ExitCode.WRONG_SECRET


def test_every_damaged_byte_is_damage(path: Path, rng: random.Random) -> None:
    write_account_file(path, ONE, RIGHT, rng.randbytes)
    whole = path.read_bytes()
    for position in range(len(whole)):
        changed = bytearray(whole)
        changed[position] ^= 1 << rng.randrange(8)
        path.write_bytes(changed)
        with pytest.raises(LocalError) as caught:
            read_account_file(path, RIGHT)
        assert caught.value.hint


@pytest.mark.parametrize(
    "content",
    [
        ["alice", b"", 3, b"o" * 32, None, None],
        ["Alice", b"localhost", 3, b"o" * 32, None, None],
        ["alice", b"ftp://localhost", 3, b"o" * 32, None, None],
        ["alice", b"\xff" * 9, 3, b"o" * 32, None, None],
        ["alice", b"localhost", -1, b"o" * 32, None, None],
        ["alice", b"localhost", 3, b"o" * 31, None, None],
        ["alice", b"localhost", 3, b"o" * 32, None],
        ["alice", b"localhost", 3, b"o" * 32, b"n" * 33, None],
        ["alice", b"localhost", 3, b"o" * 32, None, b"f" * 33],
    ],
)
def test_a_whole_file_of_foreign_content_is_damage(path: Path, content: object) -> None:
    body = ACCOUNT_FILE.head + pack_value([None, pack_value(content)])
    path.write_bytes(body + hashlib.sha256(body).digest())
    path.chmod(0o600)
    with pytest.raises(LocalError, match="damaged"):
        read_account_file(path, None)


def test_a_key_file_is_no_account_file_nor_the_other_way(path: Path, rng: random.Random) -> None:
    write_key_file(path, DatabaseKey(bytes(32)), None, rng.randbytes)
    with pytest.raises(LocalError, match="not an account file"):
        read_account_file(path, None)
    write_account_file(path, ONE, None, rng.randbytes)
    with pytest.raises(LocalError, match="not a key file"):
        read_key_file(path, None)


def test_where_it_cannot_lie_or_be_read_is_said(tmp_path: Path, rng: random.Random) -> None:
    for nowhere in (tmp_path / "missing" / "file", tmp_path):
        with pytest.raises(UserError, match="cannot be written"):
            write_account_file(nowhere, ONE, None, rng.randbytes)
        with pytest.raises(UserError, match="cannot be read"):
            read_account_file(nowhere, None)


def test_what_the_relay_shows_chooses_the_key() -> None:
    assert TWO.at(public_key_of(OLD), 4) == Credential(Name("alice"), RELAY, 4, OLD, NEW)
    settled = Credential(Name("alice"), RELAY, 4, NEW, former_key=OLD)
    assert TWO.at(public_key_of(NEW), 4) == settled
    assert TWO.at(public_key_of(SigningKey(b"x" * 32)), 4) is None
    assert ONE.at(public_key_of(NEW), 4) is None


def test_no_key_is_lost_when_the_relay_shows_the_former_one() -> None:
    settled = Credential(Name("alice"), RELAY, 5, OLD, former_key=OLDER)
    assert settled.at(public_key_of(OLDER), 4) == Credential(Name("alice"), RELAY, 4, OLDER, OLD)
    three = Credential(Name("alice"), RELAY, 2, OLDER, NEW, OLD)
    assert THREE.at(public_key_of(OLDER), 2) == three


def test_p8_a_credential_never_prints_its_keys() -> None:
    shown = f"{THREE} {THREE!r}"
    assert "oooo" not in shown
    assert b"o".hex() * 4 not in shown
