"""Read a Glasspost backup without Glasspost, by what its published pages say alone.

    python scripts/open_backup.py ARCHIVE --digits-file FILE      its 64 digits (- is the input)
    python scripts/open_backup.py ARCHIVE --password-file FILE    its password; asks the vaults

ARCHIVE is the folder of a backup, or an exported tar. The way to a message:

    secret ─▶ root ─┬▶ head key ─────▶ head: which manifest is the newest
                    └▶ manifest key ─▶ manifest: each object's own key ─▶ segments, state, media

Prints JSON, one line each: the backup, its state, the messages of each conversation in order.
Bytes are in hexadecimal, times in milliseconds since 1970, UTC. What is damaged is named on the
error output, and the rest is read. Ends with 0: all was read, 1: something was not, 2: too few
vaults answered, 5: wrong digits or password.
"""

import argparse
import json
import math
import signal
import sys
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

# Run as a file, Python looks for the parts in this folder, and not in the one above.
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
from scripts.backup_reader.archive import Archive, Entry
from scripts.backup_reader.conventions import WRONG_SECRET, CannotRead, reading
from scripts.backup_reader.gallery import Gallery
from scripts.backup_reader.keyring import DIGITS, Keyring, digits_secret
from scripts.backup_reader.messages import Line, account, messages, state
from scripts.backup_reader.objects import ACCOUNT, SEGMENT, STATE, Opener, files_of
from scripts.backup_reader.vaults import Password


def root_by_digits(keyring: Keyring, file: Path) -> bytes:
    """Give the root that the digits in a file open."""
    root = keyring.open(DIGITS, digits_secret(text_in(file)))
    if root is None:
        raise CannotRead("These are digits of another backup, or replaced ones", WRONG_SECRET)
    return root


def root_by_password(keyring: Keyring, file: Path) -> tuple[bytes, list[bytes]]:
    """Give the root that the password in a file opens, and the heads that its vaults keep."""
    with reading("The record of the password"):
        password = Password(keyring.password_record())
    print("These vaults guard the password, and are asked:", file=sys.stderr)
    print(*password.vaults, sep="\n", file=sys.stderr, flush=True)  # before it is read
    try:
        return password.recover(text_in(file).rstrip("\r\n"), keyring), password.heads()
    finally:
        for trouble in password.close():
            print(f"open_backup: {trouble}", file=sys.stderr)


def text_in(file: Path) -> str:
    """Read a secret from a file."""
    with reading(f"The secret in {file}"):
        return sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")


def lines(archive: Archive, entries: list[Entry], only: str | None) -> Iterator[Line]:
    """Give the lines of an archive: its state, then one conversation after the other."""
    own_name = "me"
    for entry in entries:
        if entry.kind == STATE and (found := archive.read(entry, state)):
            own_name = found[0]
            yield from found[1]
        if entry.kind == ACCOUNT and (line := archive.read(entry, account)):
            yield line
    segments = [entry for entry in entries if entry.kind == SEGMENT]
    for chat in sorted({entry.chat for entry in segments if only in (None, entry.chat)}):
        yield from conversation(archive, [each for each in segments if each.chat == chat], own_name)


def conversation(archive: Archive, segments: list[Entry], own_name: str) -> list[Line]:
    """Give the messages of a conversation in order."""
    found: dict[int, Line] = {}
    for entry in segments:  # where a position stands in two, the later entry counts
        found |= archive.read(entry, lambda content: messages(content, own_name)) or {}
    return sorted(found.values(), key=lambda line: (line["order_ms"], line["position"]))


def wanted(line: Line, since_ms: float, now_ms: float) -> bool:
    """Tell whether to show a line: not a message of before, nor one whose timer has run out."""
    timers = (fact for fact in line.get("facts", []) if fact["fact"] == "timer")
    alive = all(timer["deadline_ms"] > now_ms for timer in timers)
    return alive and line.get("sent_ms", math.inf) >= since_ms


def opened(open_file: Opener, options: argparse.Namespace) -> tuple[Archive, list[bytes]]:
    """Open an archive with the secret; give it, and what heads the vaults keep of it."""
    with reading("keyring"), open_file("keyring") as file:
        keyring = Keyring(file.read())
    if options.digits_file:
        return Archive(open_file, keyring, root_by_digits(keyring, options.digits_file)), []
    root, heads = root_by_password(keyring, options.password_file)
    return Archive(open_file, keyring, root), heads


def show(open_file: Opener, options: argparse.Namespace) -> bool:
    """Print all that was asked for; tell whether nothing is missing."""
    archive, placed = opened(open_file, options)
    head, entries = archive.newest(placed)
    shown: Line = {"type": "backup", "id": head.archive_id, "epoch": head.epoch}
    print_line(shown | {"made_ms": head.made_at_ms})
    gallery = Gallery(archive, entries, options.media) if options.media else None
    for line in lines(archive, entries, options.chat):
        if wanted(line, options.since, time.time() * 1000):
            if gallery:
                gallery.save_all(line)
            print_line(line)
    return archive.complete


def print_line(line: Line) -> None:
    """Print a line; what a terminal could take for a command is escaped by JSON."""
    print(json.dumps(line, default=bytes.hex))


def date(text: str) -> float:
    """Read a date, with a time or without; UTC if it names no zone."""
    moment = datetime.fromisoformat(text)
    return moment.replace(tzinfo=moment.tzinfo or UTC).timestamp() * 1000


def main(arguments: list[str]) -> int:
    """Print a backup; return the exit code."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("archive", type=Path)
    secret = parser.add_mutually_exclusive_group(required=True)
    secret.add_argument("--digits-file", type=Path, metavar="FILE")
    secret.add_argument("--password-file", type=Path, metavar="FILE")
    parser.add_argument("--chat", metavar="PEER", help="only the conversation with PEER")
    parser.add_argument("--since", type=date, default=0, help="only messages sent from DATE on")
    parser.add_argument("--media", type=Path, metavar="FOLDER", help="write files to FOLDER")
    options = parser.parse_args(arguments)
    try:
        with reading(str(options.archive)), files_of(options.archive) as open_file:
            return 0 if show(open_file, options) else 1
    except CannotRead as error:
        print(f"open_backup: {error}", file=sys.stderr)
        return error.exit_code
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # so that `| head` ends it without a word
    sys.exit(main(sys.argv[1:]))
