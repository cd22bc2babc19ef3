"""The account file: what lets a new device take over a name, wrapped under a passphrase or bare.

The content is strict msgpack ``[name, relay, generation, key, next key or nil]``. While a
replacement is under way there are two keys in it, the account's and the one that the replacement
installs: whatever the relay has carried out, the file can go on.

Whoever has the file and its passphrase can take over the name; it opens no message.

Spec: docs/formats.md#the-account-file
"""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Final, Self

from client.errors import LocalError
from client.network.address import RelayAddress, parse_address
from client.profile.passphrase import Passphrase
from client.profile.wrapped_file import (
    FileContent,
    FileKind,
    damaged,
    is_wrapped,
    read_wrapped,
    write_wrapped,
)
from protocol.errors import BadAddress, WireError
from protocol.ids import Name
from protocol.labels import Label
from protocol.packing import U64, Binary, Key32, NameText, pack, unpack_untrusted
from protocol.randomness import RandomBytes
from protocol.signing import SigningKey, public_key_of

_MOST_ADDRESS_BYTES: Final = 400
_LEAST_BYTES: Final = 40
_MOST_BYTES: Final = 560

ACCOUNT_FILE: Final = FileKind(
    magic=b"glasspost account file\n",
    version=1,
    label=Label.ACCOUNT_FILE,
    least_bytes=_LEAST_BYTES,
    most_bytes=_MOST_BYTES,
    noun="an account file",
    locked="This account file is protected by a passphrase.",
    how_to_unlock="Type it when asked, or name a file with --account-passphrase-file.",
    without_it="Use another copy of it; on the device that still works: glasspost account save.",
)


@dataclass(frozen=True, slots=True)
class Credential:
    """What lets a new device take over a name.

    Args:
        relay: where the name lives; with the key it has to show, unless it speaks no TLS.
        generation: the account's, when ``key`` became its account key.
        key: signs the replacement of the device.
        next_key: the account key that a change under way installs; None if none is.
    """

    name: Name
    relay: RelayAddress
    generation: int
    key: SigningKey
    next_key: SigningKey | None = None

    def at(self, account_key: bytes, generation: int) -> Self | None:
        """Give what is good for the account as the relay shows it, or None: it is stale.

        Args:
            account_key: the account's public one, 32 bytes.
            generation: the account's.
        """
        if public_key_of(self.key) == account_key:
            return replace(self, generation=generation)
        if self.next_key is not None and public_key_of(self.next_key) == account_key:
            return replace(self, generation=generation, key=self.next_key, next_key=None)
        return None


@dataclass(frozen=True, slots=True)
class _Content:
    name: NameText
    relay: Annotated[bytes, Binary(1, _MOST_ADDRESS_BYTES)]
    generation: U64
    key: Key32
    next_key: Key32 | None


def write_account_file(
    path: Path, credential: Credential, passphrase: Passphrase | None, random_bytes: RandomBytes
) -> None:
    """Write ``path`` anew, in one step; blocks.

    Args:
        passphrase: None writes the keys bare: whoever reads the file can take over the name.
        random_bytes: gives the salt and the nonce.

    Raises:
        LocalError: it cannot be written; an old one is as before.
    """
    next_key = None if credential.next_key is None else credential.next_key.expose()
    content = _Content(
        credential.name,
        str(credential.relay).encode(),
        credential.generation,
        credential.key.expose(),
        next_key,
    )
    try:
        write_wrapped(path, ACCOUNT_FILE, FileContent(pack(content)), passphrase, random_bytes)
    except OSError as error:
        raise LocalError(
            f"The account file {path} cannot be written.",
            why=f"The system says: {error.strerror}.",
            hint="Name a file in a folder that you may write to.",
        ) from error


def read_account_file(path: Path, passphrase: Passphrase | None) -> Credential:
    """Read a credential; blocks.

    Raises:
        WrongSecret: the file is whole and the passphrase wrong, or missing.
        LocalError: it cannot be read, is damaged, foreign, newer, or bare and readable by others.
    Cost: at most 1 GiB and 16 passes of Argon2id, whatever the file says.
    """
    try:
        content = read_wrapped(path, ACCOUNT_FILE, passphrase)
    except OSError as error:
        raise _unreadable(path, error) from error
    try:
        parts = unpack_untrusted(_Content, content.expose(), _MOST_BYTES)
        relay = parse_address(parts.relay.decode())
    except (WireError, BadAddress, UnicodeDecodeError) as error:
        raise damaged(path, ACCOUNT_FILE, "Its content does not parse.") from error
    next_key = None if parts.next_key is None else SigningKey(parts.next_key)
    return Credential(Name(parts.name), relay, parts.generation, SigningKey(parts.key), next_key)


def account_file_is_locked(path: Path) -> bool:
    """Tell whether ``path`` wants a passphrase; blocks.

    Raises:
        LocalError: as for :func:`read_account_file`.
    """
    try:
        return is_wrapped(path, ACCOUNT_FILE)
    except OSError as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError) -> LocalError:
    return LocalError(
        f"The account file {path} cannot be read.",
        why=f"The system says: {error.strerror}.",
        hint="Check the path and the permissions.",
    )
