"""``scripts/chat [NAME] [PEER]``: become ``glasspost --as NAME chat PEER``.

Options that glasspost takes before its verb may stand anywhere; all else is passed on.
"""

import argparse
import os
import sys
from pathlib import Path


def command_line(arguments: list[str]) -> list[str]:
    """Give glasspost's arguments for those of ``scripts/chat``."""
    parser = argparse.ArgumentParser(add_help=False, allow_abbrev=False)
    parser.add_argument("name", nargs="?")
    parser.add_argument("--home")
    parser.add_argument("--relay")
    ours, rest = parser.parse_known_args(arguments)
    before = {"--home": ours.home, "--relay": ours.relay, "--as": ours.name}
    given = [part for option, value in before.items() if value for part in (option, value)]
    return [*given, "chat", *rest]


def main(arguments: list[str]) -> None:
    """Replace this process, so that the terminal belongs to the client itself."""
    program = Path(sys.prefix) / "bin" / "glasspost"
    os.execv(program, [str(program), *command_line(arguments)])


if __name__ == "__main__":
    main(sys.argv[1:])
