"""The pins: plain, complete, and silent about where packages come from."""

import re
import tomllib
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
CONSTRAINTS = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][A-Za-z0-9.]*")


def canonical(name: str) -> str:
    """Give the one spelling of a distribution's name."""
    return re.sub(r"[-_.]+", "-", name).lower()


PINNED = {canonical(name): version for name, _, version in (p.partition("==") for p in CONSTRAINTS)}


def test_every_line_is_a_plain_pin() -> None:
    assert len(CONSTRAINTS) > 20
    assert [line for line in CONSTRAINTS if not PIN.fullmatch(line)] == []
    assert len(PINNED) == len(CONSTRAINTS)


def test_no_file_names_a_package_index() -> None:
    files = [ROOT / "pyproject.toml", *(ROOT / "scripts").glob("*"), ROOT / ".ci" / "run"]
    for file in filter(Path.is_file, files):
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"index-url|find-links|trusted-host|https?://", text), file


def test_everything_asked_for_is_pinned() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    table = project["project"]
    asked = [*project["build-system"]["requires"], *table["dependencies"]]
    for extra in table["optional-dependencies"].values():
        asked += extra
    names = {canonical(re.split(r"[^A-Za-z0-9._-]", line)[0]) for line in asked}
    assert names - set(PINNED) == set()


def test_what_is_installed_is_what_is_pinned() -> None:
    """A package without a pin came in as somebody's dependency: it needs one too."""
    installed = {canonical(d.metadata["Name"]): d.version for d in metadata.distributions()}
    # Two come without a pin: the checkout itself, and what Python's own venv may put in.
    for name in ("glasspost", "setuptools"):
        installed.pop(name, None)
    assert {name: PINNED.get(name) for name in installed} == installed
