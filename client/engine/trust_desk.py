"""What the user is asked about the keys of others, and answers.

An answer is about the key that was shown before it: one that changed since the user looked is
neither verified nor accepted.

Spec: docs/client.md#a-changed-key
"""

from collections.abc import Sequence

from client.engine.holdoffs import Holdoffs
from client.engine.receiver import events_of
from client.engine.shared import Shared
from client.errors import LocalError
from client.messaging import answers, trust
from client.messaging.trust import Question
from client.values import EngineEvent, HistoryChanged
from protocol.ids import Name


class TrustDesk:
    """Shows safety numbers and questions, and takes the answers.

    Args:
        shared: the profile.
        holdoffs: who is left alone for a while; an answer about a peer ends that.
    """

    def __init__(self, shared: Shared, holdoffs: Sequence[Holdoffs]) -> None:
        self._shared = shared
        self._holdoffs = holdoffs
        self._shown: dict[Name, bytes] = {}
        self._asked: dict[Name, bytes] = {}

    async def safety_number(self, peer: Name) -> str:
        """Give the 60 digits to compare with ``peer``.

        They are those of the key ``peer`` shows now: of the new one while a change is in question,
        because that is what the user has to decide about.

        Raises:
            LocalError: no key of this peer is known yet.
        """
        shown = await self._shared.read(lambda tx: trust.number_to_compare(tx, peer))
        self._shown[peer] = shown.identity
        return shown.digits

    async def verify(self, peer: Name) -> None:
        """Note that the user compared the number that :meth:`safety_number` gave last.

        Exactly the key of that number becomes verified: one in question is accepted with it, and
        what waits for it goes out; a key that changed since the user looked is not.

        Raises:
            LocalError: no number was shown, or the key has changed since.
        """
        identity = self._shown.get(peer)
        if identity is None:
            raise LocalError(
                f"No safety number of {peer} was shown yet.", hint="Look at it and compare first."
            )
        surroundings = self._shared.surroundings
        outcomes = await self._shared.write(
            lambda tx: answers.verify(tx, peer, identity, surroundings)
        )
        self._answered(peer, events_of(outcomes))

    async def question(self, peer: Name) -> Question | None:
        """Give the question that is open about ``peer``, or None."""
        question = await self._shared.read(lambda tx: trust.open_question(tx, peer))
        if question is not None:
            self._asked[peer] = question.identity
        return question

    async def accept(self, peer: Name) -> None:
        """Rely on the key of ``peer`` that is asked about, compared with nobody.

        It is the one that :meth:`question` gave last; what waits goes out to it.

        Raises:
            LocalError: there is no question, or it is about yet another key by now.
        """
        if peer not in self._asked and await self.question(peer) is None:
            raise answers.no_question(peer)
        identity, surroundings = self._asked[peer], self._shared.surroundings
        outcomes = await self._shared.write(
            lambda tx: answers.accept_identity(tx, peer, identity, surroundings)
        )
        self._answered(peer, events_of(outcomes))

    async def keep(self, peer: Name) -> None:
        """Stay with the expected key of ``peer``: what waits goes out to it.

        The question comes again if the relay shows another key again. Where the new key is the
        expected one already, texts to the former one fail instead.

        Raises:
            LocalError: there is no question.
        """
        surroundings = self._shared.surroundings
        await self._shared.write(lambda tx: answers.keep_identity(tx, peer, surroundings))
        self._answered(peer, [])

    def _answered(self, peer: Name, events: Sequence[EngineEvent]) -> None:
        """Let what waited for an answer about ``peer`` go on at once."""
        self._asked.pop(peer, None)
        self._shared.asked_about.discard(peer)
        for holdoffs in self._holdoffs:
            holdoffs.lift(peer)
        self._shared.changed.ring()
        self._shared.tell([HistoryChanged(peer), *events])
