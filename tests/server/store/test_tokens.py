"""Conformance: delivery tokens let mail in without a name, and only the present one does."""

import hashlib
import random

import pytest

from server.store.interface import BadToken, RelayStore, UnknownAccount
from server.store.values import NotStored, Stored, Submission
from tests.server.store.builders import (
    ALICE,
    BOB,
    NOBODY,
    SOMEBODY,
    account,
    acknowledge,
    submission,
    submit,
    submit_one,
    waiting,
)


def hash_of(token: bytes) -> bytes:
    return hashlib.sha256(token).digest()


FIRST, SECOND = hash_of(b"1" * 16), hash_of(b"2" * 16)


def anonymous(one: Submission, token_hash: bytes | None) -> Submission:
    """The same envelope from a connection where nobody has logged in."""
    return Submission(one.recipient, one.envelope_id, one.envelope, None, token_hash)


@pytest.fixture
async def bobs(store: RelayStore) -> RelayStore:
    """A store where bob has set the first token, and alice none."""
    await store.register(account(ALICE))
    await store.register(account(BOB))
    await store.set_token(BOB, FIRST)
    return store


async def test_mail_with_the_token_is_stored_and_names_nobody(
    bobs: RelayStore, rng: random.Random
) -> None:
    one = anonymous(submission(rng), FIRST)
    stored = await submit_one(bobs, one)
    (mail,) = await waiting(bobs)
    assert (mail.sequence, mail.vouched, mail.envelope) == (stored.sequence, None, one.envelope)


@pytest.mark.parametrize("token_hash", [None, SECOND, b"", FIRST[:31]])
async def test_without_the_token_nothing_is_stored(
    bobs: RelayStore, rng: random.Random, token_hash: bytes | None
) -> None:
    assert await submit(bobs, anonymous(submission(rng), token_hash)) == [NotStored.BAD_TOKEN]
    assert await waiting(bobs) == ()


async def test_who_has_set_no_token_gets_no_anonymous_mail(
    bobs: RelayStore, rng: random.Random
) -> None:
    for token_hash in (None, FIRST, b""):
        one = anonymous(submission(rng, recipient=ALICE), token_hash)
        assert await submit(bobs, one) == [NotStored.BAD_TOKEN]


async def test_an_unknown_recipient_is_not_told_apart_from_a_wrong_token(
    bobs: RelayStore, rng: random.Random
) -> None:
    one = anonymous(submission(rng, recipient=NOBODY), FIRST)
    assert await submit(bobs, one) == [NotStored.BAD_TOKEN]
    with pytest.raises(BadToken):
        await bobs.require_token(NOBODY, FIRST)


async def test_a_new_token_ends_the_former_one(bobs: RelayStore, rng: random.Random) -> None:
    await bobs.set_token(BOB, SECOND)
    assert await submit(bobs, anonymous(submission(rng), FIRST)) == [NotStored.BAD_TOKEN]
    await submit_one(bobs, anonymous(submission(rng), SECOND))
    with pytest.raises(BadToken):
        await bobs.require_token(BOB, FIRST)
    await bobs.require_token(BOB, SECOND)


async def test_a_login_needs_no_token(bobs: RelayStore, rng: random.Random) -> None:
    await submit_one(bobs, submission(rng))
    await submit_one(bobs, submission(rng, recipient=ALICE))


async def test_the_former_token_does_not_even_tell_that_an_envelope_is_known(
    bobs: RelayStore, rng: random.Random
) -> None:
    one = anonymous(submission(rng), FIRST)
    await submit_one(bobs, one)
    await bobs.set_token(BOB, SECOND)
    assert await submit(bobs, one) == [NotStored.BAD_TOKEN]


@pytest.mark.parametrize("acknowledged", [False, True])
async def test_the_same_envelope_on_both_connections_is_stored_once_as_it_came_first(
    bobs: RelayStore, rng: random.Random, acknowledged: bool
) -> None:
    openly = submission(rng)
    nameless = anonymous(openly, FIRST)
    first = await submit_one(bobs, nameless)
    if acknowledged:
        assert first.sequence is not None
        await acknowledge(bobs, BOB, first.sequence)
    assert await submit(bobs, openly) == [Stored(first.arrival_ms, None)]
    assert [mail.vouched for mail in await waiting(bobs)] == ([] if acknowledged else [None])


async def test_what_came_with_a_name_first_keeps_it(bobs: RelayStore, rng: random.Random) -> None:
    openly = submission(rng)
    first = await submit_one(bobs, openly)
    again = await submit(bobs, anonymous(openly, FIRST))
    assert again == [Stored(first.arrival_ms, None)]
    assert [mail.vouched for mail in await waiting(bobs)] == [SOMEBODY]


async def test_only_a_registered_device_has_a_token(bobs: RelayStore) -> None:
    with pytest.raises(UnknownAccount):
        await bobs.set_token(NOBODY, FIRST)
