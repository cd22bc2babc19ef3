"""What other processes of this profile wrote is noticed, by the database's version number.

Which rows they changed it does not tell: every conversation is announced. That costs a reader one
page of a conversation, and happens at most as often as this service looks.

Spec: docs/client.md#one-receiver
"""

from typing import Final

import trio

from client.engine.shared import Shared
from client.store import conversation
from client.values import Contact, HistoryChanged, TrustQuestion

POLL_INTERVAL_S: Final = 0.05


class Follower:
    """Looks at the database's version 20 times a second (4 us each)."""

    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    async def run(self) -> None:
        """Look, for ever."""
        database = self._shared.profile.database
        version = await database.data_version()
        contacts = await self._shared.read(conversation.contacts)
        self._shared.asked_about.update(each.name for each in contacts if _is_open(each))
        while True:
            await trio.sleep(POLL_INTERVAL_S)
            seen = await database.data_version()
            if seen != version:
                version = seen
                await self._tell()

    async def _tell(self) -> None:
        contacts = await self._shared.read(conversation.contacts)
        self._shared.tell(HistoryChanged(contact.name) for contact in contacts)
        questions = [contact for contact in contacts if _is_open(contact)]
        known = self._shared.asked_about & {contact.name for contact in questions}
        self._shared.asked_about = set(known)
        self._shared.tell(
            TrustQuestion(contact.name, contact.verified)
            for contact in questions
            if contact.name not in known
        )
        self._shared.changed.ring()


def _is_open(contact: Contact) -> bool:
    return contact.pending_identity is not None
