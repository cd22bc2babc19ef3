"""Secrets as fields of packed classes: bytes where they are stored or sent, a Secret elsewhere."""

from dataclasses import dataclass
from typing import Annotated, Any, Final

from protocol.errors import WireError
from protocol.ids import IDENTIFIER_BYTES
from protocol.packing import Binary
from protocol.recovery.derived import TAG_BYTES, UnlockTag
from protocol.recovery.scalar import SCALAR_BYTES, KeyShare
from protocol.secret import Secret


@dataclass(frozen=True, slots=True)
class SecretShape:
    """A secret of one role and size."""

    kind: type[Secret]
    size: int

    def pack(self, value: Secret) -> bytes:
        """Give the bytes to be stored encrypted, or sent inside TLS."""
        return value.expose()

    def unpack(self, plain: Any) -> Secret:
        """Take the bytes, or raise WireError."""
        raw = Binary(self.size, self.size).unpack(plain)
        try:
            return self.kind(raw)
        except ValueError as error:
            raise WireError(f"expected {self.describe()}") from error

    def describe(self) -> str:
        """Name the shape."""
        return f"bytes[{self.size}]"


RECORD_ID_BYTES: Final = IDENTIFIER_BYTES

RecordId = Annotated[bytes, Binary(RECORD_ID_BYTES, RECORD_ID_BYTES)]
ProofBytes = Annotated[bytes, Binary(64, 64)]
ShareField = Annotated[KeyShare, SecretShape(KeyShare, SCALAR_BYTES)]
TagField = Annotated[UnlockTag, SecretShape(UnlockTag, TAG_BYTES)]
