"""The client's side of one guess, as a machine: requests out, answers in.

    ASKING ──t verified answers──▶ COMBINED ──the slot opened──────▶ OPENED   tags go out
       │                               └──────the slot did not open─▶ FAILED   nothing goes out
       └── too few vaults are left ──▶ STUCK

Exactly t vaults are asked, those with most guesses left; another one only in the
place of one that lied or gave no answer. A liar is named, and its answer kept.

After a failure nothing more is sent: a storage that forged the slot, with vaults of
its own in it, would learn from a tag whether it had guessed the password.

Spec: docs/recovery.md#recovery
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from protocol.errors import PeerError
from protocol.randomness import RandomBytes
from protocol.recovery import oprf, shamir
from protocol.recovery.derived import PasswordSecret, password_secret, unlock_tag
from protocol.recovery.errors import OutOfTurn, TooFewVaults
from protocol.recovery.evaluation import (
    EvaluationAnswer,
    EvaluationRequest,
    UnlockRequest,
    verified_element,
)
from protocol.recovery.group import Element
from protocol.recovery.oprf import OprfInput, OprfOutput
from protocol.recovery.record import PasswordRecord


class RecoveryState(Enum):
    """Where a recovery stands."""

    ASKING = auto()
    STUCK = auto()
    COMBINED = auto()
    OPENED = auto()
    FAILED = auto()


@dataclass(frozen=True, slots=True)
class Lie:
    """A vault's answer that its own commitment disproves, kept to be shown."""

    index: int
    request: EvaluationRequest
    answer: EvaluationAnswer


class Recovery:
    """One guess at the password, from the choice of vaults to its end."""

    def __init__(
        self,
        record: PasswordRecord,
        guesses_left: Mapping[int, int],
        stretched: OprfInput,
        random_bytes: RandomBytes,
    ) -> None:
        """Blind the stretched password and choose whom to ask.

        Args:
            record: decoded and checked.
            guesses_left: by vault index, of the vaults that can be reached and
                do not make us wait.
            stretched: the password's, by the record's stretching.

        Raises:
            TooFewVaults: fewer than the threshold have a guess left. None was used.
        """
        ready = [index for index, left in guesses_left.items() if left > 0]
        if len(ready) < record.threshold:
            raise TooFewVaults(len(ready), record.threshold)
        self.state = RecoveryState.ASKING
        self.lies: list[Lie] = []
        self._record = record
        self._waiting_list = sorted(ready, key=lambda index: (-guesses_left[index], index))
        self._stretched = stretched
        self._blinded = oprf.blind(stretched, random_bytes)
        self._asked: set[int] = set()
        self._answers: dict[int, Element] = {}
        self._output: OprfOutput | None = None

    def requests(self) -> list[tuple[int, EvaluationRequest]]:
        """Give the requests that are to be sent now, each with its vault's index, each once."""
        if self.state is not RecoveryState.ASKING:
            return []
        missing = self._record.threshold - len(self._answers) - len(self._asked)
        chosen, self._waiting_list = self._waiting_list[:missing], self._waiting_list[missing:]
        self._asked.update(chosen)
        return [(index, self._request(index)) for index in chosen]

    def receive(self, index: int, answer: EvaluationAnswer) -> None:
        """Take the answer of vault ``index``; a lie is noted, and :meth:`requests` goes on.

        Raises:
            OutOfTurn: this vault was not asked, or answered already.
        """
        self._settle_request(index)
        public = Element.decode_untrusted(self._record.part(index).public_share)
        try:
            element = verified_element(public, self._blinded.element, answer)
        except PeerError:
            self.lies.append(Lie(index, self._request(index), answer))
            self._count_vaults()
            return
        self._answers[index] = element
        if len(self._answers) == self._record.threshold:
            self._combine()

    def no_answer(self, index: int) -> None:
        """Note that vault ``index`` refused or could not be reached.

        Raises:
            OutOfTurn: this vault was not asked, or answered already.
        """
        self._settle_request(index)
        self._count_vaults()

    def secret(self) -> PasswordSecret:
        """Give the secret to open the slot with.

        Raises:
            OutOfTurn: the answers are not together.
        """
        return password_secret(self._combined_output("open the slot"))

    def slot_opened(self) -> list[tuple[int, UnlockRequest]]:
        """Note that the slot has opened, and give the tags: for all vaults, asked or not.

        Raises:
            OutOfTurn: the answers are not together, or this has ended.
        """
        output = self._combined_output("send tags")
        self._end(RecoveryState.OPENED)
        return [
            (
                index,
                UnlockRequest(part.record_id, unlock_tag(output, part.record_id, part.vault.key)),
            )
            for index, part in enumerate(self._record.parts, 1)
        ]

    def slot_refused(self) -> None:
        """Note that the slot has not opened: forget everything, send nothing.

        Raises:
            OutOfTurn: the answers are not together, or this has ended.
        """
        self._combined_output("end")
        self._end(RecoveryState.FAILED)

    def _request(self, index: int) -> EvaluationRequest:
        return EvaluationRequest(self._record.part(index).record_id, self._blinded.element.encoding)

    def _settle_request(self, index: int) -> None:
        if self.state is not RecoveryState.ASKING or index not in self._asked:
            raise OutOfTurn("take an answer")
        self._asked.discard(index)

    def _count_vaults(self) -> None:
        """Stop as soon as the threshold cannot be reached: no guess is spent in vain."""
        possible = len(self._answers) + len(self._asked) + len(self._waiting_list)
        if possible < self._record.threshold:
            self.state = RecoveryState.STUCK

    def _combine(self) -> None:
        whole = shamir.combine(self._answers)
        self._output = oprf.finalize(self._stretched, self._blinded.blind, whole)
        self.state = RecoveryState.COMBINED

    def _combined_output(self, step: str) -> OprfOutput:
        if self.state is not RecoveryState.COMBINED or self._output is None:
            raise OutOfTurn(step)
        return self._output

    def _end(self, state: RecoveryState) -> None:
        self._output = None
        self.state = state
