"""The pins: plain, complete, and silent about where packages come from."""

import contextlib
import re
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement

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
    """Whatever came in as somebody's dependency needs a pin too."""
    installed = installed_for("glasspost", frozenset({"dev", "bench", "fuzz"}))
    assert len(installed) > 20
    assert {name: PINNED.get(name) for name in installed} == installed


def installed_for(name: str, extras: frozenset[str]) -> dict[str, str]:
    """Give the installed versions of all that ``name`` needs, directly or not.

    What is not installed (another platform's need, an extra left out) is passed over.
    """
    found: dict[str, str] = {}
    open_ends = [(name, extras)]
    while open_ends:
        name, extras = open_ends.pop()
        for requirement in needs(name, extras):
            with contextlib.suppress(metadata.PackageNotFoundError):
                version = metadata.version(requirement.name)
                if found.setdefault(canonical(requirement.name), "") != version:
                    found[canonical(requirement.name)] = version
                    open_ends.append((requirement.name, frozenset(requirement.extras)))
    return found


def needs(name: str, extras: frozenset[str]) -> list[Requirement]:
    """List the direct requirements of an installed distribution that apply here."""
    requirements = [Requirement(line) for line in metadata.requires(name) or ()]
    return [
        requirement
        for requirement in requirements
        if requirement.marker is None
        or any(requirement.marker.evaluate({"extra": extra}) for extra in ("", *extras))
    ]
