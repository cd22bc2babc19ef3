"""The keyring: an archive's root, sealed to each secret that may open it.

    offset   size
         0      8  "glpkeys", line feed
         8      1  version = 1
         9      7  zeros
        16     16  archive id
        32      4  generation: u32, from 1, raised with each new root
        36      4  zeros
        40      8  made at: u64
        48  16384  4 slots of 4,096 bytes
     16432     32  SHA-256 of everything before

Each seal's info is the whole public part (the first 48 bytes and the faces of all
slots) and the slot's number: nothing in it changes without closing every slot. The
hash is no secret and stops no attacker; it tells damage from a wrong secret. That
a keyring is the archive's own is proven by the head that the root's key signed.

Spec: docs/formats.md#keyring
"""

import hashlib
import struct
from dataclasses import dataclass, replace
from typing import Final, Self

from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import SlotKind
from protocol.archive.slot import EMPTY_FACE, FACE_BYTES, SEAL_BYTES, SlotFace
from protocol.archive.slot_secret import SlotSecret, slot_key_pair
from protocol.e2ee.hpke import open_sealed_untrusted, seal_to
from protocol.encoding import encode_fields
from protocol.errors import (
    DecryptionFailed,
    KeyringDamaged,
    OutOfRange,
    UnsupportedVersion,
    WrongSlotSecret,
)
from protocol.labels import Label
from protocol.limits import KEYRING_SLOTS, SLOT_BYTES

KEYRING_VERSION: Final = 1

_MAGIC: Final = b"glpkeys\n"
_FRONT: Final = struct.Struct(">8sB7x16sI4xQ")
_HASH_BYTES: Final = 32
KEYRING_BYTES: Final = _FRONT.size + KEYRING_SLOTS * SLOT_BYTES + _HASH_BYTES


@dataclass(frozen=True, slots=True)
class KeyringPlan:
    """The public part: who may open which archive. A client keeps its own copy.

    New roots are sealed to the faces in that copy and never to those a storage
    shows: it could have put one of its own there.

    Args:
        faces: KEYRING_SLOTS of them, empty ones included.
    """

    archive_id: bytes
    generation: int
    made_at_ms: int
    faces: tuple[SlotFace, ...]

    def __post_init__(self) -> None:
        """Refuse what would not read back.

        Raises:
            OutOfRange: not KEYRING_SLOTS faces.
        """
        if len(self.faces) != KEYRING_SLOTS:
            raise OutOfRange(f"a keyring of {KEYRING_SLOTS} slots")

    def encode(self) -> bytes:
        """Give front and faces, as they are bound into each seal."""
        fields = (_MAGIC, KEYRING_VERSION, self.archive_id, self.generation, self.made_at_ms)
        return b"".join([_FRONT.pack(*fields), *(face.encode() for face in self.faces)])

    def renewed(self, faces: tuple[SlotFace, ...], made_at_ms: int) -> Self:
        """Give the next generation, with ``faces`` and as many empty ones as it takes."""
        return replace(
            self,
            generation=self.generation + 1,
            made_at_ms=made_at_ms,
            faces=filled_with_empty(faces),
        )


@dataclass(frozen=True, slots=True)
class Keyring:
    """A whole keyring: the plan, and one seal for each slot (zeros in an empty one)."""

    plan: KeyringPlan
    seals: tuple[bytes, ...]

    def encode(self) -> bytes:
        """Give the file, KEYRING_BYTES bytes."""
        public = self.plan.encode()
        slots = zip(self.plan.faces, self.seals, strict=True)
        body = public[: _FRONT.size] + b"".join(face.encode() + seal for face, seal in slots)
        return body + hashlib.sha256(body).digest()

    @classmethod
    def decode_untrusted(cls, data: bytes) -> Self:
        """Read a file that a storage gave.

        Raises:
            UnsupportedVersion: a newer keyring.
            KeyringDamaged: it is not as somebody wrote it.
        """
        body, digest = data[:-_HASH_BYTES], data[-_HASH_BYTES:]
        if data[: len(_MAGIC)] == _MAGIC and data[8:9] > bytes([KEYRING_VERSION]):
            raise UnsupportedVersion("keyring", data[8])
        if len(data) != KEYRING_BYTES or hashlib.sha256(body).digest() != digest:
            raise KeyringDamaged("its hash does not fit")
        keyring = cls(*_split(body))
        if keyring.encode() != data or not keyring._is_empty_where_it_says_so():
            raise KeyringDamaged("it is malformed")
        return keyring

    def _is_empty_where_it_says_so(self) -> bool:
        slots = zip(self.plan.faces, self.seals, strict=True)
        return all(face != EMPTY_FACE or not any(seal) for face, seal in slots)


def filled_with_empty(faces: tuple[SlotFace, ...]) -> tuple[SlotFace, ...]:
    """Give ``faces`` and as many empty ones as a keyring takes."""
    return faces + (EMPTY_FACE,) * (KEYRING_SLOTS - len(faces))


def seal_keyring(plan: KeyringPlan, root: ArchiveRoot) -> Keyring:
    """Seal ``root`` to every slot of ``plan``; the library draws the randomness.

    Args:
        root: a new one whenever a slot was removed or replaced, or the removed
            secret still opens what comes later.

    Raises:
        BadPublicKey: a face's key is not usable.
    """
    numbered = enumerate(plan.faces)
    return Keyring(plan, tuple(_seal(plan, number, face, root) for number, face in numbered))


def open_keyring(keyring: Keyring, kind: SlotKind, secret: SlotSecret) -> ArchiveRoot:
    """Give the root from the first slot of ``kind`` that ``secret`` opens.

    What was opened may still be an old keyring: compare it with the newest head.

    Raises:
        WrongSlotSecret: it opens none.
    Cost: about 300 us per slot of that kind.
    """
    key = slot_key_pair(secret, kind, keyring.plan.archive_id)
    for number, face in enumerate(keyring.plan.faces):
        if face.kind == kind:
            try:
                info = _info(keyring.plan, number)
                sealed = keyring.seals[number]
                return ArchiveRoot(open_sealed_untrusted(sealed, key, info, "slot"))
            except DecryptionFailed:
                continue
    raise WrongSlotSecret(kind.name.lower())


def _seal(plan: KeyringPlan, number: int, face: SlotFace, root: ArchiveRoot) -> bytes:
    if face.kind == SlotKind.EMPTY:
        return bytes(SEAL_BYTES)
    return seal_to(face.public, root.expose(), _info(plan, number))


def _info(plan: KeyringPlan, number: int) -> bytes:
    return encode_fields(Label.SLOT_SEAL, bytes([number]), plan.encode())


def _split(body: bytes) -> tuple[KeyringPlan, tuple[bytes, ...]]:
    _, _, archive_id, generation, made_at_ms = _FRONT.unpack_from(body)
    slots = [body[at:][:SLOT_BYTES] for at in range(_FRONT.size, len(body), SLOT_BYTES)]
    faces = tuple(SlotFace.decode_untrusted(slot[:FACE_BYTES]) for slot in slots)
    plan = KeyringPlan(archive_id, generation, made_at_ms, faces)
    return plan, tuple(slot[FACE_BYTES:] for slot in slots)
