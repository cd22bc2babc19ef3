"""Every error of the protocol, ordered by who is at fault.

    GlasspostError
      CallerError        our own caller broke a rule: a bug, or a value a user typed
      PeerError          the far side sent something wrong, late or hostile

What a person has to decide is no error of the protocol: the client keeps such questions open.

Errors carry typed fields and build their sentence from them. They never hold a
key, a plaintext or a name: they end up in logs.
"""


class GlasspostError(Exception):
    """Root of all errors raised by Glasspost code."""


# --- our caller ------------------------------------------------------------


class CallerError(GlasspostError):
    """Our own side asked for something that cannot be."""


class InvalidName(CallerError):
    """A name is not 1 to 32 of ``[a-z0-9._-]`` with ``[a-z0-9]`` at both ends."""

    def __init__(self) -> None:
        super().__init__(
            "a name has 1 to 32 characters of a-z, 0-9, '.', '_', '-',"
            " and begins and ends with a letter or digit"
        )


class TooLong(CallerError):
    """A value of ours is over its limit."""

    def __init__(self, what: str, size: int, limit: int) -> None:
        super().__init__(f"{what} has {size} bytes, the limit is {limit}")
        self.what, self.size, self.limit = what, size, limit


class OutOfRange(CallerError):
    """A number of ours does not fit its field: packed, it would not read back."""

    def __init__(self, shape: str) -> None:
        super().__init__(f"a number does not fit into {shape}")
        self.shape = shape


class DamagedState(CallerError):
    """State that this client stored itself does not decode."""

    def __init__(self, what: str) -> None:
        super().__init__(f"stored {what} cannot be read back")
        self.what = what


class NothingReceivedYet(CallerError):
    """A responder cannot send before it has opened the peer's first message."""

    def __init__(self) -> None:
        super().__init__("this session cannot send before it has opened a message")


class ChainExhausted(CallerError):
    """A sending chain is at its full length: the peer has to answer first."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"{limit} messages were sent without an answer, which is the most")
        self.limit = limit


class NotUnicode(CallerError):
    """A text holds a lone surrogate: half of a character, which UTF-8 cannot say."""

    def __init__(self) -> None:
        super().__init__("the text holds half of a character and cannot be sent")


class InvalidContent(CallerError):
    """A message of ours breaks a rule of its kind."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"this message cannot be sent: {reason}")
        self.reason = reason


class BadSafetyNumber(CallerError):
    """What a user typed is not a safety number."""

    def __init__(self) -> None:
        super().__init__("a safety number has 60 digits")


class BadAddress(CallerError):
    """A relay address is not ``[glasspost://]host:port[#fingerprint]``."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a relay address: {reason}")
        self.reason = reason


class DigitsRefused(CallerError):
    """What was typed is not a backup's 64 digits; ``row`` (1 to 8) is the wrong one, if known."""

    def __init__(self, reason: str, row: int | None = None) -> None:
        where = "the digits" if row is None else f"row {row} of the digits"
        super().__init__(f"{where} cannot be right: {reason}; compare with what you wrote down")
        self.reason, self.row = reason, row


class BadLocator(CallerError):
    """What was typed does not say where on a relay a backup lies."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not a locator: {reason}")
        self.reason = reason


class WrongSlotSecret(CallerError):
    """An undamaged keyring has no slot that this secret opens."""

    def __init__(self, slot_kind: str) -> None:
        super().__init__(
            f"the {slot_kind} did not open this backup: wrong, or replaced since,"
            " or made for another backup"
        )
        self.slot_kind = slot_kind


class ContentSizeDiffers(CallerError):
    """An object's content is not as long as was said when its header was written."""

    def __init__(self, promised: int) -> None:
        super().__init__(f"the content is not the {promised} bytes it was said to have")
        self.promised = promised


# --- the far side ----------------------------------------------------------


class PeerError(GlasspostError):
    """The far side is at fault: what it sent changes nothing here."""


class WireError(PeerError):
    """Bytes do not parse as what they should be."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BadSignature(PeerError):
    """A signature does not verify."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the signature of the {what} does not verify")
        self.what = what


class BadPublicKey(PeerError):
    """A public key is not usable (wrong form, or a point of low order)."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is not a usable public key")
        self.what = what


class BundleRefused(PeerError):
    """A prekey bundle is too old, or older than one seen before."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"prekey bundle refused: {reason}")
        self.reason = reason


class HandshakeRefused(PeerError):
    """A handshake cannot be accepted: nobody vouches for it, or its prekeys do not fit."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"handshake refused: {reason}")
        self.reason = reason


class PrekeysGone(PeerError):
    """A handshake names prekeys whose private halves are not here (any more)."""

    def __init__(self) -> None:
        super().__init__("handshake refused: its prekeys are gone")


class HandshakeReplayed(PeerError):
    """A handshake was accepted before, and its session is no more."""

    def __init__(self) -> None:
        super().__init__("this handshake was accepted before")


class UnknownSession(PeerError):
    """A message names a session that is not here, and carries no handshake."""

    def __init__(self) -> None:
        super().__init__("the message belongs to a session this device does not have")


class DecryptionFailed(PeerError):
    """A ciphertext was changed, or made under another key."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} does not decrypt: it was changed, or made for another key")
        self.what = what


class WrongSenderTag(PeerError):
    """A sealed payload was not made under the identity key of the sender it names."""

    def __init__(self) -> None:
        super().__init__("it was not sealed by the sender it names")


class KeyGone(PeerError):
    """The message key was used before, or has expired (a duplicate, or unavailable)."""

    def __init__(self) -> None:
        super().__init__("the key of this message was used before or has expired")


class TooManySkipped(PeerError):
    """A header jumps further ahead than one may skip."""

    def __init__(self, skipped: int, limit: int) -> None:
        super().__init__(f"the message would skip {skipped} others, the limit is {limit}")
        self.skipped, self.limit = skipped, limit


class UnsupportedVersion(PeerError):
    """A newer version than this program knows."""

    def __init__(self, what: str, version: int) -> None:
        super().__init__(f"{what} version {version} is not known here: update this program")
        self.what, self.version = what, version


class KemFieldsRefused(PeerError):
    """The KEM fields of a header do not fit the chain before it, or its own chain."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the message's KEM fields are refused: {reason}")
        self.reason = reason


class NotAnObject(PeerError):
    """Stored bytes do not begin with the header of the object that was asked for."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"not the object it should be: {reason}")
        self.reason = reason


class ObjectNotOpened(PeerError):
    """A header's key commitment does not fit: another object or version, or a damaged header."""

    def __init__(self) -> None:
        super().__init__("the object belongs to another key, or its header was changed")


class ObjectDamaged(PeerError):
    """A chunk of an object was changed or moved."""

    def __init__(self, chunk: int) -> None:
        super().__init__(f"chunk {chunk} of the object was changed or moved")
        self.chunk = chunk


class ObjectTruncated(PeerError):
    """An object ends before its last chunk does."""

    def __init__(self, chunk: int) -> None:
        super().__init__(f"the object ends within chunk {chunk}")
        self.chunk = chunk


class ObjectExtended(PeerError):
    """An object goes on after its last chunk."""

    def __init__(self) -> None:
        super().__init__("the object goes on after its end")


class KeyringDamaged(PeerError):
    """A keyring is not as it was written; no secret can be called wrong for that."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the backup's keyring is damaged: {reason}")
        self.reason = reason


class KeyringReplaced(PeerError):
    """A keyring is intact, and not the one that the signed head names."""

    def __init__(self, generation: int, head_generation: int) -> None:
        super().__init__(
            f"the storage shows keyring {generation},"
            f" the newest head was made with keyring {head_generation}"
        )
        self.generation, self.head_generation = generation, head_generation


class ManifestReplaced(PeerError):
    """A manifest is not the one whose hash was signed."""

    def __init__(self) -> None:
        super().__init__("the manifest is not the one that the head names")


class ManifestMissing(PeerError):
    """The newest signed head names a manifest that the storage does not have."""

    def __init__(self, made_at_ms: int, available_at_ms: int | None) -> None:
        super().__init__("the storage lacks the newest backup, or was set back to an older one")
        self.made_at_ms, self.available_at_ms = made_at_ms, available_at_ms


class NoValidHead(PeerError):
    """No source has a head that this archive's key signed."""

    def __init__(self) -> None:
        super().__init__("neither the storage nor a vault has a head that this key signed")


# --- a person decides ------------------------------------------------------


class TwoWriters(GlasspostError):
    """Two different heads of one epoch are signed: two devices write this backup."""

    def __init__(self, epoch: int) -> None:
        super().__init__(f"two devices write this backup: there are two versions of epoch {epoch}")
        self.epoch = epoch
