"""A vault's decisions: the table of them, one by one."""

from dataclasses import replace

import pytest

from protocol.errors import DamagedState
from protocol.packing import pack
from protocol.recovery import group, upkeep, vault
from protocol.recovery.derived import UnlockTag
from protocol.recovery.errors import BadProof, VaultRefusal, VaultRefuses
from protocol.recovery.evaluation import EvaluationRequest, UnlockRequest
from protocol.recovery.events import EventKind, verify_log
from protocol.recovery.group import GENERATOR, Element
from protocol.recovery.owner import Deletion, sign_deletion, sign_head
from protocol.recovery.possession import PossessionQuestion, verify_possession
from protocol.recovery.registration import Registration
from protocol.recovery.vault_record import VaultRecord, VaultState
from protocol.signing import SigningKey, public_key_of
from tests.protocol.recovery.cast import HOUR_MS, OWNER, Cast, FakeVault, cast

MINUTE_MS = 60_000
REQUEST_ELEMENT = GENERATOR.encoding


@pytest.fixture
def party() -> Cast:
    return cast("vault")


@pytest.fixture
def first(party: Cast) -> FakeVault:
    return party.vaults[1]


@pytest.fixture
def record_id(party: Cast) -> bytes:
    return party.made.record.part(1).record_id


def _refusal(call: object, *arguments: object) -> VaultRefuses:
    assert callable(call)
    with pytest.raises(VaultRefuses) as caught:
        call(*arguments)
    return caught.value


def _guess(each: FakeVault, record_id: bytes) -> None:
    each.evaluate(EvaluationRequest(record_id, REQUEST_ELEMENT))


def _exhaust(each: FakeVault, record_id: bytes) -> None:
    for _ in range(5):
        _guess(each, record_id)
        each.now_ms += HOUR_MS - 1
    each.now_ms += 1


def test_the_waits_grow_from_the_third_guess(first: FakeVault, record_id: bytes) -> None:
    for wait_ms in (0, 0, MINUTE_MS, 10 * MINUTE_MS):
        _guess(first, record_id)
        if wait_ms:
            refused = _refusal(_guess, first, record_id)
            assert (refused.reason, refused.retry_after_ms) == (VaultRefusal.TOO_SOON, wait_ms)
            first.now_ms += wait_ms - 1
            assert _refusal(_guess, first, record_id).retry_after_ms == 1
            first.now_ms += 1
    assert first.answered == 4


def test_later_waits_are_an_hour() -> None:
    party = cast("long", 3, 3)
    each, record_id = party.vaults[1], party.made.record.part(1).record_id
    for _ in range(3):
        _guess(each, record_id)
    for wait_ms in (MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, HOUR_MS):
        assert _refusal(_guess, each, record_id).retry_after_ms == wait_ms
        each.now_ms += wait_ms
        _guess(each, record_id)


def test_a_clock_set_back_makes_nobody_wait_longer_than_the_rule(
    first: FakeVault, record_id: bytes
) -> None:
    for _ in range(3):
        _guess(first, record_id)
    first.now_ms -= HOUR_MS
    assert _refusal(_guess, first, record_id).retry_after_ms == MINUTE_MS


@pytest.mark.parametrize("element", [bytes(32), b"\xff" * 32, b"\x01" + bytes(31)])
def test_what_is_no_element_is_refused_uncounted(
    first: FakeVault, record_id: bytes, element: bytes
) -> None:
    refused = _refusal(first.evaluate, EvaluationRequest(record_id, element))
    assert refused.reason is VaultRefusal.BAD_ELEMENT
    stored = first.stored(record_id)
    assert stored is not None
    assert stored.guesses == 0


def test_the_tag_sets_the_count_to_zero(party: Cast, first: FakeVault, record_id: bytes) -> None:
    for _ in range(3):
        _guess(first, record_id)
    tag = party.made.registrations[0].tag
    first.unlock(UnlockRequest(record_id, tag))
    assert vault.status(first.stored(record_id), first.now_ms).guesses_left == 5
    _guess(first, record_id)
    kinds = [event.kind for event in first.log]
    assert kinds[-3:] == [EventKind.GUESSED, EventKind.UNLOCKED, EventKind.GUESSED]


def test_another_tag_does_nothing(party: Cast, first: FakeVault, record_id: bytes) -> None:
    _guess(first, record_id)
    before = first.disk[record_id]
    for tag in (UnlockTag(bytes(32)), party.made.registrations[1].tag):
        refused = _refusal(first.unlock, UnlockRequest(record_id, tag))
        assert refused.reason is VaultRefusal.BAD_TAG
    assert first.disk[record_id] == before


def test_at_the_limit_the_tag_still_saves_the_share_for_an_hour(
    party: Cast, first: FakeVault, record_id: bytes
) -> None:
    _exhaust(first, record_id)
    first.now_ms -= 1
    assert _refusal(_guess, first, record_id).reason is VaultRefusal.EXHAUSTED
    first.unlock(UnlockRequest(record_id, party.made.registrations[0].tag))
    assert vault.status(first.stored(record_id), first.now_ms).guesses_left == 5


def test_after_that_hour_the_share_is_erased_for_good(
    party: Cast, first: FakeVault, record_id: bytes
) -> None:
    registration = party.made.registrations[0]
    _exhaust(first, record_id)
    refused = _refusal(first.unlock, UnlockRequest(record_id, registration.tag))
    assert refused.reason is VaultRefusal.EXHAUSTED
    stored = first.disk[record_id]
    assert VaultRecord.decode(stored).state is VaultState.ERASED
    for secret in (registration.share, registration.tag):
        assert secret.expose() not in stored
    assert first.log[-1].kind is EventKind.ERASED


def test_a_record_id_is_registered_once(party: Cast, first: FakeVault) -> None:
    registration, other = party.made.registrations[0], party.made.registrations[1]
    for changed in (
        replace(registration, share=other.share),
        replace(registration, tag=other.tag),
        replace(registration, limit=1),
        replace(registration, owner_key=bytes(32)),
    ):
        assert _refusal(first.register, changed).reason is VaultRefusal.CONFLICT


UNFIT = ["index 0", "index over", "of another vault", "limit", "stray share", "no element"]


def _unfit(registration: Registration) -> dict[str, Registration]:
    minus = group.multiply(registration.share, GENERATOR)
    shifted = group.add(minus, GENERATOR).encoding
    publics = registration.public_shares
    return {
        "index 0": replace(registration, index=0),
        "index over": replace(registration, index=4),
        "of another vault": replace(registration, index=2),
        "limit": replace(registration, limit=6),
        "stray share": replace(registration, public_shares=(*publics[:2], shifted)),
        "no element": replace(registration, public_shares=(*publics[:2], bytes(32))),
    }


@pytest.mark.parametrize("fault", UNFIT)
def test_a_registration_that_does_not_fit_is_refused(party: Cast, fault: str) -> None:
    unfit = _unfit(party.made.registrations[0])[fault]
    empty = FakeVault("empty", party.draw, SigningKey(b"e" * 32))
    assert _refusal(empty.register, unfit).reason is VaultRefusal.BAD_REGISTRATION
    assert not empty.disk


def test_heads_only_go_forward(first: FakeVault, record_id: bytes) -> None:
    key = public_key_of(first.key)
    first.place_head(sign_head(OWNER, key, record_id, 7, b"head 7"))
    first.place_head(sign_head(OWNER, key, record_id, 7, b"head 7"))
    for epoch, head in ((6, b"head 6"), (7, b"another 7")):
        refused = _refusal(first.place_head, sign_head(OWNER, key, record_id, epoch, head))
        assert refused.reason is VaultRefusal.STALE_HEAD
    first.place_head(sign_head(OWNER, key, record_id, 9, b"head 9"))
    stored = first.stored(record_id)
    assert stored is not None
    assert (stored.epoch, stored.head) == (9, b"head 9")


def test_only_the_owner_places_heads_and_only_at_this_vault(
    party: Cast, first: FakeVault, record_id: bytes
) -> None:
    here, there = (public_key_of(party.vaults[index].key) for index in (1, 2))
    good = sign_head(OWNER, here, record_id, 1, b"head")
    for placed in (
        sign_head(SigningKey(bytes(32)), here, record_id, 1, b"head"),
        sign_head(OWNER, there, record_id, 1, b"head"),
        replace(good, epoch=2),
        replace(good, head=b"Head"),
    ):
        assert _refusal(first.place_head, placed).reason is VaultRefusal.BAD_STATEMENT


def test_heads_outlive_the_share(first: FakeVault, record_id: bytes) -> None:
    _exhaust(first, record_id)
    first.place_head(sign_head(OWNER, public_key_of(first.key), record_id, 1, b"head"))
    stored = first.stored(record_id)
    assert stored is not None
    assert (stored.state, stored.head) == (VaultState.ERASED, b"head")


def test_what_the_owner_deletes_stays_deleted(
    party: Cast, first: FakeVault, record_id: bytes
) -> None:
    first.place_head(sign_head(OWNER, public_key_of(first.key), record_id, 1, b"the head"))
    deletion = sign_deletion(OWNER, public_key_of(first.key), record_id)
    first.delete(deletion)
    first.delete(deletion)
    assert [event.kind for event in first.log].count(EventKind.DELETED) == 1
    registration = party.made.registrations[0]
    for gone in (registration.share.expose(), registration.tag.expose(), b"the head"):
        assert gone not in first.disk[record_id]
    assert _refusal(_guess, first, record_id).reason is VaultRefusal.DELETED
    placed = sign_head(OWNER, public_key_of(first.key), record_id, 2, b"")
    assert _refusal(first.place_head, placed).reason is VaultRefusal.DELETED
    assert _refusal(first.register, registration).reason is VaultRefusal.DELETED


def test_nobody_else_deletes(first: FakeVault, record_id: bytes) -> None:
    stranger = sign_deletion(SigningKey(bytes(32)), public_key_of(first.key), record_id)
    for deletion in (stranger, Deletion(record_id, bytes(64))):
        assert _refusal(first.delete, deletion).reason is VaultRefusal.BAD_STATEMENT


def test_an_unknown_record_is_unknown_to_every_request(first: FakeVault) -> None:
    unknown, key = b"?" * 16, public_key_of(first.key)
    for refused in (
        _refusal(_guess, first, unknown),
        _refusal(first.unlock, UnlockRequest(unknown, UnlockTag(bytes(32)))),
        _refusal(first.place_head, sign_head(OWNER, key, unknown, 1, b"")),
        _refusal(first.delete, sign_deletion(OWNER, key, unknown)),
        _refusal(vault.status, None, 0),
        _refusal(upkeep.show_possession, None, bytes(32), key, first.draw),
    ):
        assert refused.reason is VaultRefusal.UNKNOWN_RECORD


def test_a_vault_shows_that_it_has_its_share(
    party: Cast, first: FakeVault, record_id: bytes
) -> None:
    key, publics = public_key_of(first.key), party.made.registrations[0].public_shares
    proof = upkeep.show_possession(first.stored(record_id), b"n" * 32, key, first.draw)
    question = PossessionQuestion(key, record_id, b"n" * 32)
    public = Element.decode_untrusted(publics[0])
    verify_possession(public, question, proof)
    for wrong in (
        replace(question, nonce=bytes(32)),
        replace(question, vault_key=bytes(32)),
        replace(question, record_id=bytes(16)),
    ):
        with pytest.raises(BadProof):
            verify_possession(public, wrong, proof)
    with pytest.raises(BadProof):
        verify_possession(Element.decode_untrusted(publics[1]), question, proof)


def test_the_whole_log_verifies(party: Cast, first: FakeVault, record_id: bytes) -> None:
    _exhaust(first, record_id)
    first.stored(record_id)
    first.delete(sign_deletion(OWNER, public_key_of(first.key), record_id))
    assert [event.kind for event in first.log] == [
        EventKind.REGISTERED, *[EventKind.GUESSED] * 5, EventKind.ERASED, EventKind.DELETED,
    ]  # fmt: skip
    assert [event.guesses for event in first.log] == [0, 1, 2, 3, 4, 5, 5, 5]
    verify_log(public_key_of(first.key), record_id, first.log)
    assert first.log[0].detail == party.made.registrations[0].digest()


def test_the_state_survives_the_disk_and_damage_is_named(
    first: FakeVault, record_id: bytes
) -> None:
    stored = first.disk[record_id]
    record = VaultRecord.decode(stored)
    assert record.encode() == stored
    live_without_share = replace(record, share=None)
    for damaged in (b"", stored[:-1], b"\x02" + stored[1:], live_without_share.encode()):
        with pytest.raises(DamagedState):
            VaultRecord.decode(damaged)
    assert len(pack(record)) < 400


def test_the_head_is_given_until_the_record_is_deleted(
    party: Cast, first: FakeVault, record_id: bytes
) -> None:
    vault_key = public_key_of(first.key)
    assert upkeep.placed_head(first.stored(record_id)) == (0, b"")
    first.place_head(sign_head(OWNER, vault_key, record_id, 7, b"head"))
    _exhaust(first, record_id)
    assert upkeep.placed_head(first.stored(record_id)) == (7, b"head")
    first.delete(sign_deletion(OWNER, vault_key, record_id))
    assert _refusal(upkeep.placed_head, first.stored(record_id)).reason is VaultRefusal.DELETED


def test_erasing_is_due_an_hour_after_the_last_guess(first: FakeVault, record_id: bytes) -> None:
    def due_ms() -> int | None:
        return vault.erasure_due_ms(VaultRecord.decode(first.disk[record_id]))

    assert due_ms() is None
    for _ in range(5):
        _guess(first, record_id)
        first.now_ms += HOUR_MS
    assert due_ms() == first.now_ms
    first.stored(record_id)
    assert due_ms() is None
