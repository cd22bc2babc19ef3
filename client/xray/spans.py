"""What an X-ray picture is made of."""

from dataclasses import dataclass
from enum import StrEnum


class Reader(StrEnum):
    """Who can make sense of some bytes, of all who may come to hold them."""

    RELAY = "relay"  # the relay, so everybody
    RECIPIENT = "recipient"  # the two who talk, with the recipient's sealing key
    NOBODY = "nobody"  # not any more: the single-use key is gone on both sides


@dataclass(frozen=True, slots=True)
class Span:
    """Some neighbouring bytes of a layer.

    Attributes:
        offset: from the beginning of the layer.
        size: in bytes, at least 1.
        name: the field's name in docs/protocol.md.
        reader: who can make sense of it.
        section: the anchor in docs/protocol.md that describes what made it.
        meaning: its value in words, or empty; may hold foreign text.
    """

    offset: int
    size: int
    name: str
    reader: Reader
    section: str
    meaning: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """One wrapping of a message; ``spans`` cover ``data`` without gap or overlap."""

    name: str
    data: bytes
    spans: tuple[Span, ...]

    def bytes_of(self, span: Span) -> bytes:
        """Give the bytes of one of the layer's spans."""
        return self.data[span.offset : span.offset + span.size]
