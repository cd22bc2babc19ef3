"""The threat model promises what tests show: each test that it names exists."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "threat-model.md"
LEAST_NAMED = 70
LEAST_PROMISES = 45


def named_tests(page: str) -> set[str]:
    return set(re.findall(r"`(test_[a-z0-9_]+)`", page))


def existing_tests() -> set[str]:
    sources = (path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    pattern = re.compile(r"^(?:async )?def (test_\w+)\(", re.MULTILINE)
    return {name for source in sources for name in pattern.findall(source)}


def promises(page: str) -> list[str]:
    """Give the lines of every list of what somebody cannot do, continued lines joined."""
    lists = re.findall(r"^Cannot[^\n]*:\n((?:[- ] .*\n)+)", page, re.MULTILINE)
    return [item for each in lists for item in re.split(r"^- ", each, flags=re.MULTILINE)[1:]]


def test_every_named_test_exists() -> None:
    named = named_tests(PAGE.read_text())
    assert len(named) >= LEAST_NAMED
    assert named <= existing_tests()


def test_every_promise_names_a_test() -> None:
    items = promises(PAGE.read_text())
    assert len(items) >= LEAST_PROMISES
    assert [item for item in items if not named_tests(item)] == []


def test_a_promise_without_a_test_is_noticed() -> None:
    (item,) = promises("Cannot:\n- fly\n\n## Next\n")
    assert not named_tests(item)
