"""``scripts/siege [--connections N]``: what a relay holds while it is attacked, as a table."""

import argparse
import random
import sys
import tempfile
from functools import partial
from pathlib import Path

import trio
from rich import box
from rich.console import Console
from rich.table import Table

from tests.server.hostile.attacks import ATTACKS
from tests.server.hostile.siege import Siege, besiege

CONNECTIONS = 100
_KILOBYTE, _MEGABYTE = 1_000, 1_000_000


def main(arguments: list[str]) -> None:
    """Attack in every way, each time a fresh relay, and print the table."""
    options = _parser().parse_args(arguments)
    console = Console(highlight=False)
    table = _table(options.connections)
    for attack in ATTACKS:
        with (
            console.status(attack.__name__),
            tempfile.TemporaryDirectory(prefix="glasspost-siege-") as folder,
        ):
            rng = random.Random(attack.__name__)  # noqa: S311  # of no secret: names and junk
            run = partial(besiege, Path(folder), attack, options.connections, rng)
            _add(table, trio.run(run))
    console.print(table)


def _table(connections: int) -> Table:
    table = Table(
        title=f"a relay under attack by {connections:,} connections, while one person writes",
        box=box.SIMPLE_HEAD,
        title_justify="left",
    )
    table.add_column("attack", no_wrap=True)
    for head in ("MB before", "most", "kB each", "files before", "most", "exchanges"):
        table.add_column(head, justify="right")
    return table


def _add(table: Table, siege: Siege) -> None:
    before, most = siege.before, siege.most
    grown_bytes = most.resident_bytes - before.resident_bytes
    table.add_row(
        siege.name.replace("_", " "),
        f"{before.resident_bytes / _MEGABYTE:.0f}",
        f"{most.resident_bytes / _MEGABYTE:.0f}",
        f"{grown_bytes / siege.connections / _KILOBYTE:.0f}",
        str(before.descriptors),
        str(most.descriptors),
        str(siege.exchanges),
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/siege", description="Attacks a relay.")
    parser.add_argument(
        "--connections", type=_count, default=CONNECTIONS, metavar="N", help="[%(default)s]"
    )
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one connection is needed")
    return count


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
