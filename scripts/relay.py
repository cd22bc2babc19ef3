"""``scripts/relay``: become ``glasspost-server relay`` with the same arguments."""

import os
import sys
from pathlib import Path


def main(arguments: list[str]) -> None:
    """Replace this process, so that signals reach the relay itself."""
    program = Path(sys.prefix) / "bin" / "glasspost-server"
    os.execv(program, [str(program), "relay", *arguments])


if __name__ == "__main__":
    main(sys.argv[1:])
