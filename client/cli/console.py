"""The printing library's console, with our own way to end when nobody reads any more."""

from typing import NoReturn

from rich.console import Console


class PlainConsole(Console):
    """Prints foreign text as it is: nothing in it is markup, and nothing is coloured by guess."""

    def __init__(self, **options: object) -> None:
        super().__init__(highlight=False, markup=False, emoji=False, **options)  # type: ignore[arg-type]

    def on_broken_pipe(self) -> NoReturn:
        """Let the error through: the last door ends quietly on it.

        The library's own SystemExit comes out of a nursery inside a group, and looks like a bug
        there.

        Raises:
            BrokenPipeError: always.
        """
        raise BrokenPipeError
