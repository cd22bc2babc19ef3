"""``python -m scripts.protocol_tables [--check]``: write docs/protocol.md's tables from the code.

A section begins with ``<!-- table: NAME -->`` and ends with ``<!-- end -->``.
Reasons are not written twice: the comment above a limit, the comment beside a
label or refusal, and the first line of an error's docstring are the rows.
"""

import argparse
import inspect
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_args

from protocol import errors, limits
from protocol.labels import Label
from protocol.packing import Record, record_of
from protocol.wire import messages
from protocol.wire.messages import Answer, Push, Refusal, Request

PAGE = Path(__file__).parents[1] / "docs/protocol.md"

_SECTION = re.compile(r"<!-- table: (?P<name>[a-z]+) -->\n.*?<!-- end -->\n", re.DOTALL)
_COMMENTED = re.compile(r"^ +(?P<name>[A-Z_]+) = .*?  # (?P<comment>.+)$", re.MULTILINE)
_LIMITS = re.compile(r"^# (?P<reason>.+)\n(?P<names>(?:[A-Z_]+ = .+\n)+)", re.MULTILINE)

_SPANS_MS = (("days", 86_400_000), ("hours", 3_600_000), ("minutes", 60_000), ("seconds", 1_000))


def labels() -> Iterable[str]:
    """Give the rows of the domain-separation labels."""
    comments = _comments_of(Label)
    yield from _head("label", "what it does")
    for label in Label:
        yield _row(f"`{label.value.decode()}`", comments[label.name])


def limit_rows() -> Iterable[str]:
    """Give the rows of the limits, each with the comment above it."""
    yield from _head("limit", "value", "reason")
    for match in _LIMITS.finditer(inspect.getsource(limits)):
        reason = match["reason"]
        for line in match["names"].splitlines():
            name = line.split(" = ")[0]
            yield _row(f"`{name}`", _value(name, getattr(limits, name)), reason)


def message_rows() -> Iterable[str]:
    """Give the rows of the wire's messages, by tag."""
    directions = {
        message: direction
        for direction, union in (("request", Request), ("answer", Answer), ("push", Push))
        for message in get_args(union)
    }
    yield from _head("tag", "message", "direction", "fields", "meaning")
    for message in sorted(directions, key=lambda each: int(each.TAG)):
        meaning, name = _first_line(message).split(": ", 1)[1], f"`{message.__name__}`"
        yield _row(str(message.TAG), name, directions[message], _fields(message), meaning)


def record_rows() -> Iterable[str]:
    """Give the rows of the records that messages are made of, in order of first use."""
    found: dict[type[Any], None] = {}
    for union in (Request, Answer, Push):
        for message in get_args(union):
            _collect(record_of(message), found)
    yield from _head("record", "fields", "meaning")
    for cls in found:
        yield _row(f"`{cls.__name__}`", _fields(cls), _first_line(cls))


def refusals() -> Iterable[str]:
    """Give the rows of the refusal codes."""
    comments = _comments_of(Refusal)
    yield from _head("code", "refusal", "why")
    for refusal in Refusal:
        yield _row(str(refusal.value), f"`{refusal.name}`", comments[refusal.name])


def error_rows() -> Iterable[str]:
    """Give the rows of the errors: each family, then its members."""
    yield from _head("at fault", "error", "when")
    for family in _errors_below(errors.GlasspostError):
        yield _row(f"`{family.__name__}`", "", _first_line(family))
        for error in _errors_below(family):
            yield _row("", f"`{error.__name__}`", _first_line(error))


def _errors_below(family: type[Any]) -> list[type[Any]]:
    """Give the protocol's own; whatever else is loaded may have errors of this family too."""
    return [each for each in family.__subclasses__() if each.__module__ == errors.__name__]


TABLES: dict[str, Callable[[], Iterable[str]]] = {
    "labels": labels,
    "limits": limit_rows,
    "messages": message_rows,
    "records": record_rows,
    "refusals": refusals,
    "errors": error_rows,
}


def filled(page: str) -> str:
    """Give ``page`` with every table as the code has it.

    Raises:
        ValueError: a table has no section, or a section no table.
    """
    sections = [match["name"] for match in _SECTION.finditer(page)]
    if sorted(sections) != sorted(TABLES):
        raise ValueError(f"sections {sections} are not the tables {[*TABLES]}")
    return _SECTION.sub(_section, page)


def _section(match: re.Match[str]) -> str:
    rows = "\n".join(TABLES[match["name"]]())
    return f"<!-- table: {match['name']} -->\n\n{rows}\n\n<!-- end -->\n"


def _comments_of(enumeration: type[Any]) -> dict[str, str]:
    found = _COMMENTED.finditer(inspect.getsource(enumeration))
    return {match["name"]: match["comment"] for match in found}


def _collect(shape: Any, found: dict[type[Any], None]) -> None:
    """Walk a shape down to its records, each once."""
    if isinstance(shape, Record):
        for _, part in shape.parts:
            _collect(part, found)
        if not shape.cls.__module__.startswith(messages.__name__):
            found.setdefault(shape.cls)
    elif hasattr(shape, "inner"):
        _collect(shape.inner, found)


def _fields(cls: type[Any]) -> str:
    parts = (f"{name}: {shape.describe()}" for name, shape in record_of(cls).parts)
    return ", ".join(parts) or "none"


def _value(name: str, value: int) -> str:
    if not name.endswith("_MS"):
        return f"{value:,}"
    unit, size = next((unit, size) for unit, size in _SPANS_MS if value % size == 0)
    return f"{value // size:,} {unit if value != size else unit[:-1]}"


def _first_line(cls: type[Any]) -> str:
    """Give the first line of a docstring, its literals in Markdown's quotes."""
    return (inspect.getdoc(cls) or "").splitlines()[0].replace("``", "`")


def _head(*columns: str) -> Iterable[str]:
    yield _row(*columns)
    yield "|" + "---|" * len(columns)


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main(arguments: list[str]) -> None:
    """Write the page, or with ``--check`` only say whether it is up to date."""
    parser = argparse.ArgumentParser(prog="scripts.protocol_tables", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, exit 1 if it differs")
    page = PAGE.read_text()
    current = filled(page)
    if parser.parse_args(arguments).check:
        sys.exit(0 if page == current else "docs/protocol.md: a table differs from the code")
    PAGE.write_text(current)


if __name__ == "__main__":
    main(sys.argv[1:])
