"""What a person types as TARGET, and what a person should not."""

import random
from pathlib import Path

import pytest

from client.backup.targets.credentials import Credentials, credentials_of
from client.backup.targets.folder import FolderTarget
from client.backup.targets.interface import TargetRefused
from client.backup.targets.opening import Means, open_target
from client.backup.targets.parse import CloudAddress, FolderAddress, RelayPlace, parse_target
from client.errors import LocalError
from client.network.transport import Dialed
from tests.client.backup.targets.storages import LOCATOR, surroundings


@pytest.mark.parametrize("text", ["/mnt/disk", "folder:/mnt/disk", "FOLDER:/mnt/disk"])
def test_a_path_is_a_folder(text: str) -> None:
    assert parse_target(text) == FolderAddress(Path("/mnt/disk"))


def test_a_path_is_stored_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever backs up from another folder later means the same place."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/ann")
    assert str(parse_target("disk")) == f"folder:{tmp_path}/disk"
    assert str(parse_target("./a:b")) == f"folder:{tmp_path}/a:b"
    assert str(parse_target("folder:~/backup")) == "folder:/home/ann/backup"


def test_a_relay_is_a_locator() -> None:
    assert parse_target(f"relay:{LOCATOR}") == RelayPlace(LOCATOR)
    assert parse_target(f"Relay:{str(LOCATOR).upper()}") == RelayPlace(LOCATOR)


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("s3:box", {"bucket": "box", "root": "/"}),
        (
            "s3:box/a/b?region=eu-1&endpoint=https://s3.example.org",
            {
                "bucket": "box",
                "root": "/a/b",
                "region": "eu-1",
                "endpoint": "https://s3.example.org",
            },
        ),
        (
            "webdav:https://dav.example.org:8443/me/backup/",
            {"endpoint": "https://dav.example.org:8443", "root": "/me/backup"},
        ),
        ("webdav:http://127.0.0.1:80", {"endpoint": "http://127.0.0.1:80", "root": "/"}),
        ("gdrive:", {"root": "/"}),
        ("dropbox:Apps/glasspost", {"root": "/Apps/glasspost"}),
        ("azblob:box/x", {"container": "box", "root": "/x"}),
    ],
)
def test_a_service_and_its_place(text: str, options: dict[str, str]) -> None:
    address = parse_target(text)
    assert isinstance(address, CloudAddress)
    assert (address.options, str(address)) == (options, text)


@pytest.mark.parametrize(
    "text", ["/mnt/disk", f"relay:{LOCATOR}", "s3:box/a?region=eu", "gdrive:x"]
)
def test_what_is_stored_reads_back_to_the_same(text: str) -> None:
    assert parse_target(str(parse_target(text))) == parse_target(text)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "path is missing"),
        ("folder:", "path is missing"),
        ("a\0b", "path is missing"),
        ("~nobody-here/x", "not known"),
        ("relay:", "not where a backup lies"),
        ("relay:0000-0000-0000-0000-0000-0000-00vn", "not where a backup lies"),
        ("s4:box", "no kind of target named s4"),
        ("s3:", "not said where"),
        ("s3:?region=x", "not said where"),
        ("s3:box?region", "options"),
        ("s3:box?endpoint=http://s3.example.org", "to the network"),
        ("webdav:dav.example.org/x", "address of the service"),
        ("webdav:http://dav.example.org/x", "to the network"),
    ],
)
def test_what_cannot_be_is_said(text: str, said: str) -> None:
    with pytest.raises(LocalError, match=said) as caught:
        parse_target(text)
    assert caught.value.hint


@pytest.mark.parametrize(
    "text",
    [
        "s3:box?secret_access_key=hunter2",
        "s3:box?access_key_id=hunter2",
        "gdrive:x?Refresh_Token=hunter2",
        "webdav:https://ann:hunter2@dav.example.org/x",
        "webdav:https://dav.example.org/x?password=hunter2",
    ],
)
def test_p8_a_secret_in_an_address_is_refused_and_not_repeated(text: str) -> None:
    with pytest.raises(LocalError, match="holds no secrets") as caught:
        parse_target(text)
    assert "hunter2" not in f"{caught.value.what}{caught.value.why}{caught.value.hint}"


def test_credentials_come_from_the_environment_and_a_file(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    file.write_text("# of the box\n\npassword = a = b \nuser=ann\n")
    file.chmod(0o600)
    environment = {
        "GLASSPOST_TARGET_PASSWORD": "other",
        "GLASSPOST_TARGET_REGION": "eu",
        "HOME": "/",
    }
    assert credentials_of(environment, file).options == {
        "password": "a = b",
        "region": "eu",
        "user": "ann",
    }


def test_p8_credentials_do_not_print(tmp_path: Path) -> None:
    file = tmp_path / "credentials"
    for content, mode, said in (
        (b"password = hunter2", 0o644, "other users"),
        (b"hunter2", 0o600, "Line 1"),
        (b"\xffhunter2", 0o600, "cannot be read"),
    ):
        file.write_bytes(content)
        file.chmod(mode)
        with pytest.raises(LocalError, match=said) as caught:
            credentials_of({}, file)
        assert "hunter2" not in f"{caught.value.what}{caught.value.why}{caught.value.hint}"
    with pytest.raises(LocalError, match="cannot be read"):
        credentials_of({}, tmp_path / "none")
    assert "hunter2" not in repr(Credentials({"password": "hunter2"}))


async def no_dial() -> Dialed:
    raise AssertionError("nothing is to be dialled")


async def test_what_was_parsed_is_opened(tmp_path: Path, rng: random.Random) -> None:
    means = Means(surroundings(rng), no_dial, credentials=Credentials({"scheme": "x"}))
    async with open_target(parse_target(str(tmp_path)), means) as target:
        assert isinstance(target, FolderTarget)
    for text in (f"relay:{LOCATOR}", "s3:box/a?region=eu"):
        async with open_target(parse_target(text), means) as target:
            assert target.where == text


async def test_p8_a_service_that_lacks_options_is_refused_in_words(rng: random.Random) -> None:
    means = Means(surroundings(rng), no_dial, credentials=Credentials({"client_id": "hunter2"}))
    with pytest.raises(TargetRefused, match="gdrive:x") as caught:
        async with open_target(parse_target("gdrive:x"), means):
            pass
    assert caught.value.__cause__ is None
    assert "hunter2" not in f"{caught.value.what}{caught.value.why}{caught.value.hint}"
