"""What a typed line means: a text for the peer, or a command.

A line that begins with ``/`` is a command; with ``//`` it is a text that begins with a slash.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from typing import Final

from client.text import join_words, shorten

COMMANDS: Final = {
    "to": ("NAME", "talk with somebody"),
    "contacts": ("", "who is known here"),
    "verify": ("[NUMBER]", "compare safety numbers with the peer"),
    "block": ("[NAME]", "show nothing of the peer, or of NAME, any more"),
    "unblock": ("[NAME]", "show it again"),
    "trust": ("[accept|keep]", "answer when the peer's key has changed"),
    "veto": ("", "keep your name when another device asks for it"),
    "history": ("[N]", "the last N messages with the peer"),
    "search": ("WORDS", "find words in all conversations"),
    "status": ("", "connection, queue, keys"),
    "help": ("", "this list"),
    "quit": ("", "leave; what is queued goes out next time"),
}


@dataclass(frozen=True, slots=True)
class Say:
    """A text for the peer."""

    text: str


@dataclass(frozen=True, slots=True)
class Command:
    """A command and what follows it, stripped."""

    name: str
    argument: str


@dataclass(frozen=True, slots=True)
class NotACommand:
    """A line that begins like a command and is none; ``advice`` says what to type."""

    advice: str


def parse_line(line: str) -> Say | Command | NotACommand | None:
    """Read a typed line; None if there is nothing in it."""
    if not line.strip():
        return None
    if line.startswith("//"):
        return Say(line[1:])
    if not line.startswith("/"):
        return Say(line)
    name, _, argument = line[1:].partition(" ")
    if name in COMMANDS:
        return Command(name, argument.strip())
    return NotACommand(_advice(name))


def complete(line: str, names: list[str]) -> list[str]:
    """Give what ``line`` may become: commands, and names behind ``/to``."""
    if line.startswith("/to "):
        return [f"/to {name}" for name in names if name.startswith(line[4:])]
    if line.startswith("/") and " " not in line:
        return [f"/{name} " for name in COMMANDS if name.startswith(line[1:])]
    return []


def help_rows() -> list[tuple[str, str]]:
    """List the commands with what they do."""
    rows = [(f"/{name} {what}".rstrip(), words) for name, (what, words) in COMMANDS.items()]
    return [*rows, ("//…", "a text that begins with a slash")]


def _advice(name: str) -> str:
    near = get_close_matches(name.lower(), COMMANDS, n=2, cutoff=0.5)
    meant = f" Did you mean {join_words((f'/{each}' for each in near), 'or')}?" if near else ""
    return f"There is no command /{shorten(name, 20)}.{meant} /help lists them; // sends a slash."
