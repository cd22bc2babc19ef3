"""The tables in docs/protocol.md are those of the code."""

import re

import pytest

from protocol import errors, limits
from protocol.errors import GlasspostError
from scripts.protocol_tables import PAGE, TABLES, filled


def test_the_page_is_up_to_date() -> None:
    """If this fails: python -m scripts.protocol_tables."""
    page = PAGE.read_text()
    assert page == filled(page)


def test_filling_twice_changes_nothing() -> None:
    page = filled(PAGE.read_text())
    assert filled(page) == page


def test_every_limit_has_a_row_with_a_reason() -> None:
    rows = "\n".join(TABLES["limits"]())
    names = {name for name in vars(limits) if name.isupper() and not name.startswith("_")}
    assert set(re.findall(r"^\| `([A-Z_]+)` \| [^|]+ \| [^|]{10,} \|$", rows, re.M)) == names


def test_every_error_has_a_row() -> None:
    rows = "\n".join(TABLES["errors"]())
    for name, value in vars(errors).items():
        if isinstance(value, type) and value is not GlasspostError:
            assert f"| `{name}` |" in rows


def test_a_row_that_differs_is_noticed() -> None:
    page = filled(PAGE.read_text())
    changed = page.replace("| `MAX_NAME_BYTES` | 32 |", "| `MAX_NAME_BYTES` | 33 |")
    assert changed != page
    assert filled(changed) == page


def test_a_missing_section_is_an_error() -> None:
    with pytest.raises(ValueError, match="sections"):
        filled(PAGE.read_text().replace("<!-- table: labels -->", ""))
