"""B2 for the keyring: damage is told from a wrong secret, and no slot can be slipped in."""

import hashlib
from dataclasses import replace

import pytest

from protocol.archive.head import Head
from protocol.archive.keyring import KEYRING_BYTES, Keyring, open_keyring, seal_keyring
from protocol.archive.keys import ArchiveRoot
from protocol.archive.layout import SlotKind
from protocol.archive.slot import (
    EMPTY_FACE,
    FACE_BYTES,
    MAX_SLOT_RECORD_BYTES,
    SlotFace,
    SlotRecord,
    make_face,
)
from protocol.archive.slot_secret import SlotSecret
from protocol.errors import (
    DigitsRefused,
    KeyringDamaged,
    KeyringReplaced,
    OutOfRange,
    TooLong,
    UnsupportedVersion,
    WrongSlotSecret,
)
from protocol.limits import SLOT_BYTES
from tests.protocol.archive.samples import (
    ARCHIVE_ID,
    DIGITS,
    DRAW,
    HEAD,
    KEYRING,
    NOW_MS,
    PASSWORD,
    PLAN,
    RECORD,
    ROOT,
    flipped,
)

FILE = KEYRING.encode()
SECRETS = {SlotKind.DIGITS: DIGITS.slot_secret(), SlotKind.PASSWORD: PASSWORD}
WRONG = SlotSecret(DRAW(32))


def _rehashed(data: bytes) -> bytes:
    """What an attacker writes: a file whose hash fits."""
    return data[:-32] + hashlib.sha256(data[:-32]).digest()


@pytest.mark.parametrize("kind", SECRETS)
def test_each_secret_opens_the_root(kind: SlotKind) -> None:
    keyring = Keyring.decode_untrusted(FILE)
    assert keyring == KEYRING
    assert open_keyring(keyring, kind, SECRETS[kind]) == ROOT


def test_the_file_has_one_size() -> None:
    nobody = replace(PLAN, faces=(EMPTY_FACE,) * 4)
    assert len(FILE) == KEYRING_BYTES == len(seal_keyring(nobody, ROOT).encode())


@pytest.mark.parametrize("kind", SECRETS)
def test_a_wrong_secret_is_called_wrong_and_not_damage(kind: SlotKind) -> None:
    with pytest.raises(WrongSlotSecret) as caught:
        open_keyring(KEYRING, kind, WRONG)
    assert caught.value.slot_kind == kind.name.lower()
    assert not isinstance(caught.value, DigitsRefused | KeyringDamaged)


def test_a_secret_of_one_kind_opens_no_slot_of_another() -> None:
    with pytest.raises(WrongSlotSecret):
        open_keyring(KEYRING, SlotKind.PASSWORD, SECRETS[SlotKind.DIGITS])


def test_b2_every_changed_byte_is_damage() -> None:
    for place in range(len(FILE)):
        with pytest.raises((KeyringDamaged, UnsupportedVersion)):
            Keyring.decode_untrusted(flipped(FILE, place))


def test_b2_damage_is_told_by_the_hash_before_anything_is_read() -> None:
    for place in (16, 60, 3_000, KEYRING_BYTES - 1):
        with pytest.raises(KeyringDamaged, match="hash"):
            Keyring.decode_untrusted(flipped(FILE, place))


def test_b2_nothing_hides_in_an_empty_slot() -> None:
    for place in range(48 + 2 * SLOT_BYTES + 1, KEYRING_BYTES - 32, 499):
        with pytest.raises(KeyringDamaged):
            Keyring.decode_untrusted(_rehashed(flipped(FILE, place)))


@pytest.mark.parametrize("size", [0, 1, 47, 48, 5_000, KEYRING_BYTES - 1])
def test_b2_a_cut_keyring_is_damage(size: int) -> None:
    with pytest.raises(KeyringDamaged):
        Keyring.decode_untrusted(FILE[:size])
    with pytest.raises(KeyringDamaged):
        Keyring.decode_untrusted(FILE + FILE[:size] + b"\0")


def test_b2_a_changed_byte_with_a_fitting_hash_opens_nothing() -> None:
    """Every public byte is bound into every seal: whatever is changed, both slots close."""
    places = [*range(48), *range(48, 48 + 30), 1_300, 48 + SLOT_BYTES, 48 + SLOT_BYTES + 1_225]
    places += [48 + SLOT_BYTES + FACE_BYTES - 1, 48 + 2 * SLOT_BYTES]
    for place in places:
        try:
            keyring = Keyring.decode_untrusted(_rehashed(flipped(FILE, place)))
        except (KeyringDamaged, UnsupportedVersion):
            continue
        for kind, secret in SECRETS.items():
            with pytest.raises(WrongSlotSecret):
                open_keyring(keyring, kind, secret)


def test_b2_slots_do_not_trade_places() -> None:
    first, second = FILE[48 : 48 + SLOT_BYTES], FILE[48 + SLOT_BYTES : 48 + 2 * SLOT_BYTES]
    swapped = _rehashed(FILE[:48] + second + first + FILE[48 + 2 * SLOT_BYTES :])
    with pytest.raises(WrongSlotSecret):
        open_keyring(Keyring.decode_untrusted(swapped), SlotKind.DIGITS, SECRETS[SlotKind.DIGITS])


def test_b2_a_seal_of_another_generation_is_refused() -> None:
    renewed = seal_keyring(PLAN.renewed(PLAN.faces, NOW_MS + 1), ArchiveRoot.generate(DRAW))
    mixed = replace(renewed, seals=KEYRING.seals)
    with pytest.raises(WrongSlotSecret):
        open_keyring(mixed, SlotKind.DIGITS, SECRETS[SlotKind.DIGITS])


def test_b2_an_older_keyring_is_named_by_the_head() -> None:
    newer = seal_keyring(PLAN.renewed(PLAN.faces, NOW_MS + 1), ROOT)
    head: Head = replace(
        HEAD, keyring_generation=2, keyring_hash=hashlib.sha256(newer.encode()).digest()
    )
    head.require_keyring(newer)
    with pytest.raises(KeyringReplaced) as caught:
        head.require_keyring(KEYRING)
    assert (caught.value.generation, caught.value.head_generation) == (1, 2)


def test_remaining_slots_open_the_new_root_and_the_removed_one_does_not() -> None:
    digits_face, _, *_ = PLAN.faces
    new_root = ArchiveRoot.generate(DRAW)
    plan = PLAN.renewed((digits_face,), NOW_MS + 1)
    renewed = Keyring.decode_untrusted(seal_keyring(plan, new_root).encode())
    assert renewed.plan.generation == 2
    assert open_keyring(renewed, SlotKind.DIGITS, SECRETS[SlotKind.DIGITS]) == new_root
    with pytest.raises(WrongSlotSecret):
        open_keyring(renewed, SlotKind.PASSWORD, PASSWORD)


def test_a_slot_that_the_storage_planted_gets_no_new_root() -> None:
    """New roots are sealed to the client's own plan: the storage's is not even an argument."""
    planted = make_face(SlotKind.DIGITS, WRONG, ARCHIVE_ID, SlotRecord())
    shown = replace(PLAN, faces=(*PLAN.faces[:2], planted, EMPTY_FACE))
    own_copy = PLAN
    renewed = seal_keyring(own_copy.renewed(own_copy.faces, NOW_MS), ROOT)
    assert planted in shown.faces
    assert planted not in renewed.plan.faces
    with pytest.raises(WrongSlotSecret):
        open_keyring(renewed, SlotKind.DIGITS, WRONG)


def test_a_newer_kind_of_slot_is_kept_and_sealed_to_as_well() -> None:
    face = SlotFace(77, PLAN.faces[0].public, SlotRecord(b"of a newer program"))
    plan = PLAN.renewed((*PLAN.faces[:2], face), NOW_MS)
    keyring = Keyring.decode_untrusted(seal_keyring(plan, ROOT).encode())
    assert keyring.plan.faces[2] == face
    assert any(keyring.seals[2])
    assert not any(keyring.seals[3])


def test_two_archives_do_not_share_a_key_pair() -> None:
    other = make_face(SlotKind.PASSWORD, PASSWORD, DRAW(16), RECORD)
    assert other.public != PLAN.faces[1].public


def test_a_record_that_does_not_fit_is_refused() -> None:
    SlotRecord(bytes(MAX_SLOT_RECORD_BYTES))
    with pytest.raises(TooLong):
        SlotRecord(bytes(MAX_SLOT_RECORD_BYTES + 1))


def test_more_slots_than_there_are_is_refused() -> None:
    with pytest.raises(OutOfRange):
        PLAN.renewed((PLAN.faces[0],) * 5, NOW_MS)


def test_a_newer_keyring_says_so() -> None:
    with pytest.raises(UnsupportedVersion):
        Keyring.decode_untrusted(_rehashed(FILE[:8] + b"\2" + FILE[9:]))
