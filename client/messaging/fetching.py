"""Which keys of peers to fetch, and what their arrival sets in motion.

    prepare ──▶ what can be encrypted is;  for the rest: KeysWanted
                   fetch id      a bundle: there is no session yet
                   no fetch id   a sealing key: it is missing, old, or has to
                                 confirm an identity that a held envelope claims
    questioned ──▶ KeysWanted of those about whom a person is asked
    bundle_arrived, sealing_key_arrived ──▶ pin or compare, then encrypt_waiting

The relay's word is enough to pin a first identity, and to replace one that nobody has verified,
with a notice; never to replace one that was.

Spec: docs/client.md#sending, docs/protocol.md#prekeys
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from client.errors import RefusedByRelay
from client.messaging import profile_sharing, receipts, repair, replacing, trust
from client.messaging.encrypting import is_stale, never_answered, present_ms
from client.messaging.sending import encrypt_waiting, queue_undelivered_again
from client.store import (
    account,
    contacts,
    gaps,
    held,
    outbox,
    peer_keys,
    profile_keys,
    receipts_due,
    sessions,
    settings,
)
from client.store.contacts import Pin
from client.store.transaction import Transaction
from client.values import Surroundings, TrustQuestion
from protocol.e2ee.prekeys import verify_bundle, verify_sealing_key
from protocol.e2ee.profile_key import DeliveryToken
from protocol.e2ee.session import start_session
from protocol.errors import BadPublicKey, BadSignature, BundleRefused
from protocol.ids import IDENTIFIER_BYTES, DeviceAddress, FetchId, Name
from protocol.limits import ONE_TIME_ID_SPAN
from protocol.records import PrekeyBundle, SignedSealingKey


@dataclass(frozen=True, slots=True)
class KeysWanted:
    """Keys to fetch.

    Args:
        fetch_id: of a bundle; None for the sealing key only.
        token: with it they are fetched without our name.
    """

    peer: DeviceAddress
    fetch_id: FetchId | None
    token: DeliveryToken | None


def prepare(tx: Transaction, surroundings: Surroundings) -> list[KeysWanted]:
    """Encrypt what waits and can be, receipts and retry requests too; tell what the rest needs.

    Asking again gives the same fetch ids, until the keys have arrived.
    """
    wanted = []
    for peer in peers_waiting(tx):
        need = _advance(tx, peer, surroundings)
        if need is not None:
            wanted.append(need)
    known = {need.peer.name for need in wanted}
    for peer in held.peers(tx):
        if peer not in known and contacts.find(tx, peer).pending_identity is None:
            wanted.append(_wanted(tx, peer, None))
    return wanted


def peers_waiting(tx: Transaction) -> list[Name]:
    """Give the peers for whom something waits to be written, each once, requests first."""
    due = gaps.peers_due(tx, settings.relay_clock_ms(tx)) + peer_keys.peers_in_doubt(tx)
    due += outbox.peers_awaiting(tx) + receipts_due.peers(tx) + profile_keys.due_peers(tx)
    return list(dict.fromkeys(due))


def needs_keys(tx: Transaction, peer: Name, surroundings: Surroundings) -> bool:
    """Tell whether keys of ``peer``, for whom something waits, have to be fetched first."""
    pin = contacts.find(tx, peer)
    if pin.blocked or pin.pending_identity is not None:
        return False
    is_ready = sessions.to_send_on(tx, peer) is not None and not is_stale(tx, peer, surroundings)
    return not is_ready or peer in held.peers(tx)


def token_refused(tx: Transaction, wanted: KeysWanted) -> None:
    """Fetch ``wanted`` with our name: the token for it is good no more.

    Under another fetch id, so that the relay cannot tell that both were we.
    """
    profile_sharing.token_refused(tx, wanted.peer.name, wanted.token)
    peer_keys.forget_fetch_id(tx, wanted.peer.name)


def questioned(tx: Transaction) -> list[KeysWanted]:
    """Give the directory's answers to ask for again: those that a person has to decide about.

    A relay that lied, or erred, may show the pinned identity again.
    """
    return [KeysWanted(DeviceAddress(peer), None, None) for peer in contacts.in_question(tx)]


def bundle_arrived(
    tx: Transaction, peer: Name, bundle: PrekeyBundle, surroundings: Surroundings
) -> TrustQuestion | None:
    """Take the bundle that the relay gave for ``peer``.

    Returns:
        A new question for the user, if its identity is not the pinned one
        of a verified contact; then the bundle is not used.

    Raises:
        RefusedByRelay: it is forged or too old; nothing was stored.
    """
    pin, keys = contacts.find(tx, peer), peer_keys.find(tx, peer)
    now_ms, address = settings.relay_clock_ms(tx), DeviceAddress(peer)
    # The ages of another identity's keys say nothing about these.
    ages: tuple[int | None, int | None] = (None, None)
    if bundle.identity == pin.identity:
        ages = (keys.signed_prekey_issued_ms, keys.sealing_key_issued_ms)
    with _refusing(peer):
        verify_bundle(bundle, address, now_ms, *ages)
    if not trust.agrees(pin, bundle.identity):
        if not replacing.may_be_taken(pin):
            return trust.ask(tx, pin, bundle.identity, surroundings.random_bytes)
        replacing.take(tx, pin, bundle.identity, surroundings)
    trust.pin_if_first(tx, pin, bundle.identity, now_ms, surroundings.random_bytes)
    _take_sealing_key(tx, peer, bundle.sealing_key, surroundings)
    peer_keys.store_signed_prekey_age(tx, peer, bundle.signed_prekey.issued_at_ms)
    if sessions.to_send_on(tx, peer) is None:
        ours = account.get(tx).device
        with _refusing(peer):
            session = start_session(ours, address, bundle, surroundings.random_bytes)
        sessions.add(tx, session, now_ms)
    encrypt_waiting(tx, peer, surroundings)
    return None


def sealing_key_arrived(
    tx: Transaction,
    peer: Name,
    identity: bytes,
    sealing_key: SignedSealingKey,
    surroundings: Surroundings,
) -> TrustQuestion | None:
    """Take the sealing key that the relay gave for ``peer``, and the identity it has on record.

    What is held under an identity that the relay's directory does not confirm
    was forged by somebody else, and is dropped; a question that the directory
    itself had raised is closed when it shows the pinned identity again.

    Returns:
        A new question for the user, if ``identity`` is not the pinned one of a
        verified contact; then the key is not used.

    Raises:
        RefusedByRelay: the key is forged or too old; nothing was stored.
    """
    pin, keys = contacts.find(tx, peer), peer_keys.find(tx, peer)
    now_ms = settings.relay_clock_ms(tx)
    newest_seen_ms = keys.sealing_key_issued_ms if identity == pin.identity else None
    with _refusing(peer):
        verify_sealing_key(sealing_key, identity, DeviceAddress(peer), now_ms, newest_seen_ms)
    if pin.identity is None:
        return None  # a bundle brings the pin
    if trust.agrees(pin, identity):
        replacing.decline(tx, pin, surroundings)
    elif replacing.may_be_taken(pin):
        replacing.take(tx, pin, identity, surroundings)
    else:
        return trust.ask(tx, pin, identity, surroundings.random_bytes)
    _take_sealing_key(tx, peer, sealing_key, surroundings)
    encrypt_waiting(tx, peer, surroundings)
    return None


def _take_sealing_key(
    tx: Transaction, peer: Name, sealing_key: SignedSealingKey, surroundings: Surroundings
) -> None:
    """Keep a verified sealing key.

    If ids were left out before it, its owner has lost keys: what was sealed to
    the former one and has no receipt may never be opened, and is sent again.
    """
    former = peer_keys.find(tx, peer).sealing_key
    peer_keys.store_sealing_key(tx, peer, sealing_key, present_ms(tx, surroundings))
    if former is not None and sealing_key.key_id - former.key_id >= ONE_TIME_ID_SPAN:
        queue_undelivered_again(tx, peer, surroundings)


def _advance(tx: Transaction, peer: Name, surroundings: Surroundings) -> KeysWanted | None:
    """Encrypt what waits for ``peer`` and can be; tell what is missing for it."""
    pin = contacts.find(tx, peer)
    if pin.blocked or pin.pending_identity is not None:
        return None
    for session_id in never_answered(tx, peer):
        repair.give_up_session(tx, peer, session_id)
    if sessions.to_send_on(tx, peer) is None:
        return _wanted(tx, peer, _fetch_id(tx, pin, surroundings))
    if is_stale(tx, peer, surroundings):
        return _wanted(tx, peer, None)
    repair.ask(tx, peer, surroundings)
    encrypt_waiting(tx, peer, surroundings)
    while receipts.compose_due(tx, peer, surroundings):
        pass
    profile_sharing.tell_if_due(tx, peer, surroundings)
    return None


def _wanted(tx: Transaction, peer: Name, fetch_id: FetchId | None) -> KeysWanted:
    return KeysWanted(DeviceAddress(peer), fetch_id, profile_keys.token_of(tx, peer))


def _fetch_id(tx: Transaction, pin: Pin, surroundings: Surroundings) -> FetchId:
    known = peer_keys.find(tx, pin.name).fetch_id
    if known is not None:
        return known
    fetch_id = FetchId(surroundings.random_bytes(IDENTIFIER_BYTES))
    peer_keys.store_fetch_id(tx, pin.name, fetch_id)
    return fetch_id


@contextmanager
def _refusing(peer: Name) -> Iterator[None]:
    try:
        yield
    except (BadSignature, BadPublicKey, BundleRefused) as error:
        raise RefusedByRelay(
            f"The keys that the relay gave for {peer} are not usable: {error}.",
            why=f"The relay is at fault, or {peer} has not been online for weeks.",
            hint=f"The messages stay queued. Ask {peer} to come online.",
        ) from error
