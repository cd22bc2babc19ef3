"""``scripts/bench [ROW...]``: measure ours beside theirs, and print a table."""

import argparse
import sys
from pathlib import Path

from rich.console import Console

from scripts.benchmarks.machine import this_machine
from scripts.benchmarks.rows import all_rows, select
from scripts.benchmarks.table import as_json, table
from scripts.benchmarks.timing import ROUNDS, measure

_EXAMPLES = """\
examples:
  scripts/bench                        every row
  scripts/bench ratchet                the rows whose names begin so
  scripts/bench --json figures.json    every round of every row as well
"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/bench",
        description="Measures ours beside theirs in turn, on this machine, and prints medians.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = ", ".join(row.name for row in all_rows())
    parser.add_argument("rows", nargs="*", metavar="ROW", help=f"of: {names}")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there, too")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help="rounds each [%(default)s]")
    return parser


def main(arguments: list[str]) -> None:
    """Measure what was asked for."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.rounds < 1:
        parser.error("at least one round is needed")
    try:
        rows = select(options.rows)
    except LookupError as error:
        parser.error(f"no row begins with {error}; see --help")
    console, machine = Console(highlight=False), this_machine()
    with console.status("measuring"):
        results = [measure(row, options.rounds) for row in rows]
    console.print(table(results, machine))
    if options.json:
        _write(options.json, as_json(results, machine))


def _write(path: Path, text: str) -> None:
    try:
        path.write_text(text + "\n", encoding="utf-8")
    except OSError as error:
        sys.exit(f"Cannot write {path}: {error.strerror}. The figures are above.")


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
