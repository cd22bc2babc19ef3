"""A vault's decisions about guesses, as values: state in, new state and log entries out.

The service around it stores and syncs, and decides nothing. What it must keep to is
in the types: a guess is evaluated by :func:`answer_guess` from a :class:`CountedGuess`,
and that carries the record with the raised count, to be **on disk before**. A crash in
between costs a guess and gives none away.

    waiting after guess   1   2   3       4        5 and more
                          -   -   1 min   10 min   1 h

At the limit nothing is evaluated any more. The share stays for another hour, in
which the tag of a right last guess still saves it; then :func:`settle` erases it.
Times are the vault's own clock; set back, it makes waits longer and erasure later.

Spec: docs/recovery.md#the-vault
"""

from dataclasses import dataclass, replace
from typing import Final

from protocol.limits import (
    VAULT_FOURTH_GUESS_DELAY_MS,
    VAULT_LAST_GUESS_GRACE_MS,
    VAULT_LATER_GUESS_DELAY_MS,
    VAULT_THIRD_GUESS_DELAY_MS,
)
from protocol.randomness import RandomBytes
from protocol.recovery import oprf
from protocol.recovery.decision import Decision, known, live, logged
from protocol.recovery.errors import BadElement, VaultRefusal, VaultRefuses
from protocol.recovery.evaluation import EvaluationAnswer, EvaluationRequest, UnlockRequest
from protocol.recovery.events import EventKind, Happening, LogEnd, VaultEvent, append
from protocol.recovery.group import Element
from protocol.recovery.registration import Registration, require_registrable
from protocol.recovery.scalar import KeyShare
from protocol.recovery.vault_record import VaultRecord, VaultState
from protocol.signing import SigningKey

_DELAYS_MS: Final = (0, 0, 0, VAULT_THIRD_GUESS_DELAY_MS, VAULT_FOURTH_GUESS_DELAY_MS)


@dataclass(frozen=True, slots=True)
class CountedGuess:
    """A guess that is counted, not yet evaluated: store ``decision`` first."""

    decision: Decision
    share: KeyShare
    asked: Element


@dataclass(frozen=True, slots=True)
class VaultStatus:
    """What anybody who knows the record id may know of it."""

    state: VaultState
    guesses_left: int
    retry_after_ms: int


def register(
    stored: VaultRecord | None, registration: Registration, now_ms: int, key: SigningKey
) -> Decision:
    """Take a registration, once.

    The same bytes again change nothing: a client that heard no answer may repeat
    itself, and whoever replays it resets no count.

    Raises:
        VaultRefuses: CONFLICT, if the id was registered with other bytes; DELETED or
            EXHAUSTED, if the record is a tombstone; BAD_REGISTRATION.
    """
    if stored is not None:
        return _registered_again(stored, registration)
    require_registrable(registration)
    record = VaultRecord(
        registration.record_id,
        registration.digest(),
        VaultState.LIVE,
        registration.share,
        registration.tag,
        registration.owner_key,
        registration.limit,
        registered_ms=now_ms,
        guesses=0,
        last_guess_ms=0,
        epoch=0,
        head=b"",
        log_end=LogEnd(),
    )
    return logged(record, _registration_of(record), key)


def receipt(stored: VaultRecord, key: SigningKey) -> VaultEvent:
    """Give the signed receipt of a registration: the log's first entry, made again."""
    return append(LogEnd(), stored.record_id, _registration_of(stored), key)[1]


def status(stored: VaultRecord | None, now_ms: int) -> VaultStatus:
    """Tell how many guesses are left, and how long the next one has to wait.

    Raises:
        VaultRefuses: UNKNOWN_RECORD.
    """
    record = known(stored)
    if record.state is not VaultState.LIVE:
        return VaultStatus(record.state, 0, 0)
    return VaultStatus(record.state, record.limit - record.guesses, _wait_ms(record, now_ms))


def count_guess(
    stored: VaultRecord | None, request: EvaluationRequest, now_ms: int, key: SigningKey
) -> CountedGuess:
    """Count a guess, before anything is known of it.

    Raises:
        VaultRefuses: there is no live record, no guess left, the next one has to wait,
            or the element is none. Nothing was counted.
    """
    record, share = live(stored)
    if record.guesses >= record.limit:
        raise VaultRefuses(VaultRefusal.EXHAUSTED)
    if wait_ms := _wait_ms(record, now_ms):
        raise VaultRefuses(VaultRefusal.TOO_SOON, wait_ms)
    try:
        asked = Element.decode_untrusted(request.element)
    except BadElement as error:
        raise VaultRefuses(VaultRefusal.BAD_ELEMENT) from error
    counted = replace(record, guesses=record.guesses + 1, last_guess_ms=now_ms)
    happening = Happening(EventKind.GUESSED, now_ms, counted.guesses)
    return CountedGuess(logged(counted, happening, key), share, asked)


def answer_guess(counted: CountedGuess, random_bytes: RandomBytes) -> EvaluationAnswer:
    """Evaluate a guess whose count is on disk.

    Cost: about 2 ms.
    """
    record = counted.decision.record
    evaluated = oprf.evaluate_provably(counted.share, counted.asked, random_bytes)
    left = record.limit - record.guesses
    return EvaluationAnswer(evaluated.element.encoding, evaluated.proof.encode(), left)


def unlock(
    stored: VaultRecord | None, request: UnlockRequest, now_ms: int, key: SigningKey
) -> Decision:
    """Set the count to zero: only who knows the password can know the tag.

    Raises:
        VaultRefuses: there is no live record, or BAD_TAG.
    """
    record, _ = live(stored)
    # Secrets of one role compare in constant time.
    if record.tag != request.tag:
        raise VaultRefuses(VaultRefusal.BAD_TAG)
    if record.guesses == 0:
        return Decision(record)
    happening = Happening(EventKind.UNLOCKED, now_ms, 0)
    return logged(replace(record, guesses=0, last_guess_ms=0), happening, key)


def settle(stored: VaultRecord, now_ms: int, key: SigningKey) -> Decision:
    """Erase what is due: to be called before each request about a record, and by a timer.

    If it is called too rarely, the share lies on the disk longer; no guess is won.
    """
    due_ms = erasure_due_ms(stored)
    if due_ms is None or now_ms < due_ms:
        return Decision(stored)
    erased = replace(stored, state=VaultState.ERASED, share=None, tag=None)
    return logged(erased, Happening(EventKind.ERASED, now_ms, stored.guesses), key)


def erasure_due_ms(stored: VaultRecord) -> int | None:
    """Give the time from which :func:`settle` erases the share, or None while it need not."""
    spent = stored.state is VaultState.LIVE and stored.guesses >= stored.limit
    return stored.last_guess_ms + VAULT_LAST_GUESS_GRACE_MS if spent else None


def _registered_again(stored: VaultRecord, registration: Registration) -> Decision:
    if registration.digest() != stored.digest:
        raise VaultRefuses(VaultRefusal.CONFLICT)
    live(stored)
    return Decision(stored)


def _registration_of(record: VaultRecord) -> Happening:
    return Happening(EventKind.REGISTERED, record.registered_ms, 0, record.digest)


def _wait_ms(record: VaultRecord, now_ms: int) -> int:
    """Give how long until the next guess: by the guesses since the last tag."""
    delay_ms = (*_DELAYS_MS, VAULT_LATER_GUESS_DELAY_MS)[min(record.guesses, len(_DELAYS_MS))]
    return min(delay_ms, max(0, record.last_guess_ms + delay_ms - now_ms))
