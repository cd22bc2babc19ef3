"""The account file: what lets a new device take over a name, wrapped under a passphrase or bare.

The content is strict msgpack ``[name, relay, generation, key, next key or nil, former key or
nil]``. While a replacement is under way the key that it installs is in it beside the account's:
whatever the relay has carried out, the file can go on. The former key is for a relay whose disk was
put back to a copy from before the last change: there it is the one on record.

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
_LEAST_BYTES: Final = 41
_MOST_BYTES: Final = 600

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
        former_key: the account key before ``key``; None if there was none, or long ago.
    """

    name: Name
    relay: RelayAddress
    generation: int
    key: SigningKey
    next_key: SigningKey | None = None
    former_key: SigningKey | None = None

    def at(self, account_key: bytes, generation: int) -> Self | None:
        """Give what is good for the account as the relay shows it, or None: it is stale.

        No key gets lost: what fits becomes ``key``, and the others stay beside it, because what
        the relay shows now it may not show the next time.

        Args:
            account_key: the account's public one, 32 bytes.
            generation: the account's.
        """
        if public_key_of(self.key) == account_key:
            return replace(self, generation=generation)
        if self.next_key is not None and public_key_of(self.next_key) == account_key:
            new, old = self.next_key, self.key
            return replace(self, generation=generation, key=new, next_key=None, former_key=old)
        if self.former_key is not None and public_key_of(self.former_key) == account_key:
            return self._put_back(self.former_key, generation)
        return None

    def _put_back(self, former: SigningKey, generation: int) -> Self:
        """Give what goes on from the former key: the present one is the next one again."""
        if self.next_key is None:
            coming, other = self.key, None
        else:
            coming, other = self.next_key, self.key
        return replace(self, generation=generation, key=former, next_key=coming, former_key=other)


@dataclass(frozen=True, slots=True)
class _Content:
    name: NameText
    relay: Annotated[bytes, Binary(1, _MOST_ADDRESS_BYTES)]
    generation: U64
    key: Key32
    next_key: Key32 | None
    former_key: Key32 | None


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
    content = _Content(
        credential.name,
        str(credential.relay).encode(),
        credential.generation,
        credential.key.expose(),
        _seed(credential.next_key),
        _seed(credential.former_key),
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
    next_key, former_key = _key(parts.next_key), _key(parts.former_key)
    key = SigningKey(parts.key)
    return Credential(Name(parts.name), relay, parts.generation, key, next_key, former_key)


def _seed(key: SigningKey | None) -> bytes | None:
    return None if key is None else key.expose()


def _key(seed: bytes | None) -> SigningKey | None:
    return None if seed is None else SigningKey(seed)


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
