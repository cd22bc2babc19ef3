"""Bounded reads from a storage that may be hostile: whatever it says, memory stays small.

A read asks for as much as the object may have and one byte more; what is longer than
that is refused, and what is shorter is what is there.

Spec: docs/backup.md#reading
"""

from client.backup.reading.errors import misbehaves
from client.backup.targets.interface import PIECE_BYTES, Target


async def read_part(target: Target, path: str, offset: int, length: int) -> bytes:
    """Give stored bytes, fewer than ``length`` only where the object ends.

    Raises:
        ObjectMissing, TargetError: as for ``Target.read``.
        BackupUnreadable: the storage gave more than was asked for.
    """
    parts: list[bytes] = []
    wanted = min(length, PIECE_BYTES)
    while wanted > 0:
        part = await target.read(path, offset, wanted)
        if len(part) > wanted:
            raise misbehaves(target.where, path, "It gave more bytes than it was asked for.")
        parts.append(part)
        offset, length = offset + len(part), length - len(part)
        wanted = min(length, PIECE_BYTES) if len(part) == wanted else 0
    return b"".join(parts)


async def read_whole(target: Target, path: str, most_bytes: int) -> bytes:
    """Give a stored object; of one that is longer than ``most_bytes``, one byte more than that.

    So whoever compares sizes or hashes sees that it was extended.

    Raises:
        As :func:`read_part`.
    """
    return await read_part(target, path, 0, most_bytes + 1)
