"""``scripts/vaults up|down|status [--data DIR]``: three vaults on this machine, to try things out.

Three vaults of one owner guard nothing; real ones belong to different operators. Each takes
a free port at its first start and the same one ever after, because backups name it.
"""

import argparse
import sys
from pathlib import Path
from typing import Final

import platformdirs
import trio

from client.errors import UserError
from client.local_service import Service, ServiceFolder
from client.network.vault_address import parse_vault, vault_text
from protocol.recovery.record import Vault

NAMES: Final = ("north", "east", "west")
_ADVICE: Final = "Mend what it complains about, or use another folder with --data."

_EXAMPLES: Final = """\
examples:
  scripts/vaults up          start them; prints NAME=HOST:PORT#KEY of each, for --vault
  scripts/vaults status      which of them run
  scripts/vaults down        stop them; their records stay for the next start
"""


def services(data: Path) -> dict[str, Service[Vault]]:
    """Give the three vaults in a folder, whether they run or not."""
    return {
        name: Service(
            f"The vault {name}", ServiceFolder(data / name, data / f".{name}"), parse_vault, _ADVICE
        )
        for name in NAMES
    }


async def up(data: Path) -> list[str]:
    """Start those that do not run; give what to tell clients."""
    lines = []
    for name, service in services(data).items():
        before = service.last_address()
        where = "127.0.0.1:0" if before is None else before.address
        options = ["--name", name, "--listen", where, "--data", str(service.folder.data)]
        found, _ = await service.ensure_running(["vault", *options])
        lines.append(vault_text(found.address))
    return lines


async def down(data: Path) -> list[str]:
    """Stop those that run; give what was done."""
    lines = []
    for name, service in services(data).items():
        stopped = await service.stop()
        done = "did not run" if stopped is None else f"stopped (process {stopped.pid})"
        lines.append(f"{name} {done}")
    return lines


async def status(data: Path) -> list[str]:
    """Give which of them run."""
    lines = []
    for name, service in services(data).items():
        found = await trio.to_thread.run_sync(service.running)
        state = "does not run" if found is None else f"runs as process {found.pid}"
        lines.append(
            f"{name} {state}" + ("" if found is None else f": {vault_text(found.address)}")
        )
    return lines


_ACTIONS: Final = {"up": up, "down": down, "status": status}


def main(arguments: list[str]) -> int:
    """Do what is asked; gives the exit code."""
    parser = argparse.ArgumentParser(
        prog="scripts/vaults",
        description="Three vaults on this machine, to try passwords of backups with. They have one "
        "owner, so they guard nothing: real ones belong to different operators.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("action", choices=_ACTIONS)
    default = platformdirs.user_data_path("glasspost", appauthor=False) / "vaults"
    parser.add_argument("--data", type=Path, default=default, metavar="DIR", help="their folder")
    options = parser.parse_args(arguments)
    try:
        lines = trio.run(_ACTIONS[options.action], options.data.absolute())
    except UserError as error:
        print(" ".join(filter(None, (error.what, error.why, error.hint))), file=sys.stderr)
        return int(error.exit_code)
    print("\n".join(lines))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
