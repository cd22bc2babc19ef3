"""Paths of a backup, and whatever else a storage may show."""

import pytest

from protocol.archive.layout import (
    HEAD_PATH,
    KEYRING_PATH,
    ObjectKind,
    is_object_path,
    manifest_path,
    object_path,
)


def test_every_path_of_a_backup_is_one() -> None:
    paths = [object_path(kind, bytes(32)) for kind in ObjectKind if kind != ObjectKind.MANIFEST]
    for path in (KEYRING_PATH, HEAD_PATH, manifest_path(3, bytes(32)), *paths):
        assert is_object_path(path)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "head\n",
        "head/",
        "/head",
        "./head",
        "head.new",
        "../head",
        "segment",
        "segment/../../head",
        "segment/" + "A" * 64,
        "segment/" + "a" * 63,
        "segment/" + "a" * 64 + "\n",
        "manifest/" + "0" * 64,
        "other/" + "a" * 64,
    ],
)
def test_nothing_else_is(path: str) -> None:
    assert not is_object_path(path)
