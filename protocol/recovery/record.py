"""What stands in the backup beside the password's slot: all that a new device needs to ask.

    u8(version = 1) || strict msgpack of PasswordRecord

Public to the storage, and possibly forged by it: a decoded record is checked against
every rule that an honest client keeps, and the user is shown operators and keys
before the password is asked for.

Spec: docs/recovery.md#password-record
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Annotated, Final, Self

from protocol.errors import WireError
from protocol.limits import MAX_PASSWORD_RECORD_BYTES, MAX_VAULT_ADDRESS_BYTES, MAX_VAULTS
from protocol.loopback import is_loopback
from protocol.packing import U8, Key32, Many, NameText, Text, pack, unpack_untrusted
from protocol.recovery import guesses, shamir
from protocol.recovery.errors import BadElement, RecordRefused
from protocol.recovery.group import Element
from protocol.recovery.shapes import RecordId
from protocol.recovery.stretching import Stretching

RECORD_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class Vault:
    """One operator's vault: how it calls itself, where it is, and its Ed25519 key."""

    name: NameText
    address: Annotated[str, Text(MAX_VAULT_ADDRESS_BYTES)]
    key: Key32

    @property
    def host(self) -> str:
        """The address without its port."""
        return self.address.rpartition(":")[0]

    @property
    def machine(self) -> str:
        """What tells its operator's machine from others: the host, in one case.

        On loopback the port belongs to it: that is where vaults of one machine are
        tried out, and such a record is of no use anywhere else.
        """
        host = self.host.lower()
        return self.address.lower() if is_loopback(host.strip("[]")) else host


@dataclass(frozen=True, slots=True)
class VaultPart:
    """One vault's part in a password: under which id, and the commitment to its share."""

    vault: Vault
    record_id: RecordId
    public_share: Key32


@dataclass(frozen=True, slots=True)
class PasswordRecord:
    """How a password is stretched, and who guards it. Vault i holds share i, from 1."""

    stretching: Stretching
    threshold: U8
    limit: U8
    parts: Annotated[tuple[VaultPart, ...], Many(MAX_VAULTS, least=1)]

    def part(self, index: int) -> VaultPart:
        """Give the part of vault ``index``, from 1."""
        return self.parts[index - 1]

    def encode(self) -> bytes:
        """Give the record as it stands in the backup."""
        return bytes([RECORD_VERSION]) + pack(self)

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read a record of any origin.

        Raises:
            RecordRefused: a newer version, malformed, or against :func:`require_sound`.
        Cost: about 2 ms at five vaults.
        """
        if data[:1] != bytes([RECORD_VERSION]):
            raise RecordRefused("its version is not known here, update this program")
        try:
            record = unpack_untrusted(cls, data[1:], MAX_PASSWORD_RECORD_BYTES - 1)
        except WireError as error:
            raise RecordRefused("it is damaged") from error
        require_sound(record)
        return record


def require_sound(record: PasswordRecord) -> None:
    """Check what an honest client would have written.

    Raises:
        RecordRefused: costs out of range; threshold and limit that allow more guesses
            than promised; an operator twice (by name, key or host); record ids that
            repeat; public shares that are not those of one key.
    """
    if not record.stretching.in_range():
        raise RecordRefused("its costs of a guess are out of the accepted range")
    if not guesses.is_honest(len(record.parts), record.threshold, record.limit):
        raise RecordRefused("it allows more guesses than this program promises")
    require_distinct_operators(part.vault for part in record.parts)
    if len({part.record_id for part in record.parts}) != len(record.parts):
        raise RecordRefused("two vaults have the same record id")
    if not shares_are_consistent((part.public_share for part in record.parts), record.threshold):
        raise RecordRefused("its public shares are not those of one key")


def require_distinct_operators(vaults: Iterable[Vault]) -> None:
    """Refuse two slots of one operator: together they would be one vault.

    Raises:
        RecordRefused: two have the same name, key or machine, or an address has no host.
    """
    listed = [*vaults]
    if any(not vault.host for vault in listed):
        raise RecordRefused("a vault's address is not HOST:PORT")
    ways: tuple[Callable[[Vault], object], ...] = (
        lambda vault: vault.name,
        lambda vault: vault.key,
        lambda vault: vault.machine,
    )
    if any(len({*map(way, listed)}) != len(listed) for way in ways):
        raise RecordRefused("two of its vaults are one operator's")


def shares_are_consistent(encodings: Iterable[bytes], threshold: int) -> bool:
    """Tell whether public shares decode, and lie on one polynomial of the right degree."""
    try:
        publics = [Element.decode_untrusted(each) for each in encodings]
    except BadElement:
        return False
    return shamir.are_consistent(publics, threshold)
