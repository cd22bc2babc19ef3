"""The tables in docs/relay.md are those of the code."""

import ast
import re
from collections import defaultdict
from pathlib import Path

from protocol.wire.messages import Refusal
from server.limits.tolls import PRICES
from server.store.sqlite.blob_schema import BLOB_DATABASE
from server.store.sqlite.schema import RELAY_DATABASE

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "relay.md").read_text()


def rows(heading: str) -> list[list[str]]:
    """Give the cells of every table row below a heading, its first rows left out."""
    section = re.split(r"^#+ ", PAGE.split(f"# {heading}\n", 1)[1], flags=re.MULTILINE)[0]
    lines = [line for line in section.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def names(cell: str) -> set[str]:
    return set(re.findall(r"`([^`]+)`", cell))


def events_in_code() -> dict[str, set[str]]:
    """Give the fields with which each event is logged anywhere in the relay."""
    found: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "server").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr == "event" and node.args and isinstance(node.args[0], ast.Constant):
                found[str(node.args[0].value)] |= {each.arg or "" for each in node.keywords}
    return found


def test_every_price_is_named() -> None:
    told = {name: int(price) for price, which in rows("Prices")[1:] for name in names(which)}
    assert told == {cls.__name__: price for cls, price in PRICES.items()}


def test_every_table_of_the_databases_is_named() -> None:
    for heading, database in (("Store", RELAY_DATABASE), ("Blobs", BLOB_DATABASE)):
        told = {name for cells in rows(heading) for name in names(cells[0])}
        assert told == set(re.findall(r"CREATE TABLE (\w+)", database.tables))


def test_every_refusal_that_a_limit_leads_to_exists() -> None:
    told = {name for cells in rows("Limits") for name in names(cells[-1])}
    assert told == {"RATE_LIMITED", "MAILBOX_FULL", "QUOTA"}
    assert told <= set(Refusal.__members__)


def test_every_event_of_the_log_is_named_with_its_fields() -> None:
    in_code = events_in_code()
    assert len(in_code) >= 10
    told: dict[str, set[str]] = {}
    for which, fields in rows("What the operator sees")[1:]:
        for name in names(which):
            told[name] = set(re.findall(r"\w+", fields))
    assert set(told) == set(in_code)
    assert {
        name: fields - told[name] for name, fields in in_code.items() if fields - told[name]
    } == {}
