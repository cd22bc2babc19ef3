"""The layouts, labels and limits of backups in docs/formats.md are those of the code."""

import re
from pathlib import Path
from types import ModuleType

import pytest

from protocol import limits
from protocol.archive import (
    account,
    damm,
    entry,
    facts,
    head,
    header,
    keyring,
    manifest,
    rows,
    slot,
)
from protocol.archive.layout import ObjectKind, SlotKind
from protocol.labels import Label

PAGE = (Path(__file__).parents[2] / "docs/formats.md").read_text()
PART = PAGE.split("\n## Backups\n")[1]
ROW = re.compile(r"^ +(\d+) +(\d+|\.) {2}(\S.*)$", re.M)

Rows = list[tuple[int, int | None, str]]


def _rows(text: str) -> Rows:
    found = ROW.findall(text)
    return [(int(at), None if size == "." else int(size), what) for at, size, what in found]


def _layouts() -> list[Rows]:
    blocks = re.findall(r"```\n( +offset +size\n.*?)```", PART, re.S)
    return [_rows(block) for block in blocks]


def _in_docstring(module: ModuleType) -> Rows:
    assert module.__doc__ is not None
    return _rows(module.__doc__)


LAYOUTS = _layouts()
MODULES = (keyring, slot, header, head, manifest, entry, account)
SIZES = (
    keyring.KEYRING_BYTES,
    limits.SLOT_BYTES,
    header.HEADER_BYTES,
    head.HEAD_BYTES,
    None,
    entry.ENTRY_BYTES,
    account.ACCOUNT_BYTES,
)


@pytest.mark.parametrize("index", range(len(MODULES)))
def test_a_layout_has_no_gap_and_the_size_of_the_code(index: int) -> None:
    end: int | None = 0
    for at, size, _ in LAYOUTS[index]:
        assert at == end
        end = None if size is None else at + size
    assert end == SIZES[index]
    assert len(LAYOUTS) == len(MODULES)


@pytest.mark.parametrize("index", range(len(MODULES)))
def test_a_layout_is_that_of_its_module(index: int) -> None:
    documented = [(at, size) for at, size, _ in LAYOUTS[index]]
    assert documented == [(at, size) for at, size, _ in _in_docstring(MODULES[index])]


def test_the_page_has_the_labels_of_backups() -> None:
    ours = {label for label in Label if label.name.startswith(("ARCHIVE_", "SLOT_"))}
    ours |= {Label.RECOVERY_DIGITS, Label.VAULT_OWNER_KEY, Label.RELAY_BLOB}
    named = set(re.findall(r'"(glasspost/1/[a-z-]+)"', PART))
    assert named == {label.value.decode() for label in ours}


def test_limits_named_on_the_page_exist() -> None:
    named = set(re.findall(r"`(MAX_[A-Z_]+)`", PART))
    assert named >= {"MAX_OBJECT_BYTES", "MAX_SEGMENT_BYTES", "MAX_SEGMENT_MESSAGES"}
    assert all(hasattr(limits, name) for name in named)


def test_the_numbers_of_kinds_are_on_the_page() -> None:
    objects = ", ".join(f"{kind.value} {kind.name.lower()}" for kind in ObjectKind)
    assert objects in PART.replace("\n", " ")
    assert ", ".join(f"{kind.value} {kind.name.lower()}" for kind in SlotKind) in PART
    for fact in facts.FactKind:
        assert f"| {fact.value} | {fact.name.lower()} |" in PART
    for name in [*rows.RowKind, *rows.RowFlag]:
        assert f"{name.value} {(name.name or '').lower()}" in PART


def test_the_check_digits_table_is_on_the_page() -> None:
    found = dict(re.findall(r"(\d): (\d{10})", PART))
    digits = range(10)
    prefix = {damm.check_digit([first]): first for first in digits}
    for state in digits:
        row = "".join(str(damm.check_digit([prefix[state], digit])) for digit in digits)
        assert found[str(state)] == row


def test_every_specification_that_the_code_names_is_a_heading() -> None:
    anchors = {
        re.sub(r"[^a-z0-9 _-]", "", line.lower()).replace(" ", "-")
        for line in re.findall(r"^#+ (.+)$", PAGE, re.M)
    }
    sources = Path(header.__file__).parent.glob("*.py")
    named = {a for path in sources for a in re.findall(r"formats\.md#([a-z-]+)", path.read_text())}
    assert named
    assert named <= anchors
    assert set(re.findall(r"\]\(#([a-z_-]+)\)", PAGE)) <= anchors
