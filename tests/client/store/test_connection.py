"""The file is what we promise: encrypted, durable, ours, or a clear sentence."""

import random
from pathlib import Path

import apsw
import pytest

from client.errors import LocalError
from client.store import schema
from client.store.connection import DatabaseKey, create_database, open_database_file
from client.store.faults import told_in_sentences
from client.store.transaction import run_transaction

CANARY = b"the canary sings at midnight"


def write_canary(connection: apsw.Connection) -> None:
    connection.execute("INSERT INTO settings VALUES ('canary', ?)", (CANARY.decode(),))


def test_the_settings_that_matter_hold(connection: apsw.Connection) -> None:
    settings = {
        name: connection.pragma(name)
        for name in ("journal_mode", "synchronous", "temp_store", "secure_delete", "cipher")
    }
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "temp_store": 2,
        "secure_delete": 1,
        "cipher": "chacha20",
    }
    assert connection.pragma("application_id") == schema.APPLICATION_ID
    assert connection.pragma("user_version") == schema.SCHEMA_VERSION


def test_no_file_holds_plaintext(connection: apsw.Connection, path: Path, key: DatabaseKey) -> None:
    write_canary(connection)
    in_log = [each.read_bytes() for each in path.parent.iterdir()]
    connection.close()
    at_rest = path.read_bytes()
    assert not at_rest.startswith(b"SQLite format 3")
    for content in (*in_log, at_rest):
        assert CANARY not in content
        assert b"CREATE TABLE" not in content
        assert key.expose() not in content


def test_the_search_for_plaintext_can_find_it(tmp_path: Path) -> None:
    path = tmp_path / "plain.db"
    connection = apsw.Connection(str(path))
    run_transaction(connection, schema.create)
    write_canary(connection)
    connection.close()
    assert CANARY in path.read_bytes()


def test_it_opens_again_under_its_key_only(
    connection: apsw.Connection, path: Path, key: DatabaseKey, rng: random.Random
) -> None:
    write_canary(connection)
    connection.close()
    again = open_database_file(path, key)
    assert again.execute("SELECT value FROM settings").get == CANARY.decode()
    again.close()
    with pytest.raises(LocalError, match=r"damaged, or belongs to another profile\.key"):
        open_database_file(path, DatabaseKey(rng.randbytes(32)))


def test_the_raw_key_is_taken_as_it_is(
    connection: apsw.Connection, path: Path, key: DatabaseKey
) -> None:
    """A stretched key would open too, but not for another program that follows formats.md."""
    connection.close()
    other = apsw.Connection(str(path))
    other.pragma("cipher", "chacha20")
    other.pragma("key", f"x'{key.expose().hex()}'")
    assert other.pragma("application_id") == schema.APPLICATION_ID
    other.close()


def test_plain_apsw_is_refused(
    path: Path, key: DatabaseKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(apsw, "mc_version")
    with pytest.raises(LocalError, match="cannot encrypt"):
        create_database(path, key)
    assert not path.exists()


def test_a_layer_above_the_ciphers_is_refused(path: Path, key: DatabaseKey) -> None:
    """It would get the write-ahead log before it is encrypted."""

    class Layer(apsw.VFS):
        def __init__(self) -> None:
            super().__init__("layer", "multipleciphers-unix")

    layer = Layer()
    with pytest.raises(LocalError, match="cannot encrypt"):
        create_database(path, key, vfs="layer")
    layer.unregister()


def test_a_setting_that_does_not_take_is_noticed(
    path: Path, key: DatabaseKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLite takes a pragma that it does not know, or cannot follow, in silence."""
    monkeypatch.setattr("client.store.connection._SETTINGS", (("synchronousness", 2),))
    with pytest.raises(LocalError, match="synchronousness"):
        create_database(path, key)


def test_a_plaintext_file_is_noticed(
    path: Path, key: DatabaseKey, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As if the cipher had taken the key and not used it."""
    monkeypatch.setattr("client.store.connection._set_key", lambda *_: None)
    with pytest.raises(LocalError, match="not encrypted"):
        create_database(path, key)


def test_a_newer_or_unknown_version_is_refused(
    connection: apsw.Connection, path: Path, key: DatabaseKey
) -> None:
    connection.pragma("user_version", schema.SCHEMA_VERSION + 1)
    connection.close()
    with pytest.raises(LocalError, match="newer version"):
        open_database_file(path, key)


def test_an_encrypted_database_that_is_no_profile_is_refused(
    connection: apsw.Connection, path: Path, key: DatabaseKey
) -> None:
    connection.pragma("application_id", 7)
    connection.close()
    with pytest.raises(LocalError, match="not a Glasspost profile"):
        open_database_file(path, key)


@pytest.mark.parametrize("overwritten", [True, False])
def test_deleted_secrets_are_overwritten(
    path: Path, key: DatabaseKey, monkeypatch: pytest.MonkeyPatch, overwritten: bool
) -> None:
    """Under the cipher, where a thief with the key looks; and without the setting they stay."""
    monkeypatch.setattr("client.store.connection._set_key", lambda *_: None)
    monkeypatch.setattr("client.store.connection._require_ciphertext", lambda *_: None)
    connection = create_database(path, key)
    connection.pragma("secure_delete", connection.pragma("secure_delete") and overwritten)
    secret = bytes(range(256)) * 40
    connection.execute(
        "INSERT INTO prekeys (kind, key_id, issued_at_ms, private, record) VALUES (?,?,?,?,?)",
        ("one-time", 1, 0, secret, b""),
    )
    connection.pragma("wal_checkpoint", "truncate")
    assert secret[:256] in path.read_bytes()
    connection.execute("DELETE FROM prekeys")
    connection.pragma("wal_checkpoint", "truncate")
    assert (secret[:256] in path.read_bytes()) is not overwritten
    connection.close()


@pytest.mark.parametrize("region", ["first page", "anywhere", "cut"])
def test_p5_damage_at_any_offset_is_told_or_harmless(
    connection: apsw.Connection,
    path: Path,
    key: DatabaseKey,
    rng: random.Random,
    region: str,
) -> None:
    """One flipped bit, or a cut: every row still reads as it was, or a sentence says damage."""
    for number in range(200):
        connection.execute("INSERT INTO settings VALUES (?, ?)", (f"row {number}", "x" * 500))
    rows = connection.execute("SELECT * FROM settings").fetchall()
    connection.close()
    whole, told_count = path.read_bytes(), 0
    for _ in range(60):
        path.write_bytes(damaged(whole, region, rng))
        found = read_settings(path, key)
        assert found in (rows, None)
        told_count += found is None
    assert told_count > 50


def read_settings(path: Path, key: DatabaseKey) -> list[tuple[object, ...]] | None:
    """Give all rows, or None if a sentence said that they cannot be read."""
    try:
        with told_in_sentences():
            connection = open_database_file(path, key)
            try:
                connection.execute("PRAGMA integrity_check").fetchall()
                return connection.execute("SELECT * FROM settings").fetchall()
            finally:
                connection.close()
    except LocalError:
        return None


def damaged(whole: bytes, region: str, rng: random.Random) -> bytes:
    if region == "cut":
        return whole[: rng.randrange(len(whole) // 2)]
    changed = bytearray(whole)
    changed[rng.randrange(4096 if region == "first page" else len(whole))] ^= 1 << rng.randrange(8)
    return bytes(changed)
