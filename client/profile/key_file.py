"""profile.key: the 32-byte key of the database, wrapped under a passphrase or bare.

Once the tag of the wrapping has proven the passphrase, a database that does not open is damaged
or another profile's, whatever the passphrase.

Spec: docs/formats.md#profilekey
"""

from pathlib import Path
from typing import Final

from client.profile.passphrase import Passphrase
from client.profile.wrapped_file import FileKind, is_wrapped, read_wrapped, write_wrapped
from client.store.connection import DatabaseKey
from protocol.labels import Label
from protocol.randomness import RandomBytes

_KEY_BYTES: Final = 32

KEY_FILE: Final = FileKind(
    magic=b"glasspost profile key\n",
    version=1,
    label=Label.KEY_FILE,
    least_bytes=_KEY_BYTES,
    most_bytes=_KEY_BYTES,
    noun="a key file",
    locked="This profile is protected by a passphrase.",
    how_to_unlock="Type it when asked, or name a file with --passphrase-file.",
    without_it="Put back a copy of this file; without it the history cannot be opened.",
)


def write_key_file(
    path: Path, key: DatabaseKey, passphrase: Passphrase | None, random_bytes: RandomBytes
) -> None:
    """Write ``path`` anew, in one step: this is also how a passphrase is changed.

    Args:
        passphrase: None stores the key bare, which protects nothing against a
            thief of the folder.
        random_bytes: gives the salt and the nonce.

    Raises:
        OSError: the file cannot be written; an old one is as before.
        LocalError: not enough memory for the passphrase.
    """
    write_wrapped(path, KEY_FILE, key, passphrase, random_bytes)


def read_key_file(path: Path, passphrase: Passphrase | None) -> DatabaseKey:
    """Read the database key.

    Raises:
        WrongSecret, LocalError, OSError: as :func:`client.profile.wrapped_file.read_wrapped`.
    """
    return DatabaseKey(read_wrapped(path, KEY_FILE, passphrase).expose())


def needs_passphrase(path: Path) -> bool:
    """Tell whether the key in ``path`` is wrapped, to know whether to ask.

    Raises:
        LocalError, OSError: as for :func:`read_key_file`.
    """
    return is_wrapped(path, KEY_FILE)
