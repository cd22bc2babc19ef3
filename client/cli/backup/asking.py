"""Questions on the terminal whose answers are no secret, or have to be seen while they are typed.

Asked on standard error: standard output holds results only.
"""

import sys

from client.cli.passphrases import terminal_exists
from client.errors import LocalError


def ask_line(prompt: str) -> str:
    """Ask for one line, which is shown as it is typed.

    Raises:
        LocalError: there is no terminal, or its input has ended.
    """
    require_terminal()
    print(prompt, end="", file=sys.stderr, flush=True)
    line = sys.stdin.readline()
    if not line:
        print(file=sys.stderr)
        raise LocalError("No answer was given; nothing was changed.", hint="Type it, then Enter.")
    return line.rstrip("\r\n")


def confirmed(question: str) -> bool:
    """Ask a question whose answer is no unless somebody types yes.

    Raises:
        LocalError: as for :func:`ask_line`.
    """
    return ask_line(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def require_terminal() -> None:
    """Refuse to ask where nobody answers.

    Raises:
        LocalError: standard input is no terminal.
    """
    if not (sys.stdin.isatty() and terminal_exists()):
        raise LocalError(
            "Something has to be asked, and there is no terminal to ask on.",
            hint="Give secrets by --digits-file and --password-file (- for standard input), and"
            " confirm with --yes.",
        )
