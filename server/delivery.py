"""Brings a mailbox to one connection, a page at a time.

The writer asks for a page when it has nothing else to say, so a client that
does not read is not read for: nothing is fetched from the store on spec.

Spec: docs/protocol.md#delivery
"""

from collections.abc import Callable
from typing import Final

from protocol.ids import DeviceAddress
from protocol.limits import MAX_ENVELOPE_BYTES
from protocol.wire.messages import Deliver, Displaced, PrekeysLow, Push
from server.delivery_window import DeliveryWindow
from server.store.interface import RelayStore
from server.store.values import StoredMail

# One page is in memory for each connection that is being written to.
PAGE_COUNT: Final = 32
PAGE_BYTES: Final = MAX_ENVELOPE_BYTES


class Delivery:
    """One connection's subscription (a :class:`server.subscriptions.Subscriber`)."""

    __slots__ = ("_is_displaced", "_mailbox", "_may_have_mail", "_notify", "_store", "_window")

    def __init__(
        self, store: RelayStore, mailbox: DeviceAddress, notify: Callable[[Push | None], None]
    ) -> None:
        """Deliver from ``mailbox``; ``notify`` wakes the writer, perhaps with a notice."""
        self._store = store
        self._mailbox = mailbox
        self._notify = notify
        self._window = DeliveryWindow()
        self._may_have_mail = True
        self._is_displaced = False

    @property
    def is_displaced(self) -> bool:
        """Whether another connection receives now."""
        return self._is_displaced

    def mail_arrived(self) -> None:
        """Look into the mailbox soon."""
        self._may_have_mail = True
        self._notify(None)

    def displaced(self) -> None:
        """Deliver nothing any more; what was delivered may still be acknowledged."""
        self._is_displaced = True
        self._notify(Displaced())

    def prekeys_low(self, one_time_count: int) -> None:
        """Tell the client."""
        self._notify(PrekeysLow(one_time_count))

    def acknowledge(self, up_to: int) -> bool:
        """Make room in the window; False if so much was not delivered here."""
        if not self._window.acknowledge(up_to):
            return False
        self.mail_arrived()
        return True

    async def next_page(self) -> list[Deliver]:
        """Give what the client should get next; nothing while its window is full.

        Raises:
            StoreTrouble: the mailbox cannot be read now.
        """
        room = self._window.room()
        if self._is_displaced or not self._may_have_mail or room.count == 0:
            return []
        # Cleared before the store is asked: mail that arrives meanwhile sets it again.
        self._may_have_mail = False
        page = await self._store.read_mail(
            self._mailbox,
            self._window.sent_up_to,
            min(room.count, PAGE_COUNT),
            min(room.size_bytes, PAGE_BYTES),
        )
        # An empty page that is not the end: the next envelope waits for room.
        self._may_have_mail |= bool(page.mail) and not page.is_end
        self._window.sent(page.mail)
        return [_deliver(mail) for mail in page.mail]


def _deliver(mail: StoredMail) -> Deliver:
    return Deliver(mail.sequence, mail.envelope_id, mail.arrival_ms, mail.vouched, mail.envelope)
