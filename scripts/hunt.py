"""``scripts/hunt [--faults N] [--seed S]``: faults between two clients, each repaired or shown.

The same seed injects the same faults into the same worlds.
"""

import argparse
import secrets
import sys
import tempfile
import time
from pathlib import Path

from tests.client.messaging.hunts import hunt

FAULTS_COUNT = 1_000


def main(arguments: list[str]) -> None:
    """Hunt, and print how it went; the exit code tells whether everything was repaired."""
    options = _parser().parse_args(arguments)
    print(f"{options.faults:,} faults, seed {options.seed}", file=sys.stderr, flush=True)
    begin = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="glasspost-hunt-") as folder:
        try:
            tally = hunt(options.seed, options.faults, Path(folder))
        except AssertionError as error:
            sys.exit(
                f"Not repaired: {error}\n"
                f"To see it again: scripts/hunt --seed {options.seed} --faults {options.faults}"
            )
    rate = options.faults / (time.monotonic() - begin)
    print(f"{tally}\n{rate:.0f} faults a second")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="scripts/hunt", description="Hunts for lost messages.")
    parser.add_argument(
        "--faults", type=_count, default=FAULTS_COUNT, metavar="N", help="how many [%(default)s]"
    )
    parser.add_argument(
        "--seed", default=str(secrets.randbits(32)), metavar="S", help="of all choices [random]"
    )
    return parser


def _count(text: str) -> int:
    count = int(text)
    if count < 1:
        raise argparse.ArgumentTypeError("at least one fault is needed")
    return count


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except KeyboardInterrupt:
        sys.exit(130)
