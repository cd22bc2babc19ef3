"""P2 and P5 over random histories: two sessions on a channel that loses, repeats and reorders.

The oracle: whatever arrives first opens with its text, also while KEM keys are
attached and answered; whatever was opened never opens again; a message may be
refused unopened only once its key may have expired. Between steps sessions go
through the store, crash before they are stored, and are shown forged messages.
No failure changes a session.
"""

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)

from protocol.e2ee.session import (
    Session,
    accept_session,
    decrypt,
    encrypt,
    peek_untrusted,
    start_session,
)
from protocol.e2ee.stored import pack_session, unpack_session
from protocol.errors import DecryptionFailed, KemFieldsRefused, KeyGone, PeerError
from protocol.limits import MAX_SKIPPED_KEYS, SKIPPED_KEY_LIFE_MS
from tests.protocol.e2ee.parties import NOW_MS, party
from tests.support.randomness import SeededBytes

ALICE, BOB = "alice", "bob"
DAY_MS = 24 * 3_600_000

sides = st.sampled_from([ALICE, BOB])
picks = st.integers(0, 7)
places = st.integers(0, 1 << 16)


KEM_FIELDS_SEEN: Counter[str] = Counter()
"""Messages opened with a KEM key and with a ciphertext: to see that histories have hybrid steps."""


@dataclass
class Flight:
    """One message on its way, perhaps more than once."""

    message: bytes
    text: bytes
    sent_at_ms: int
    opened: bool = False


@dataclass
class Side:
    """One party: its session if it has one, and the mail on its way to it."""

    session: Session | None = None
    mail: list[Flight] = field(default_factory=list)


class TwoParties(RuleBasedStateMachine):
    """Alice and Bob, and a channel between them."""

    def __init__(self) -> None:
        super().__init__()
        self.random_bytes = SeededBytes("histories")
        self.now_ms = NOW_MS
        self.sent = 0
        bob = party(BOB)
        first = start_session(party(ALICE).device, bob.address, bob.bundle(), self.random_bytes)
        self.sides = {ALICE: Side(first), BOB: Side()}

    # --- what happens ---

    @rule(side=sides, count=st.integers(1, 4))
    def send(self, side: str, count: int) -> None:
        """Encrypt, store, release."""
        for _ in range(count):
            ours = self.sides[side].session
            if ours is None:
                return
            text = b"message %d" % self.sent
            self.sent += 1
            self.sides[side].session, message = encrypt(ours, text, self.random_bytes)
            self._other(side).mail.append(Flight(message, text, self.now_ms))

    @rule(side=sides)
    def talk(self, side: str) -> None:
        """Send, and have it arrive at once: so chains change often."""
        if self.sides[side].session is not None:
            self.send(side, 1)
            self.receive(BOB if side == ALICE else ALICE, 0)

    @rule(side=sides)
    def crash_while_sending(self, side: str) -> None:
        """Encrypt, and lose the state before it is stored: the message is never released."""
        ours = self.sides[side].session
        if ours is not None:
            encrypt(ours, b"never sent", self.random_bytes)

    @rule(side=sides, pick=picks)
    def receive(self, side: str, pick: int) -> None:
        """Deliver a message that was not opened yet, the newest being the likeliest."""
        if flight := self._picked(side, pick, opened=False):
            self._deliver(side, flight)

    @rule(side=sides, pick=picks)
    def receive_again(self, side: str, pick: int) -> None:
        """Deliver a message that was opened before."""
        if flight := self._picked(side, pick, opened=True):
            self._deliver(side, flight)

    @rule(side=sides, pick=picks)
    def crash_while_receiving(self, side: str, pick: int) -> None:
        """Decrypt, and lose the state before it is stored: the message will come again."""
        if flight := self._picked(side, pick, opened=False):
            before = self.sides[side].session
            self._deliver(side, flight)
            self.sides[side].session, flight.opened = before, False

    @rule(side=sides, pick=picks)
    def lose(self, side: str, pick: int) -> None:
        """Drop a message for good."""
        if flight := self._picked(side, pick, opened=False):
            self.sides[side].mail.remove(flight)

    @rule(side=sides)
    def store(self, side: str) -> None:
        """Write the session to the store and read it back."""
        ours = self.sides[side].session
        if ours is not None:
            self.sides[side].session = unpack_session(pack_session(ours))
            assert self.sides[side].session == ours

    @rule(days=st.integers(1, 20))
    def wait(self, days: int) -> None:
        """Let relay time pass."""
        self.now_ms += days * DAY_MS

    @rule(side=sides, pick=picks, place=places, bit=st.integers(0, 7))
    def forge(self, side: str, pick: int, place: int, bit: int) -> None:
        """Show a message with one bit changed."""
        ours, flight = self.sides[side].session, self._picked(side, pick, opened=False)
        if ours is None or flight is None:
            return
        forged = bytearray(flight.message)
        forged[place % len(forged)] ^= 1 << bit
        before = pack_session(ours)
        try:
            decrypt(ours, bytes(forged), self.now_ms)
        except PeerError:
            assert pack_session(ours) == before
        else:
            raise AssertionError("a forged message was opened")

    # --- what holds ---

    @invariant()
    def skipped_keys_are_bounded(self) -> None:
        """No history makes a session grow without bound."""
        for side in self.sides.values():
            if side.session is not None:
                assert len(side.session.ratchet.skipped) <= MAX_SKIPPED_KEYS

    # --- helpers ---

    def _other(self, side: str) -> Side:
        return self.sides[BOB if side == ALICE else ALICE]

    def _picked(self, side: str, pick: int, *, opened: bool) -> Flight | None:
        """Give a message on its way, counted from the newest; None if there is none."""
        mail = [flight for flight in self.sides[side].mail if flight.opened is opened]
        return mail[-1 - pick % len(mail)] if mail else None

    def _deliver(self, side: str, flight: Flight) -> None:
        session = self.sides[side].session or self._accepted(flight)
        before = pack_session(session)
        try:
            following, text = decrypt(session, flight.message, self.now_ms)
        except (KeyGone, DecryptionFailed, KemFieldsRefused):
            expired = self.now_ms - flight.sent_at_ms >= SKIPPED_KEY_LIFE_MS
            assert flight.opened or expired, "a message was refused that should have opened"
            assert pack_session(session) == before
        else:
            assert not flight.opened, "a message was opened twice"
            assert text == flight.text
            self.sides[side].session, flight.opened = following, True
            attached, ciphertext = peek_untrusted(flight.message).kem
            KEM_FIELDS_SEEN.update(attached=bool(attached), answered=bool(ciphertext))

    @staticmethod
    def _accepted(flight: Flight) -> Session:
        handshake = peek_untrusted(flight.message).handshake
        assert handshake is not None, "the handshake repeats until an answer was opened"
        bob = party(BOB)
        return accept_session(bob.device, party(ALICE).address, handshake, bob.prekeys())


def test_p2_every_message_opens_once_with_its_text_or_never() -> None:
    KEM_FIELDS_SEEN.clear()
    run_state_machine_as_test(
        TwoParties, settings=settings(max_examples=200, stateful_step_count=80)
    )
    assert KEM_FIELDS_SEEN["attached"] > 20, "hardly a history had a hybrid step"
    assert KEM_FIELDS_SEEN["answered"] > 20, "hardly a history had a hybrid step"
