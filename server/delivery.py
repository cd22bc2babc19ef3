"""Brings a mailbox to one connection, a page at a time.

                      is_end                          too much, or too fast
    CATCHING UP ───────────────────────▶ UP TO DATE ──────────────────────▶ CATCHING UP
    pages from the store                 fresh mail from the committer

The writer asks for mail when it has nothing else to say. A client that is up to
date gets what was just committed without a look into the store; one that falls
behind costs a page of memory at most, and catches up from the store.

Spec: docs/protocol.md#delivery
"""

from collections.abc import Callable, Sequence
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

    __slots__ = (
        "_fresh",
        "_fresh_bytes",
        "_is_displaced",
        "_is_up_to_date",
        "_mailbox",
        "_may_have_mail",
        "_notify",
        "_store",
        "_window",
    )

    def __init__(
        self, store: RelayStore, mailbox: DeviceAddress, notify: Callable[[Push | None], None]
    ) -> None:
        """Deliver from ``mailbox``; ``notify`` wakes the writer, perhaps with a notice."""
        self._store = store
        self._mailbox = mailbox
        self._notify = notify
        self._window = DeliveryWindow()
        self._fresh: list[StoredMail] = []
        self._fresh_bytes = 0
        self._is_up_to_date = False
        self._may_have_mail = True
        self._is_displaced = False

    @property
    def is_displaced(self) -> bool:
        """Whether another connection receives now."""
        return self._is_displaced

    # --- what others tell it; all return at once ----------------------------

    def mail_arrived(self, mail: Sequence[StoredMail]) -> None:
        """Keep new mail for the writer, or remember to look into the store."""
        for each in mail:
            # What a page brought while its commit was still being told is not fresh.
            if each.sequence > self._window.sent_up_to:
                self._keep(each)
        self._notify(None)

    def displaced(self) -> None:
        """Deliver nothing any more; what was delivered may still be acknowledged."""
        self._is_displaced = True
        self._fall_behind()
        self._notify(Displaced())

    def prekeys_low(self, one_time_count: int) -> None:
        """Tell the client."""
        self._notify(PrekeysLow(one_time_count))

    def acknowledge(self, up_to: int) -> bool:
        """Make room in the window; False if so much was not delivered here."""
        if not self._window.acknowledge(up_to):
            return False
        self._may_have_mail |= not self._is_up_to_date
        self._notify(None)
        return True

    # --- what the writer asks -----------------------------------------------

    def fresh_mail(self) -> list[Deliver]:
        """Give new mail that has not been sent yet."""
        mail, self._fresh, self._fresh_bytes = self._fresh, [], 0
        return self._sent(mail)

    async def next_page(self) -> list[Deliver]:
        """Give mail from the store; nothing when up to date or while the window is full.

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
        self._is_up_to_date = page.is_end and not self._may_have_mail
        # An empty page that is not the end: the next envelope waits for room.
        self._may_have_mail |= bool(page.mail) and not page.is_end
        return self._sent(page.mail)

    # --- inside -------------------------------------------------------------

    def _keep(self, mail: StoredMail) -> None:
        room = self._window.room()
        size = self._fresh_bytes + len(mail.envelope)
        fits = len(self._fresh) < min(room.count, PAGE_COUNT)
        if self._is_up_to_date and fits and size <= min(room.size_bytes, PAGE_BYTES):
            self._fresh.append(mail)
            self._fresh_bytes = size
        else:
            self._is_up_to_date = False
            self._may_have_mail = True

    def _fall_behind(self) -> None:
        self._is_up_to_date = False
        self._fresh, self._fresh_bytes = [], 0

    def _sent(self, mail: Sequence[StoredMail]) -> list[Deliver]:
        self._window.sent(mail)
        return [_deliver(each) for each in mail]


def _deliver(mail: StoredMail) -> Deliver:
    return Deliver(mail.sequence, mail.envelope_id, mail.arrival_ms, mail.vouched, mail.envelope)
