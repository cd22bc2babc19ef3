"""The demo as a picture: what the screen shows, written as SVG."""

import io
import re
from pathlib import Path
from typing import Final

from rich.console import Console

_WIDTH: Final = 120

# rich lets the picture load fonts from a server; ours is complete in itself.
_WEB_FONT: Final = re.compile(r"\s*@font-face \{[^}]*\}")


def recording_console() -> Console:
    """Give a console that shows nothing and remembers everything."""
    return Console(
        record=True,
        file=io.StringIO(),
        width=_WIDTH,
        force_terminal=True,
        color_system="truecolor",
        no_color=False,
        highlight=False,
    )


def write_svg(console: Console, path: Path) -> None:
    """Write what ``console`` remembers.

    Raises:
        OSError: the file cannot be written.
    """
    svg = console.export_svg(title="scripts/demo")
    path.write_text(_WEB_FONT.sub("", svg), encoding="utf-8")
