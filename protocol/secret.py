"""Secrets that never print.

A key held as ``bytes`` shows itself in any traceback, log line or debugger. A
:class:`Secret` does not: ``repr``, ``str``, formatting, pickling, copying into
msgpack and dataclass reprs all show its type only. Each role has its own
subclass, so that a chain key cannot be passed where a root key belongs.

Python cannot wipe memory; a secret lives until it is collected and after. The
threat model says so.
"""

import hmac
from typing import ClassVar, NoReturn, Self, final


class Secret:
    """Immutable secret bytes of one role; :meth:`expose` is the only way in."""

    __slots__ = ("_value",)
    SIZE: ClassVar[int | None] = 32
    """Exact size in bytes, or None for any."""

    _value: bytes

    def __init__(self, value: bytes) -> None:
        """Wrap ``value``.

        Raises:
            ValueError: its size is not ``SIZE``. The message does not show it.
        """
        if self.SIZE is not None and len(value) != self.SIZE:
            raise ValueError(f"{type(self).__name__} takes {self.SIZE} bytes, not {len(value)}")
        object.__setattr__(self, "_value", bytes(value))

    @final
    def expose(self) -> bytes:
        """Give the raw bytes. Few modules may call this; a test lists them."""
        return self._value

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} does not change")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret) or type(other) is not type(self):
            return NotImplemented
        return hmac.compare_digest(self._value, other._value)

    __hash__ = None  # type: ignore[assignment]  # a hash would be an oracle on the bytes

    def __repr__(self) -> str:
        return f"<{type(self).__name__}>"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __reduce_ex__(self, protocol: object) -> NoReturn:
        raise TypeError(f"{type(self).__name__} is never serialised")

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self
