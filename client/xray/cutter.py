"""Walks over the bytes of one layer and leaves none unnamed."""

from client.xray.spans import Layer, Reader, Span


class Cutter:
    """Cuts a layer's bytes into spans, from the first to the last.

    Args:
        name: of the layer.
        data: its bytes.
        reader: who can make sense of what is cut, until said otherwise.
        section: anchor in docs/protocol.md that describes the layer.
    """

    def __init__(self, name: str, data: bytes, reader: Reader, section: str) -> None:
        self._name, self._data = name, data
        self._reader, self._section = reader, section
        self._spans: list[Span] = []
        self._offset = 0

    @property
    def left(self) -> int:
        """Bytes not cut yet."""
        return len(self._data) - self._offset

    @property
    def rest(self) -> bytes:
        """The bytes not cut yet, themselves."""
        return self._data[self._offset :]

    def cut(self, size: int, name: str, meaning: str = "", section: str = "") -> bytes:
        """Name the next ``size`` bytes, or as many as there are, and give them."""
        piece = self._data[self._offset : self._offset + size]
        if piece:
            section = section or self._section
            span = Span(self._offset, len(piece), name, self._reader, section, meaning)
            self._spans.append(span)
            self._offset += len(piece)
        return piece

    def number(self, size: int, name: str, section: str = "") -> int:
        """Name the next ``size`` bytes as a big-endian number, and give it."""
        value = int.from_bytes(self._data[self._offset : self._offset + size], "big")
        self.cut(size, name, str(value), section)
        return value

    def readable_by(self, reader: Reader) -> None:
        """Say who can make sense of all that follows."""
        self._reader = reader

    def finish(self) -> Layer:
        """Give the layer; bytes that nobody named are named so."""
        self.cut(self.left, "not understood")
        return Layer(self._name, self._data, tuple(self._spans))
