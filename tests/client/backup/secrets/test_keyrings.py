"""The next keyring: which secrets open it, and that no old one does."""

import pytest

from client.backup.secrets.keyrings import (
    NewKeyring,
    NewPassword,
    Slots,
    deletions_of,
    first_plan,
    kinds_of,
    next_keyring,
    password_record,
)
from client.store.vault_errands import ErrandKind
from protocol.archive.digits import RecoveryDigits
from protocol.archive.keyring import Keyring, open_keyring
from protocol.archive.keys import ArchiveRoot, vault_owner_key
from protocol.archive.layout import SlotKind
from protocol.errors import WrongSlotSecret
from protocol.recovery.errors import RecordRefused
from protocol.recovery.owner import Deletion, verify_deletion
from protocol.recovery.record import Vault
from protocol.recovery.stretching import Stretching
from protocol.signing import public_key_of
from tests.client.backup.secrets.vaults import operators
from tests.protocol.recovery.cast import SALT, stretched
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("keyrings")
OLD, NEW = RecoveryDigits.generate(DRAW), RecoveryDigits.generate(DRAW)
VAULTS = operators(DRAW, "east", "north", "west").places
PASSWORD = NewPassword(stretched("right"), Stretching(SALT), VAULTS, 2)


def first(slots: Slots) -> NewKeyring:
    return next_keyring(first_plan(DRAW(16), 0), slots, 1, DRAW)


def opened(keyring: Keyring, digits: RecoveryDigits) -> ArchiveRoot | None:
    try:
        return open_keyring(keyring, SlotKind.DIGITS, digits.slot_secret())
    except WrongSlotSecret:
        return None


def test_digits_that_stay_open_the_next_root_too() -> None:
    before = first(Slots(digits=OLD))
    after = next_keyring(before.keyring.plan, Slots(keeps_digits=True, password=PASSWORD), 2, DRAW)
    assert opened(before.keyring, OLD) == before.root
    assert opened(after.keyring, OLD) == after.root
    assert after.root != before.root
    assert (before.keyring.plan.generation, after.keyring.plan.generation) == (1, 2)
    assert kinds_of(after.keyring.plan) == ["digits", "password"]


@pytest.mark.parametrize("slots", [Slots(digits=NEW), Slots(password=PASSWORD)])
def test_digits_that_are_replaced_or_removed_open_nothing_that_follows(slots: Slots) -> None:
    before = first(Slots(digits=OLD))
    after = next_keyring(before.keyring.plan, slots, 2, DRAW)
    assert opened(after.keyring, OLD) is None


def test_a_password_is_never_carried_over() -> None:
    before = first(Slots(digits=OLD, password=PASSWORD))
    after = next_keyring(before.keyring.plan, Slots(keeps_digits=True), 2, DRAW)
    assert kinds_of(after.keyring.plan) == ["digits"]
    assert password_record(after.keyring.plan) is None


def test_each_record_has_an_owner_of_its_own_and_a_fitting_deletion() -> None:
    made = first(Slots(password=PASSWORD))
    record = password_record(made.keyring.plan)
    assert record is not None
    owners = [registration.owner_key for _, registration in made.registrations]
    assert len(set(owners)) == 3
    assert [part.record_id for part in record.parts] == [
        registration.record_id for _, registration in made.registrations
    ]
    for errand, (vault, registration) in zip(made.deletions(), made.registrations, strict=True):
        owner = vault_owner_key(made.root, registration.record_id)
        assert registration.owner_key == public_key_of(owner)
        assert isinstance(errand.request, Deletion)
        verify_deletion(registration.owner_key, vault.key, errand.request)
    later = deletions_of(record, made.root, 7)
    assert [(each.kind, each.generation) for each in later] == [(ErrandKind.DELETE, 7)] * 3
    assert [each.request for each in later] == [each.request for each in made.deletions()]


def test_two_slots_of_one_operator_are_refused() -> None:
    twice = (VAULTS[0], Vault(VAULTS[1].name, VAULTS[0].address, VAULTS[1].key), VAULTS[2])
    with pytest.raises(RecordRefused, match="one operator"):
        first(Slots(password=NewPassword(stretched("right"), Stretching(SALT), twice, 2)))
