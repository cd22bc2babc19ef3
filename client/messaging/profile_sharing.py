"""Who is told our profile key, and what we do with those of others.

    first text or receipt for a peer ──▶ accepted ──┐
    our key replaced (somebody was blocked) ────────┼──▶ due ── one message ──▶ told
    a peer logs in to write, a day after the telling ┘     (only once the relay has the token)

The message is composed in the transaction that notes it: nobody is told twice
without a reason, and nobody is left out.

Spec: docs/protocol.md#delivery-token
"""

from client.messaging.encrypting import route_to
from client.messaging.uncounted import queue_uncounted
from client.store import outbox, profile_keys, settings
from client.store.transaction import Transaction
from client.values import Surroundings
from protocol.e2ee.content import ProfileKeyTold
from protocol.e2ee.profile_key import DeliveryToken
from protocol.ids import Name
from protocol.limits import PROFILE_KEY_RETOLD_MS


def tell_if_due(tx: Transaction, peer: Name, surroundings: Surroundings) -> None:
    """Tell ``peer`` our key if that is due and there is a way."""
    if not profile_keys.is_due(tx, peer):
        return
    route = route_to(tx, peer)
    if route is None:
        return
    own = profile_keys.own(tx)
    queue_uncounted(tx, route, ProfileKeyTold(own.key), surroundings)
    profile_keys.mark_told(tx, peer, own.number, settings.relay_clock_ms(tx))


def heard_with_name(tx: Transaction, peer: Name, arrival_ms: int) -> None:
    """Note that ``peer`` logged in to write to us: perhaps our key never reached them.

    Or the relay's disk was put back, and it has another token: so that is set again too.
    What they made before the key reached them comes with their name as well: so not
    before a day has passed, and once a day at most.
    """
    if profile_keys.tell_again(tx, peer, arrival_ms - PROFILE_KEY_RETOLD_MS):
        profile_keys.forget_set(tx)


def token_refused(tx: Transaction, peer: Name, refused: DeliveryToken | None) -> None:
    """Write to ``peer`` with our name from now on: they have taken that token back.

    What is ready goes out as it is, under its envelope ids. If a newer token has come
    meanwhile, that one is tried instead.
    """
    if profile_keys.forget_token(tx, peer, refused):
        outbox.submit_with_name(tx, peer)
