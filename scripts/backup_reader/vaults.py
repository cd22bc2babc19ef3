"""From a backup's password to its root, by way of the vaults: docs/recovery.md.

    password ─Argon2id─▶ input ─hash to the group, blind─▶ t vaults: each multiplies by its share
    slot secret ◀─HKDF─ output ◀─hash─ unblind ◀─combine─ t answers, each with a proof

A question is a guess that a vault counts for good: none is asked unless enough vaults can answer.
"""

import socket
import ssl
import struct
import unicodedata
from collections.abc import Callable
from io import BufferedRWPair
from typing import Any

import msgpack
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from scripts.backup_reader.conventions import (
    BAD_BYTES,
    TOO_FEW_VAULTS,
    WRONG_SECRET,
    CannotRead,
    after_version,
    derive,
    encode,
    require,
    strict,
)
from scripts.backup_reader.group import blind_element, combined, finalized, proven, random_scalar
from scripts.backup_reader.keyring import PASSWORD, Keyring

VAULT_HELLO, STATUS, EVALUATE, UNLOCK, GET_HEAD, REFUSED = 80, 84, 86, 88, 92, 3
LIVE, WAIT_SECONDS, MAX_FRAME_BYTES = 1, 10, 266_240
WHY = {
    32: "it is no vault",
    33: "it does not know this backup",
    35: "its last guess was used",
    36: "the owner deleted its record",
    37: "its next guess has to wait",
}


class Vault:
    """One vault: where it is, what it holds of this backup, and what it said last."""

    def __init__(self, index: int, part: list[Any]) -> None:
        (self.name, self.address, self.key), self.record_id, self.public_share = part
        # Whoever has the storage can write here, and it is shown on a terminal.
        shown = self.name + self.address
        require(shown.isascii() and shown.isprintable(), "a vault's name or address is none")
        self.index, self.left, self.requests, self.trouble = index, 0, 0, ""
        self.stream: BufferedRWPair | None = None

    def __str__(self) -> str:
        return f"{self.name} at {self.address}, key {self.key.hex()}"

    def connect(self) -> None:
        """Open a connection to the holder of the key, and to nobody else; ask what is left."""
        host, _, port = self.address.rpartition(":")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.minimum_version = ssl.TLSVersion.TLSv1_3
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE  # the key is all
        with (
            socket.create_connection((host.strip("[]"), int(port)), WAIT_SECONDS) as raw,
            context.wrap_socket(raw) as secured,
        ):
            certificate = x509.load_der_x509_certificate(secured.getpeercert(True) or b"")
            key = certificate.public_key()
            found = key.public_bytes_raw() if isinstance(key, Ed25519PublicKey) else b""
            require(found == self.key, "another key than the vault's answers there")
            self.stream = secured.makefile("rwb")  # keeps the connection open
        self.ask(VAULT_HELLO, 1, 1)
        state, self.left, wait_ms = self.ask(STATUS, self.record_id)
        require(state == LIVE and self.left > 0, "its last guess was used, or its record deleted")
        require(wait_ms == 0, f"its next guess has to wait {-(-wait_ms // 1000)} seconds")

    def evaluate(self, blinded: bytes) -> bytes:
        """Spend a guess: the blinded element times this vault's share."""
        answer, proof, self.left = self.ask(EVALUATE, self.record_id, blinded)
        true = proven(self.public_share, blinded, answer, proof)
        require(true, "its answer was not made with its share: it lies, or is broken")
        return bytes(answer)

    def tried(self, action: Callable[..., Any], *arguments: Any) -> Any:
        """Do something with this vault; where that fails note the reason, and give None."""
        try:
            return action(*arguments)
        except (OSError, *BAD_BYTES) as error:
            found = getattr(error, "strerror", None) or str(error) or "it does not answer"
            self.trouble = self.trouble or found
            return None

    def ask(self, tag: int, *fields: Any) -> list[Any]:
        """Send a request, and give the fields of the answer."""
        if self.stream is None:
            raise ConnectionError("it was not reached")
        self.requests += 1
        message: bytes = msgpack.packb([tag, self.requests, *fields])
        self.stream.write(struct.pack(">I", len(message)) + message)
        self.stream.flush()
        length = int.from_bytes(self.stream.read(4))
        require(0 < length <= MAX_FRAME_BYTES, "it hung up")
        found, request, *answer = strict(self.stream.read(length))
        if found == REFUSED:
            raise ValueError(WHY.get(answer[0], f"it refuses with code {answer[0]}"))
        require((found, request) == (tag + 1, self.requests), "it does not speak as a vault does")
        return list(answer)


class Password:
    """A password's record, read: what a guess costs, and who is to be asked."""

    def __init__(self, record: bytes) -> None:
        """Refuse a record that asks for too much memory, or for more answers than vaults."""
        (self.salt, self.memory, self.passes), self.threshold, _limit, vaults = strict(
            after_version(record)
        )
        self.vaults = [Vault(index, part) for index, part in enumerate(vaults, 1)]
        require(2**26 <= self.memory <= 2**30 and 3 <= self.passes <= 10, "its costs are dishonest")
        require(1 <= self.threshold <= len(vaults) <= 5, "its number of vaults is impossible")

    def recover(self, password: str, keyring: Keyring) -> bytes:
        """Give the root that the password opens, at the price of a guess at t vaults."""
        for vault in self.vaults:
            vault.tried(vault.connect)
        output = self.output(self.stretched(password))
        root = keyring.open(PASSWORD, derive(output, encode("glasspost/1/recovery-password")))
        if root is None:  # and nothing more is sent: a tag would tell a false vault the output
            raise CannotRead(f"The password is wrong. {self.guesses_left()}", WRONG_SECRET)
        for vault in self.vaults:
            info = encode("glasspost/1/unlock-tag", vault.record_id, vault.key)
            vault.tried(vault.ask, UNLOCK, vault.record_id, derive(output, info))
        return root

    def stretched(self, password: str) -> bytes:
        """Make the password costly to guess."""
        text = unicodedata.normalize("NFC", password).encode()
        try:
            return argon2id.kdf(32, text, self.salt, self.passes, self.memory)
        except CryptoError:
            raise CannotRead(f"This takes {self.memory >> 20} MiB of memory: free some") from None

    def output(self, stretched: bytes) -> bytes:
        """Ask t vaults, those with most guesses left first, and combine what they answer."""
        blind = random_scalar()
        blinded = blind_element(stretched, blind)
        ready = sorted((each for each in self.vaults if not each.trouble), key=lambda it: -it.left)
        answers: dict[int, bytes] = {}
        while len(answers) < self.threshold <= len(answers) + len(ready):
            vault = ready.pop(0)
            if answer := vault.tried(vault.evaluate, blinded):
                answers[vault.index] = answer
        if len(answers) < self.threshold:
            needed = f"{self.threshold} of {len(self.vaults)} vaults have to answer"
            raise CannotRead(f"{needed}: try later, or use the digits", TOO_FEW_VAULTS)
        return finalized(stretched, blind, combined(answers))

    def guesses_left(self) -> str:
        """Tell how many guesses are left, at each vault and in all."""
        left = [vault.left for vault in self.vaults]
        rounds = range(sum(left) + 1)
        total = max(n for n in rounds if sum(min(n, each) for each in left) >= n * self.threshold)
        each = ", ".join(f"{vault.name} {vault.left}" for vault in self.vaults)
        return f"Guesses left: {total} in all ({each})"

    def heads(self) -> list[bytes]:
        """Give the heads of the backup that the vaults keep."""
        answers = [each.tried(each.ask, GET_HEAD, each.record_id) for each in self.vaults]
        return [answer[1] for answer in answers if answer and answer[0] > 0]

    def close(self) -> list[str]:
        """Hang up; give what was wrong with which vault."""
        for vault in self.vaults:
            if vault.stream:
                vault.tried(vault.stream.close)
        return [f"{vault.name}: {vault.trouble}" for vault in self.vaults if vault.trouble]
