"""Values for store tests."""

import random

from protocol.ids import DeviceAddress, EnvelopeId, Name
from protocol.records import Account, Sender
from server.store.interface import RelayStore
from server.store.values import (
    Acknowledgement,
    Outcome,
    PrekeyUpload,
    Stored,
    StoredMail,
    Submission,
)
from tests.support.wire_client import Person

ALICE = DeviceAddress(Name("alice"))
BOB = DeviceAddress(Name("bob"))
NOBODY = DeviceAddress(Name("nobody"))
SOMEBODY = Sender(Name("somebody"), 1, bytes(32))
NO_LIMIT = 1 << 40


def account(address: DeviceAddress, mark: int = 1) -> Account:
    """An account whose keys tell ``mark``."""
    return Account(address.name, address.device, bytes([mark]) * 32, bytes([mark + 1]) * 32)


def upload(rng: random.Random, first_id: int, count: int) -> PrekeyUpload:
    """A prekey upload with pairs from ``first_id`` on."""
    request = Person.called("anybody", rng).prekeys(first_id, count)
    return PrekeyUpload(
        request.signed_prekey, request.last_resort, request.sealing_key, request.one_time_pairs
    )


def submission(
    rng: random.Random,
    recipient: DeviceAddress = BOB,
    envelope: bytes = b"sealed",
    vouched: Sender | None = SOMEBODY,
) -> Submission:
    """An envelope with a fresh id, from somebody who logged in."""
    return Submission(recipient, EnvelopeId(rng.randbytes(16)), envelope, vouched)


async def submit(store: RelayStore, *submissions: Submission) -> list[Outcome]:
    """Submit, and acknowledge nothing."""
    return await store.settle(submissions, [])


async def submit_one(store: RelayStore, one: Submission) -> Stored:
    """Submit an envelope that must be taken."""
    (outcome,) = await submit(store, one)
    assert isinstance(outcome, Stored), outcome
    return outcome


async def acknowledge(store: RelayStore, mailbox: DeviceAddress, up_to: int) -> None:
    """Acknowledge, and submit nothing."""
    await store.settle([], [Acknowledgement(mailbox, up_to)])


async def waiting(store: RelayStore, mailbox: DeviceAddress = BOB) -> tuple[StoredMail, ...]:
    """Give all mail that waits."""
    page = await store.read_mail(mailbox, 0, 1 << 20, NO_LIMIT)
    assert page.is_end
    assert len(page.mail) == await store.count_waiting(mailbox)
    return page.mail
