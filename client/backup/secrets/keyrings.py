"""The next keyring of an archive, as a value: who may open it, and what its vaults are to get.

A change of any slot is a new keyring under a new root. Slots that stay are sealed to the faces
in our own copy, without their secrets. The password's cannot stay: its records at the vaults
belong to the root, so it is made anew, by the same password or another one.

Pure but for the library's randomness in the seals. Spec: docs/formats.md#keyring
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from client.store.vault_errands import Errand
from protocol.archive.digits import RecoveryDigits
from protocol.archive.keyring import Keyring, KeyringPlan, filled_with_empty, seal_keyring
from protocol.archive.keys import ArchiveRoot, vault_owner_key
from protocol.archive.layout import SlotKind
from protocol.archive.slot import SlotFace, SlotRecord, make_face
from protocol.archive.slot_secret import SlotSecret
from protocol.randomness import RandomBytes
from protocol.recovery.oprf import OprfInput
from protocol.recovery.owner import sign_deletion
from protocol.recovery.record import PasswordRecord, Vault
from protocol.recovery.registration import Registration
from protocol.recovery.set_up import Guard, SetUp, set_up
from protocol.recovery.stretching import Stretching
from protocol.signing import public_key_of


@dataclass(frozen=True, slots=True)
class NewPassword:
    """A password that was typed and stretched, and who is to guard it."""

    stretched: OprfInput
    stretching: Stretching
    vaults: tuple[Vault, ...]
    threshold: int


@dataclass(frozen=True, slots=True)
class Slots:
    """What a keyring is to open by.

    Args:
        digits: new ones, which replace those that there are; None for none.
        keeps_digits: the digits that there are open it as before.
        password: None for no password.
    """

    digits: RecoveryDigits | None = None
    keeps_digits: bool = False
    password: NewPassword | None = None


@dataclass(frozen=True, slots=True)
class NewKeyring:
    """A root, sealed; with it, each vault's registration, in the order of the record."""

    root: ArchiveRoot
    keyring: Keyring
    registrations: tuple[tuple[Vault, Registration], ...]

    def deletions(self, generation: int = 0) -> list[Errand]:
        """Give what would undo the registrations."""
        ids = [(vault, registration.record_id) for vault, registration in self.registrations]
        return [_deletion(self.root, vault, each, generation) for vault, each in ids]


def first_plan(archive_id: bytes, made_at_ms: int) -> KeyringPlan:
    """Give a plan without slots, from which the first keyring is made; its generation is 0."""
    return KeyringPlan(archive_id, 0, made_at_ms, filled_with_empty(()))


def next_keyring(
    plan: KeyringPlan, slots: Slots, made_at_ms: int, random_bytes: RandomBytes
) -> NewKeyring:
    """Make the keyring after ``plan``, which is our own copy.

    Raises:
        RecordRefused: two vaults are one operator's, or their number and threshold do not fit.
    Cost: about 10 ms.
    """
    root, archive_id = ArchiveRoot.generate(random_bytes), plan.archive_id
    kept = [face for face in plan.faces if _stays(face, slots)]
    if slots.digits is not None:
        secret = slots.digits.slot_secret()
        kept.append(make_face(SlotKind.DIGITS, secret, archive_id, SlotRecord()))
    made = _guarded(slots.password, random_bytes)
    if made is not None:
        secret, record = SlotSecret.of_password(made.secret), SlotRecord(made.record.encode())
        kept.append(make_face(SlotKind.PASSWORD, secret, archive_id, record))
    keyring = seal_keyring(plan.renewed(tuple(kept), made_at_ms), root)
    return NewKeyring(root, keyring, () if made is None else _owned(made, root))


def password_record(plan: KeyringPlan) -> PasswordRecord | None:
    """Give the record of the password's slot, or None if there is none.

    Raises:
        RecordRefused: a storage forged it, or a newer program wrote it.
    """
    faces = [face for face in plan.faces if face.kind == SlotKind.PASSWORD]
    return PasswordRecord.decode_untrusted(faces[0].record.packed) if faces else None


def deletions_of(record: PasswordRecord, root: ArchiveRoot, generation: int) -> list[Errand]:
    """Give the errands that delete a password's records, made under ``root``.

    Args:
        generation: of the keyring that replaces it; not before the storage has that.
    """
    return [_deletion(root, part.vault, part.record_id, generation) for part in record.parts]


def kinds_of(plan: KeyringPlan) -> Sequence[str]:
    """Give what a keyring opens by, in words: "digits", "password", "slot of kind 7"."""
    known = {SlotKind.DIGITS: "digits", SlotKind.PASSWORD: "password"}
    numbers = [face.kind for face in plan.faces if face.kind != SlotKind.EMPTY]
    words = (
        known[SlotKind(each)] if each in tuple(known) else f"slot of kind {each}"
        for each in numbers
    )
    return list(dict.fromkeys(words))


def _stays(face: SlotFace, slots: Slots) -> bool:
    if face.kind in (SlotKind.EMPTY, SlotKind.PASSWORD):
        return False
    return face.kind != SlotKind.DIGITS or (slots.keeps_digits and slots.digits is None)


def _guarded(password: NewPassword | None, random_bytes: RandomBytes) -> SetUp | None:
    if password is None:
        return None
    # Each record gets an owner of its own when its id is known.
    guard = Guard(password.vaults, password.threshold, bytes(32))
    return set_up(password.stretched, password.stretching, guard, random_bytes)


def _owned(made: SetUp, root: ArchiveRoot) -> tuple[tuple[Vault, Registration], ...]:
    """Give each registration its owner: one per record, so that vaults cannot link theirs."""
    vaults = [part.vault for part in made.record.parts]
    owned = (
        replace(each, owner_key=public_key_of(vault_owner_key(root, each.record_id)))
        for each in made.registrations
    )
    return tuple(zip(vaults, owned, strict=True))


def _deletion(root: ArchiveRoot, vault: Vault, record_id: bytes, generation: int) -> Errand:
    owner = vault_owner_key(root, record_id)
    return Errand(vault, sign_deletion(owner, vault.key, record_id), generation)
