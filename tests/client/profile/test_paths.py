from pathlib import Path

import pytest

from client.errors import LocalError
from client.profile.paths import HomeListing, home_folder, list_home, profile_folder
from protocol.ids import Name


def test_the_option_comes_before_the_environment(tmp_path: Path) -> None:
    environment = {"GLASSPOST_HOME": "/elsewhere"}
    assert home_folder(tmp_path, environment) == tmp_path
    assert home_folder(None, environment) == Path("/elsewhere")


def test_without_either_it_is_the_users_data_folder() -> None:
    assert home_folder(None, {}).name == "glasspost"
    assert home_folder(None, {"GLASSPOST_HOME": ""}).name == "glasspost"


def test_a_profile_is_the_folder_of_its_name(tmp_path: Path) -> None:
    assert profile_folder(tmp_path, Name("alice")).key_file == tmp_path / "alice" / "profile.key"


def test_a_home_that_does_not_exist_is_empty(tmp_path: Path) -> None:
    assert list_home(tmp_path / "none") == HomeListing((), ())


def test_profiles_are_told_from_what_else_lies_there(tmp_path: Path) -> None:
    for name in ("bob", "alice", ".carol.0123", "Not A Name"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "profile.key").touch()
    (tmp_path / "empty").mkdir()
    (tmp_path / "notes").write_text("mine")
    listing = list_home(tmp_path)
    assert listing.profiles == ("alice", "bob")
    assert listing.foreign == ("Not A Name", "empty", "notes")


def test_a_home_that_is_a_file_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.touch()
    with pytest.raises(LocalError, match="is a file, not a folder of profiles"):
        list_home(path)
