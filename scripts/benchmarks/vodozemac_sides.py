"""Olm sessions of vodozemac (Rust, with Python bindings): a double ratchet with AES-CBC."""

from vodozemac import Account, AnyOlmMessage, Session

WireForm = tuple[int, bytes]
"""A message as it travels: its type, and its bytes."""


class VodozemacSide:
    """One end of an Olm session."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def encrypt(self, text: bytes) -> WireForm:
        """Encrypt the next message."""
        parts: WireForm = self._session.encrypt(text).to_parts()
        return parts

    def decrypt(self, message: WireForm) -> bytes:
        """Open a message of the other side."""
        text: bytes = self._session.decrypt(AnyOlmMessage.from_parts(*message))
        return text


def vodozemac_sides() -> tuple[VodozemacSide, VodozemacSide]:
    """Give both ends of a fresh session that has been answered."""
    alice, bob = Account(), Account()
    bob.generate_one_time_keys(1)
    (one_time_key,) = bob.one_time_keys.values()
    ours = alice.create_outbound_session(bob.curve25519_key, one_time_key)
    first = ours.encrypt(b"first").to_pre_key()
    if first is None:
        raise AssertionError("a first message carries its prekeys")
    theirs, _ = bob.create_inbound_session(alice.curve25519_key, first)
    ours.decrypt(theirs.encrypt(b"answer"))
    return VodozemacSide(ours), VodozemacSide(theirs)
