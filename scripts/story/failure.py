"""The one way in which the demo fails without a verdict."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

import trio

_TAIL_LINES = 12


class DemoFailed(Exception):
    """A step of the story did not happen.

    Args:
        step: what was to happen.
        why: what happened instead.
        said: what the program concerned wrote, or empty.
    """

    def __init__(self, step: str, why: str, said: str = "") -> None:
        super().__init__(f"{step}: {why}")
        self.step, self.why, self.said = step, why, said


@contextlib.contextmanager
def step(what: str, within_s: float, log: Path) -> Iterator[None]:
    """Bound a step in time.

    Raises:
        DemoFailed: it took longer; shows the end of ``log``.
    """
    try:
        with trio.fail_after(within_s):
            yield
    except trio.TooSlowError as error:
        raise DemoFailed(what, f"not done within {within_s:.0f} s", tail(log)) from error


def tail(log: Path) -> str:
    """Give the last lines of a file, or nothing if there is none."""
    try:
        text = log.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-_TAIL_LINES:])


def leaves(error: BaseException) -> Iterator[BaseException]:
    """Give the errors in a group, of groups in it too; a lone error gives itself."""
    if isinstance(error, BaseExceptionGroup):
        for inner in error.exceptions:
            yield from leaves(inner)
    else:
        yield error
