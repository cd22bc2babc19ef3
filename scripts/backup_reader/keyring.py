"""From the 64 digits of a backup to its root: docs/formats.md, "Digits" and "Keyring".

digits ─▶ slot secret ─▶ key pair of a slot ─▶ root, from which come all keys of the backup
"""

from contextlib import suppress
from hashlib import sha256

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hpke
from cryptography.hazmat.primitives.asymmetric import mlkem, x25519

from scripts.backup_reader.conventions import (
    WRONG_SECRET,
    CannotRead,
    after_version,
    derive,
    encode,
    require,
    split,
)

DIGITS, PASSWORD = 1, 2
DAMM = [
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
]
SEAL = hpke.Suite(hpke.KEM.MLKEM768_X25519, hpke.KDF.HKDF_SHA256, hpke.AEAD.CHACHA20_POLY1305)


def digits_secret(text: str) -> bytes:
    """Check the digit at the end of each row, and derive the slot's secret from the others."""
    digits = "".join(text.split())
    if len(digits) != 64 or not (digits.isascii() and digits.isdigit()):
        raise CannotRead("These are not 8 rows of 8 digits: compare them with yours", WRONG_SECRET)
    rows = [digits[at : at + 8] for at in range(0, 64, 8)]
    wrong = [str(number) for number, row in enumerate(rows, 1) if damm(f"{number}{row}") != 0]
    if wrong:
        raise CannotRead(
            f"Row {', '.join(wrong)} of the digits is mistyped: compare it with yours", WRONG_SECRET
        )
    return derive("".join(row[:7] for row in rows).encode(), b"glasspost/1/recovery-digits")


def damm(digits: str) -> int:
    """Run Damm's check; behind the right check digit it is 0."""
    state = 0
    for digit in digits:
        state = int(DAMM[state][int(digit)])
    return state


class Keyring:
    """Four slots; in each the root is sealed to a key pair that comes from a secret."""

    def __init__(self, data: bytes) -> None:
        """Raise ValueError for a file that is not as it was written."""
        self.hash, body = sha256(data).digest(), data[:-32]
        require(sha256(body).digest() == data[-32:], "its hash differs")
        fields = after_version(body, b"glpkeys\n")
        self.archive_id, _generation, _made_at, *slots = split(">7x16sI4xQ" + 4 * "4096s", fields)
        self.slots = [split(">BxH1216s1708s1168s", slot) for slot in slots]
        for kind, length, public_key, record, seal in self.slots:
            zeros = record[length:] if kind else public_key + record + seal
            require(length <= len(record) and not any(zeros), "bytes that should be zeros are not")
        self.header = body[:48] + b"".join(slot[:2928] for slot in slots)

    def open(self, kind: int, secret: bytes) -> bytes | None:
        """Give the root, if the secret opens a slot of this kind."""
        info = encode("glasspost/1/slot-key", bytes([kind]), self.archive_id)
        seeds = derive(secret, info, size=96)
        private_key = hpke.MLKEM768X25519PrivateKey(
            mlkem.MLKEM768PrivateKey.from_seed_bytes(seeds[:64]),
            x25519.X25519PrivateKey.from_private_bytes(seeds[64:]),
        )
        for number, slot in enumerate(self.slots):
            info = encode("glasspost/1/slot-seal", bytes([number]), self.header)
            with suppress(InvalidTag):
                return SEAL.decrypt(slot[-1], private_key, info)
        return None

    def password_record(self) -> bytes:
        """Give what stands beside the password: who guards it."""
        for kind, length, _public_key, record, _seal in self.slots:
            if kind == PASSWORD:
                return bytes(record[:length])
        raise CannotRead("This backup has no password: open it with its digits", WRONG_SECRET)
