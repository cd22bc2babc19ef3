"""``scripts/demo``: a conversation, all that its relay can see of it, and a verdict."""

import argparse
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console

from client.errors import UserError
from scripts.blindness import process_memory
from scripts.blindness.media import Medium
from scripts.story.events import Teller
from scripts.story.failure import DemoFailed, leaves
from scripts.story.on_screen import ScreenTeller
from scripts.story.performance import Terminated, perform
from scripts.story.picture import recording_console, write_svg
from scripts.story.plain import PlainTeller

_FAILED: Final = 1
_INTERRUPTED: Final = 130

_EXAMPLES: Final = """\
examples:
  scripts/demo                      the story, and a verdict
  scripts/demo --headless           the same, one fact a line
  scripts/demo --plant memory       hide a secret in the relay's memory: it must be found
  scripts/demo --keep demo-files    keep the relay's disk and the decrypted traffic

exit codes:
  0 everything holds    1 it does not, or a step failed    130 interrupted
"""


def main(arguments: list[str]) -> int:
    """Play the story; gives the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if Medium.MEMORY in options.plant and not process_memory.is_supported():
        parser.error("this system has no /proc/PID/mem, so the relay's memory cannot be searched")
    try:
        return _play(options)
    except BaseException as error:  # noqa: BLE001  # groups have to be opened to see what is inside
        return _explain(error)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/demo",
        description="Shows a conversation and all that its relay can see of it, then searches the "
        "relay for every text and key. Exits with 0 only if none is found, everything that must "
        "be found is, and every message arrived once, in order.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    media = ", ".join(Medium)
    parser.add_argument("--headless", action="store_true", help="plain lines, for programs")
    parser.add_argument(
        "--plant", type=_medium, nargs="?", const="", metavar="MEDIUM", action="append", default=[],
        help=f"hide a secret in one of: {media}; may be given several times",
    )  # fmt: skip
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep all files in a new folder")
    parser.add_argument("--svg", type=Path, help=argparse.SUPPRESS)  # docs/demo.svg is made so
    return parser


def _medium(name: str) -> Medium:
    """Read a medium; argparse reads a missing one as an empty word.

    Raises:
        ArgumentTypeError: there is no such medium; says which there are.
    """
    if name in list(Medium):
        return Medium(name)
    said = f"there is no medium {name!r}; " if name else ""
    raise argparse.ArgumentTypeError(f"{said}name one of: {', '.join(Medium)}")


def _play(options: argparse.Namespace) -> int:
    _make_forgiving()
    picture = recording_console()
    tellers: list[Teller] = [_teller(headless=options.headless)]
    if options.svg:
        tellers.append(ScreenTeller(picture))
    with ExitStack() as stack:
        folder = stack.enter_context(_folder(options.keep))
        if options.keep:
            story = stack.enter_context((folder / "story.txt").open("w", encoding="utf-8"))
            tellers.append(PlainTeller(story))
        verdict = perform(folder, tellers, options.plant)
    if options.svg:
        write_svg(picture, options.svg)
    return 0 if verdict.holds else _FAILED


def _teller(*, headless: bool) -> Teller:
    return PlainTeller(sys.stdout) if headless else ScreenTeller(Console(highlight=False))


@contextmanager
def _folder(keep: Path | None) -> Iterator[Path]:
    """Give an empty folder; it is removed at the end unless it is to be kept.

    Raises:
        DemoFailed: the folder to keep holds something already.
    """
    if keep is None:
        with tempfile.TemporaryDirectory(prefix="glasspost-demo-") as name:
            yield Path(name)
        return
    keep.mkdir(parents=True, exist_ok=True)
    if any(keep.iterdir()):
        raise DemoFailed("keeping the files", f"{keep} is not empty; name a new folder")
    yield keep


def _make_forgiving() -> None:
    """Let characters that the terminal's encoding lacks come out as escapes, not as an error."""
    if hasattr(sys.stdout, "reconfigure"):
        sys.stdout.reconfigure(errors="backslashreplace")


def _explain(error: BaseException) -> int:
    """Say why there is no verdict, and give the exit code; a bug keeps its traceback."""
    errors = list(leaves(error))
    if any(isinstance(each, KeyboardInterrupt | Terminated) for each in errors):
        print("\nInterrupted. All processes of the demo have ended.", file=sys.stderr)
        return _INTERRUPTED
    # rich makes a SystemExit of a pipe whose reader has gone: there is nobody to tell.
    if any(isinstance(each, BrokenPipeError | SystemExit) for each in errors):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _FAILED
    known = [each for each in errors if isinstance(each, DemoFailed | UserError | OSError)]
    if not known:
        raise error
    print(f"\nThe demo failed: {known[0]}", file=sys.stderr)
    if isinstance(known[0], DemoFailed) and known[0].said:
        print(f"The program concerned said:\n{known[0].said}", file=sys.stderr)
    return _FAILED


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
