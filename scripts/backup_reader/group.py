"""ristretto255 (RFC 9496) and a verifiable OPRF in it (RFC 9497, SHA-512, mode VOPRF).

An element of the group is eight points of an Edwards curve that count as one. Python's integers
take no constant time: this is for the owner of the password, on a machine of their own.
"""

import hashlib
import secrets
import struct
from typing import NamedTuple

P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, -1, P) % P
SQRT_M1 = pow(2, (P - 1) // 4, P)
CONTEXT = b"OPRFV1-\x01-ristretto255-SHA512"


def root_of_ratio(u: int, v: int) -> tuple[bool, int]:
    """Give whether u/v is a square, and the even root of it, or else of SQRT_M1 * u/v."""
    root = u * v**3 * pow(u * v**7, (P - 5) // 8, P) % P
    check = v * root * root % P
    if check in (-u % P, -u * SQRT_M1 % P):
        root = root * SQRT_M1 % P
    return check in (u % P, -u % P), even(root)


def even(number: int) -> int:
    """Give the one of a number and its negative that is even, "non-negative"."""
    number %= P
    return P - number if number % 2 else number


class Element(NamedTuple):
    """An element, as the point (x/z, y/z) on the curve -x^2 + y^2 = 1 + D x^2 y^2."""

    x: int
    y: int
    z: int = 1

    def plus(self, other: "Element") -> "Element":
        """Add: the curve's law for all pairs of points, without a division."""
        z, x, y = self.z * other.z % P, self.x * other.x % P, self.y * other.y % P
        k, zz = D * x * y % P, z * z
        cross = (self.x + self.y) * (other.x + other.y) - x - y
        minus, plus = (zz - k) % P, (zz + k) % P
        return Element(z * minus * cross % P, z * plus * (y + x) % P, minus * plus % P)

    def times(self, scalar: int) -> "Element":
        """Multiply by doubling and adding."""
        result = Element(0, 1)
        for bit in bin(scalar % L)[2:]:
            result = result.plus(result)
            if bit == "1":
                result = result.plus(self)
        return result

    def encode(self) -> bytes:
        """Give the 32 bytes that all points of the element share."""
        divisor = pow(self.z, -1, P)
        x, y = self.x * divisor % P, self.y * divisor % P
        u1, u2 = (1 + y) * (1 - y), x * y
        _, inverse = root_of_ratio(1, u1 * u2 * u2)
        d1, d2 = inverse * u1, inverse * u2
        z = d1 * d2 * x * y % P
        if x * y * z % P % 2:
            x, y, d2 = y * SQRT_M1, x * SQRT_M1, d1 * root_of_ratio(1, -1 - D)[1]
        if x * z % P % 2:
            y = -y
        return even(d2 * (1 - y)).to_bytes(32, "little")


def decode(data: bytes) -> Element:
    """Read the one encoding of an element that is not the identity; else raise ValueError."""
    s = int.from_bytes(data, "little")
    u1, u2 = 1 - s * s, 1 + s * s
    v = -D * u1 * u1 - u2 * u2
    square, inverse = root_of_ratio(1, v * u2 * u2)
    x = even(2 * s * inverse * u2)
    y = u1 * inverse * inverse * u2 * v % P
    if len(data) != 32 or s >= P or s % 2 or s == 0 or not square or x * y % P % 2 or y == 0:
        raise ValueError("not an element of the group")
    return Element(x, y)


def map_to_group(half: bytes) -> Element:
    """Map 32 bytes to an element: Elligator."""
    t = int.from_bytes(half, "little") % 2**255
    r = SQRT_M1 * t * t % P
    u, v = (r + 1) * (1 - D * D), (-1 - r * D) * (r + D)
    square, s = root_of_ratio(u, v)
    c = -1
    if not square:
        s, c = -even(s * t), r
    n = c * (r - 1) * (D - 1) ** 2 - v
    w = n * -root_of_ratio(-D - 1, 1)[1]
    return Element(2 * s * v * pow(w, -1, P) % P, (1 - s * s) * pow(1 + s * s, -1, P) % P)


def uniform(message: bytes, purpose: str) -> bytes:
    """Spread a message over 64 bytes: expand_message_xmd of RFC 9380 with SHA-512."""
    domain = f"{purpose}-".encode() + CONTEXT
    domain += bytes([len(domain)])
    first = hashlib.sha512(bytes(128) + message + b"\0\x40\0" + domain).digest()
    return hashlib.sha512(first + b"\x01" + domain).digest()


def hash_to_group(message: bytes) -> Element:
    """Hash to an element of which nobody knows the logarithm."""
    data = uniform(message, "HashToGroup")
    return map_to_group(data[:32]).plus(map_to_group(data[32:]))


def hash_to_scalar(message: bytes) -> int:
    """Hash to a number below L."""
    return int.from_bytes(uniform(message, "HashToScalar"), "little") % L


def joined(*parts: bytes) -> bytes:
    """Join parts with their lengths in front."""
    return b"".join(struct.pack(">H", len(part)) + part for part in parts)


def proven(public: bytes, blinded: bytes, answer: bytes, proof: bytes) -> bool:
    """Tell whether the answer is the blinded element times the scalar behind the public share."""
    share = decode(public)
    c, s = (int.from_bytes(half, "little") for half in (proof[:32], proof[32:]))
    seed = hashlib.sha512(joined(public, b"Seed-" + CONTEXT)).digest()
    d = hash_to_scalar(joined(seed) + bytes(2) + joined(blinded, answer) + b"Composite")
    m, z = decode(blinded).times(d), decode(answer).times(d)
    t2, t3 = GENERATOR.times(s).plus(share.times(c)), m.times(s).plus(z.times(c))
    said = joined(public, *(element.encode() for element in (m, z, t2, t3))) + b"Challenge"
    return len(proof) == 64 and max(c, s) < L and c == hash_to_scalar(said)


def combined(answers: dict[int, bytes]) -> Element:
    """Interpolate the answers at 0: the blinded element times the whole key."""
    total = Element(0, 1)
    for i, answer in answers.items():
        weight = 1
        for j in answers.keys() - {i}:
            weight = weight * j * pow(j - i, -1, L) % L
        total = total.plus(decode(answer).times(weight))
    return total


GENERATOR = decode(
    bytes.fromhex("e2f2ae0a6abc4e71a884a961c500515f58e30b6aa582dd8db6a65945e08d2d76")
)


def random_scalar() -> int:
    """Draw a number from 1 to L - 1."""
    return 1 + secrets.randbelow(L - 1)


def blind_element(message: bytes, blind: int) -> bytes:
    """Hide a message: its element times a random number is any element."""
    return hash_to_group(message).times(blind).encode()


def finalized(message: bytes, blind: int, answer: Element) -> bytes:
    """Take the blind away, and hash what is left to 64 bytes."""
    element = answer.times(pow(blind, -1, L)).encode()
    return hashlib.sha512(joined(message, element) + b"Finalize").digest()
