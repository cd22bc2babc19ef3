"""Who wants to hear of which mailbox now.

Only live connections are in here, one for each mailbox: nothing grows with
clients that have gone.
"""

from collections.abc import Sequence
from typing import Protocol

from protocol.ids import DeviceAddress
from server.store.values import StoredMail


class Subscriber(Protocol):
    """A connection that receives a mailbox. Its methods return at once."""

    def mail_arrived(self, mail: Sequence[StoredMail]) -> None:
        """Take new mail, which is on disk, or note that it is there."""

    def displaced(self) -> None:
        """Note that another connection receives from now on."""

    def prekeys_low(self, one_time_count: int) -> None:
        """Note that so few one-time pairs are left."""


class Subscriptions:
    """Mailboxes and their one subscriber each."""

    def __init__(self) -> None:
        self._subscribers: dict[DeviceAddress, Subscriber] = {}

    def begin(self, mailbox: DeviceAddress, subscriber: Subscriber) -> None:
        """Let ``subscriber`` receive; an older one is displaced."""
        older = self._subscribers.get(mailbox)
        if older is not None and older is not subscriber:
            older.displaced()
        self._subscribers[mailbox] = subscriber

    def end(self, mailbox: DeviceAddress, subscriber: Subscriber) -> None:
        """Forget ``subscriber``, unless a newer one is there already."""
        if self._subscribers.get(mailbox) is subscriber:
            del self._subscribers[mailbox]

    def mail_arrived(self, mailbox: DeviceAddress, mail: Sequence[StoredMail]) -> None:
        """Tell the subscriber, if there is one."""
        if (subscriber := self._subscribers.get(mailbox)) is not None:
            subscriber.mail_arrived(mail)

    def prekeys_low(self, mailbox: DeviceAddress, one_time_count: int) -> None:
        """Tell the subscriber, if there is one."""
        if (subscriber := self._subscribers.get(mailbox)) is not None:
            subscriber.prekeys_low(one_time_count)

    def __len__(self) -> int:
        return len(self._subscribers)
