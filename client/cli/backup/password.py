"""A new password: dots while it is typed, and how good it is beside them.

    New password: ●●●●●●●●●  weak: It holds a word that is tried first.

The terminal's own way of hiding input shows nothing until Enter; who sees the word change with
each key learns what helps. What was typed never reaches the screen.
"""

import sys
from collections.abc import AsyncIterator, Collection
from typing import Final

from client.backup.secrets.failures import TrivialPassword
from client.backup.secrets.strength import Level, strength_of
from client.cli.backup.asking import require_terminal
from client.cli.chat.keys import Key, KeyDecoder, Typed
from client.cli.chat.terminal import Terminal, is_terminal
from client.cli.passphrases import ask_passphrase
from client.errors import LocalError
from client.text import shorten

ATTEMPTS: Final = 3

_WORDS: Final = {
    Level.TRIVIAL: "too easy",
    Level.WEAK: "weak",
    Level.FAIR: "fair",
    Level.STRONG: "strong",
}
_COLOURS: Final = {Level.TRIVIAL: 31, Level.WEAK: 33, Level.FAIR: 36, Level.STRONG: 32}
_MOST_DOTS: Final = 24
_LEAST_CELLS: Final = 20


async def ask_new_password(own_words: Collection[str]) -> str:
    """Ask for a password twice, until it is good enough and both are the same.

    Args:
        own_words: what a guesser knows of the user.

    Raises:
        TrivialPassword: three of them would be guessed at once.
        LocalError: they differ three times, or there is no terminal.
    """
    for _ in range(ATTEMPTS):
        typed = await _typed("New password: ", own_words)
        judged = strength_of(typed, own_words)
        if judged.level is Level.TRIVIAL:
            refusal = TrivialPassword(judged.why)
            print(f"{refusal.reason} {refusal.hint}", file=sys.stderr)
        elif ask_passphrase("The same again: ") == typed:
            return typed
        else:
            print("They differ. Once more.", file=sys.stderr)
    raise LocalError("No password was set; nothing was changed.", hint="Do it again, slowly.")


def require_strength(password: str, own_words: Collection[str]) -> None:
    """Refuse a password from a file that would be guessed at once.

    Raises:
        TrivialPassword: it would.
    """
    judged = strength_of(password, own_words)
    if judged.level is Level.TRIVIAL:
        raise TrivialPassword(judged.why)


async def _typed(prompt: str, own_words: Collection[str]) -> str:
    """Let a password be typed; a terminal that cannot paint hides it in its own way."""
    require_terminal()
    if not is_terminal():
        return ask_passphrase(prompt)
    terminal, field = Terminal(), PasswordField(prompt, own_words)
    with terminal.raw():
        terminal.write(field.painted(terminal.size[0]))
        async for key in _keys(terminal):
            if field.take(key):
                break
            terminal.write(field.painted(terminal.size[0]))
        terminal.write("\n")
    return field.text


async def _keys(terminal: Terminal) -> AsyncIterator[Key | Typed]:
    decoder = KeyDecoder()
    while data := await terminal.read():
        for key in decoder.feed(data):
            yield key
    yield Key.END_OF_INPUT


class PasswordField:
    """What was typed so far, and the line that shows how good it is."""

    def __init__(self, prompt: str, own_words: Collection[str]) -> None:
        self._prompt, self._own_words = prompt, own_words
        self.text = ""

    def take(self, key: Key | Typed) -> bool:
        """Take a key; True when the password is done.

        Raises:
            KeyboardInterrupt: Ctrl-C or Ctrl-D.
        """
        if isinstance(key, Typed):
            self.text += key.text.split("\n", 1)[0]
        elif key is Key.BACKSPACE:
            self.text = self.text[:-1]
        elif key in (Key.ERASE_LINE, Key.ERASE_WORD):
            self.text = ""
        elif key in (Key.CANCEL, Key.END_OF_INPUT):
            raise KeyboardInterrupt
        return key is Key.ENTER

    def painted(self, width: int) -> str:
        """Give the line anew, within ``width`` cells."""
        dots = "●" * min(len(self.text), _MOST_DOTS)
        front = f"\r\x1b[J{self._prompt}{dots}"
        if not self.text:
            return front
        judged = strength_of(self.text, self._own_words)
        words = f"{_WORDS[judged.level]}: {judged.why}" if judged.why else _WORDS[judged.level]
        room = max(width - len(self._prompt) - len(dots) - 3, _LEAST_CELLS)
        return f"{front}  \x1b[{_COLOURS[judged.level]}m{shorten(words, room)}\x1b[m"
