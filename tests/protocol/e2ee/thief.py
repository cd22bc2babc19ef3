"""A thief of one side's whole state, and the conversation that it listens to.

The thief follows every root step of both sides as far as its keys reach, and
tries what it lacks: a missing KEM secret left out or guessed, a missing
Diffie-Hellman result guessed. So a step that forgot to mix something in would
let it pass.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from protocol.e2ee.curve import (
    CurvePrivateKey,
    DhSecret,
    curve_public_of,
    dh,
)
from protocol.e2ee.kem import KemSecret, decapsulate
from protocol.e2ee.ratchet.body import open_body
from protocol.e2ee.ratchet.chain import ChainKey, MessageKey, chain_step
from protocol.e2ee.ratchet.header import RatchetHeader, RatchetMessage, split_untrusted
from protocol.e2ee.ratchet.hybrid import KemParts
from protocol.e2ee.ratchet.root import RootKey, root_step
from protocol.e2ee.session import Session, decrypt, encrypt
from protocol.errors import DecryptionFailed
from tests.protocol.e2ee.parties import NOW_MS, begin, party
from tests.support.randomness import SeededBytes

ALICE, BOB = "alice", "bob"
CurveKeys = Mapping[bytes, CurvePrivateKey]


def other(side: str) -> str:
    return BOB if side == ALICE else ALICE


class WatchedBytes(SeededBytes):
    """Randomness that a quantum computer looks at: each X25519 private key under its public one.

    Of all that is drawn only X25519 keys have 32 bytes: nonces have 12, KEM seeds 64.
    """

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        signed = party(BOB)
        self.curve_keys = {signed.signed_prekey.key: signed.signed_private}

    def __call__(self, size: int) -> bytes:
        drawn = super().__call__(size)
        if size == 32:
            private = CurvePrivateKey(drawn)
            self.curve_keys[curve_public_of(private)] = private
        return drawn


@dataclass
class Talk:
    """Alice and Bob. Message number n is ``log[n - 1]``; all arrive at once."""

    random_bytes: WatchedBytes = field(default_factory=lambda: WatchedBytes("talk"))
    log: list[tuple[str, bytes]] = field(default_factory=list)

    def __post_init__(self) -> None:
        alice, bob = begin(self.random_bytes)
        self.sessions = {ALICE: alice, BOB: bob}
        self.log.append((ALICE, b""))  # opened with the handshake; nobody asks for its bytes

    def say(self, sender: str) -> bytes:
        """Let ``sender`` send one message, and the other open it."""
        self.sessions[sender], message = encrypt(self.sessions[sender], b"text", self.random_bytes)
        receiver = other(sender)
        self.sessions[receiver], _ = decrypt(self.sessions[receiver], message, NOW_MS)
        self.log.append((sender, message))
        return message

    def by_turns(self, until: int) -> None:
        """Go on by turns until message number ``until``."""
        while len(self.log) < until:
            self.say(other(self.last_sender))

    @property
    def last_sender(self) -> str:
        return self.log[-1][0]

    def steal(self, victim: str, *, quantum: bool) -> "Thief":
        """Copy the whole state of ``victim``; a quantum thief also gets all X25519 keys to come."""
        return Thief(self.sessions[victim], self.random_bytes.curve_keys if quantum else {})


class Thief:
    """Holds a stolen state, and reads message after message."""

    def __init__(self, stolen: Session, curve_keys: CurveKeys) -> None:
        state = stolen.ratchet
        assert state.our_private is not None
        assert state.their_key is not None
        self._associated_data = stolen.associated_data
        self._root = state.root
        self._current = {True: curve_public_of(state.our_private), False: state.their_key}
        self._stolen_curve = {self._current[True]: state.our_private}
        self._curve_keys = curve_keys  # of a quantum thief it grows as keys are drawn
        self._chains: dict[bytes, ChainKey] = {}
        self._attached: dict[bytes, bytes] = {}
        self._kem_seeds = {}
        for chain in (state.sending, state.receiving):
            if chain is not None:
                self._chains[chain.ratchet_key] = chain.key
                self._attached[chain.ratchet_key] = chain.kem.attached_key
        if state.sending is not None and state.sending.kem_seed is not None:
            self._kem_seeds[state.sending.kem.attached_key] = state.sending.kem_seed
        self._kept = [kept.key for kept in state.skipped.entries.values()]

    def opens(self, message: bytes, *, from_victim: bool) -> bool:
        """Follow the next message of the conversation; tell whether it could be read."""
        parts = split_untrusted(message)
        if parts.header.ratchet_key not in self._chains:
            self._step(parts, from_victim)
        chain, key = chain_step(self._chains[parts.header.ratchet_key])
        self._chains[parts.header.ratchet_key] = chain
        return self._fits(key, parts)

    def opens_earlier(self, message: bytes) -> bool:
        """Try every key that the stolen state leads to, whatever the header says."""
        parts = split_untrusted(message)
        return any(self._fits(key, parts) for key in self._all_keys())

    def _all_keys(self) -> Iterator[MessageKey]:
        yield from self._kept
        for chain in self._chains.values():
            following = chain
            for _ in range(20):
                following, key = chain_step(following)
                yield key

    def _step(self, parts: RatchetMessage, from_victim: bool) -> None:
        """Take the root step into a new chain: the one that fits, else just any."""
        header = parts.header
        outcome: tuple[RootKey, ChainKey] | None = None
        for agreement in self._agreements(header, from_victim):
            for kem in self._kem_parts(header, from_victim):
                outcome = root_step(self._root, agreement, kem)
                if self._fits(chain_step(outcome[1])[1], parts):
                    break
        assert outcome is not None
        self._root, self._chains[header.ratchet_key] = outcome
        self._current[from_victim] = header.ratchet_key
        self._attached[header.ratchet_key] = header.kem.attached_key

    def _agreements(self, header: RatchetHeader, from_victim: bool) -> Iterator[DhSecret]:
        ends = (header.ratchet_key, self._current[not from_victim])
        for ours, theirs in (ends, ends[::-1]):
            private = self._stolen_curve.get(ours) or self._curve_keys.get(ours)
            if private is not None:
                yield dh(private, theirs)
                return
        yield DhSecret(bytes(32))

    def _kem_parts(self, header: RatchetHeader, from_victim: bool) -> Iterator[KemParts]:
        attached, ciphertext = header.kem
        if not ciphertext:
            yield KemParts(attached_key=attached)
            return
        used = self._attached[self._current[not from_victim]]
        seed = self._kem_seeds.get(used)
        if seed is not None:
            yield KemParts(used, ciphertext, attached, decapsulate(seed, ciphertext))
            return
        yield KemParts(used, ciphertext, attached, KemSecret(bytes(32)))
        yield KemParts(used, ciphertext, attached)

    def _fits(self, key: MessageKey, parts: RatchetMessage) -> bool:
        try:
            open_body(key, parts.body, self._associated_data + parts.header_bytes)
        except DecryptionFailed:
            return False
        return True
