"""The vaults as keepers of a backup's newest head: told with each backup, asked at a restore.

Spec: docs/recovery.md#owners-statements, docs/formats.md#which-head-is-believed
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import trio

from client.backup.secrets.party import ANSWER_TIMEOUT_S, NoAnswer, VaultDialer, VaultLine
from client.errors import UserError
from protocol.archive.head import open_head_untrusted
from protocol.archive.keys import ArchiveRoot, head_key, vault_owner_key
from protocol.recovery.owner import sign_head
from protocol.recovery.record import PasswordRecord, Vault, VaultPart
from protocol.signing import public_key_of

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class VaultHead:
    """One vault's copy of an archive's newest head.

    Args:
        root: the archive's; the owner of the record at this vault is derived from it.
    """

    part: VaultPart
    root: ArchiveRoot
    connect: VaultDialer

    @property
    def name(self) -> str:
        """Give what a person calls the vault."""
        return self.part.vault.name

    async def head(self) -> bytes | None:
        """Give the head as it was placed, unproven; None if there is none.

        Raises:
            UserError: the vault cannot be asked now, or has no such record; names it.
        """
        _, head = await self._ask(lambda line: line.head(self.part.record_id))
        return head or None

    async def place(self, head: bytes) -> bool:
        """Hand over a head that this archive's key signed; tell whether it is there, durably."""
        epoch = open_head_untrusted(head, public_key_of(head_key(self.root))).epoch
        owner = vault_owner_key(self.root, self.part.record_id)
        placed = sign_head(owner, self.part.vault.key, self.part.record_id, epoch, head)
        try:
            await self._ask(lambda line: line.place_head(placed))
        except UserError:
            return False
        return True

    async def _ask(self, call: Callable[[VaultLine], Awaitable[T]]) -> T:
        vault: Vault = self.part.vault
        with trio.move_on_after(ANSWER_TIMEOUT_S):
            async with self.connect(vault) as line:
                return await call(line)
        raise NoAnswer(vault)


def vault_heads(
    record: PasswordRecord | None, root: ArchiveRoot, connect: VaultDialer
) -> tuple[VaultHead, ...]:
    """Give the keepers of an archive's head: the vaults of its password, if it has one."""
    parts = () if record is None else record.parts
    return tuple(VaultHead(part, root, connect) for part in parts)
