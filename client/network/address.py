"""Where a relay is, and which key it has to show.

    glasspost://host:port#fingerprint        TLS; the fingerprint pins the relay's key
    glasspost+plain://127.0.0.1:port         no TLS; loopback only (a relay with --no-tls)

Scheme, port and fingerprint may be left out; an IPv6 address stands in brackets. What to do
without a fingerprint is decided in :mod:`client.network.transport`.

Spec: docs/protocol.md#transport
"""

import re
from dataclasses import dataclass, replace
from ipaddress import IPv6Address
from typing import Final

from protocol.errors import BadAddress
from protocol.loopback import is_loopback

DEFAULT_PORT: Final = 7667

_SCHEME: Final = "glasspost://"
_PLAIN_SCHEME: Final = "glasspost+plain://"

# A DNS name has at most 253 characters; scheme, brackets, port and fingerprint need about 100 more.
_MAX_HOST_CHARS: Final = 253
_MAX_ADDRESS_CHARS: Final = 400

_FINGERPRINT: Final = re.compile(r"[0-9a-fA-F]{64}")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]+)*")
_BRACKETED: Final = re.compile(r"\[([^\]]*)\](?::(.*))?", re.DOTALL)


@dataclass(frozen=True, slots=True)
class RelayAddress:
    """A relay's host and port, the fingerprint it must show, and whether it speaks TLS.

    ``fingerprint`` is 64 lower-case hexadecimal digits, or None where none is known.
    """

    host: str
    port: int = DEFAULT_PORT
    fingerprint: str | None = None
    plain: bool = False

    @property
    def endpoint(self) -> str:
        """Give ``host:port``, with brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_loopback(self) -> bool:
        """Tell whether the address stays on this machine, whatever a name server says."""
        return is_loopback(self.host)

    @property
    def place(self) -> "RelayAddress":
        """Give the address without its fingerprint: two of one place are the same relay."""
        return replace(self, host=self.host.lower(), fingerprint=None)

    def pinned_to(self, fingerprint: str) -> "RelayAddress":
        """Give the same address with ``fingerprint`` (64 hexadecimal digits)."""
        return replace(self, fingerprint=_parse_fingerprint(fingerprint))

    def __str__(self) -> str:
        scheme = _PLAIN_SCHEME if self.plain else _SCHEME
        suffix = f"#{self.fingerprint}" if self.fingerprint else ""
        return f"{scheme}{self.endpoint}{suffix}"


def parse_address(text: str) -> RelayAddress:
    """Read an address a person typed, or one printed by a relay.

    Raises:
        BadAddress: host, port, fingerprint or scheme cannot be; ``.reason`` says which.
    """
    if len(text) > _MAX_ADDRESS_CHARS:
        raise BadAddress(f"it is longer than {_MAX_ADDRESS_CHARS} characters")
    plain, rest = _split_scheme(text.strip())
    place, mark, fingerprint = rest.partition("#")
    host, port = _split_port(place.removesuffix("/"))
    address = RelayAddress(
        host=_parse_host(host),
        port=_parse_port(port),
        fingerprint=_parse_fingerprint(fingerprint) if mark else None,
        plain=plain,
    )
    _require_sense(address)
    return address


def _split_scheme(text: str) -> tuple[bool, str]:
    scheme, mark, rest = text.partition("://")
    if not mark:
        return False, text
    if scheme.lower() not in ("glasspost", "glasspost+plain"):
        raise BadAddress("it has to begin with glasspost:// (or glasspost+plain:// without TLS)")
    return scheme.lower() == "glasspost+plain", rest


def _split_port(place: str) -> tuple[str, str | None]:
    if bracketed := _BRACKETED.fullmatch(place):
        host, port = bracketed.groups()
        if ":" not in host:
            raise BadAddress("only an IPv6 address stands in brackets")
        return host, port
    if place.count(":") > 1:
        raise BadAddress("an IPv6 address stands in brackets: [::1]:7667")
    host, mark, port = place.partition(":")
    return host, port if mark else None


def _parse_host(host: str) -> str:
    if not host:
        raise BadAddress("the host is missing")
    if ":" in host:
        return _parse_ipv6(host)
    if len(host) > _MAX_HOST_CHARS or _HOST_NAME.fullmatch(host) is None:
        raise BadAddress("the host is neither a name nor an IP address")
    return host


def _parse_ipv6(host: str) -> str:
    try:
        return str(IPv6Address(host))
    except ValueError as error:
        raise BadAddress("what stands in brackets is not an IPv6 address") from error


def _parse_port(port: str | None) -> int:
    if port is None:
        return DEFAULT_PORT
    # isdecimal alone would let Arabic and other digits through.
    if not (port.isascii() and port.isdecimal() and len(port) <= 5 and 1 <= int(port) <= 65_535):
        raise BadAddress("the port is a number from 1 to 65535")
    return int(port)


def _parse_fingerprint(fingerprint: str) -> str:
    if _FINGERPRINT.fullmatch(fingerprint) is None:
        raise BadAddress("a fingerprint is 64 hexadecimal digits")
    return fingerprint.lower()


def _require_sense(address: RelayAddress) -> None:
    if address.plain and not address.is_loopback:
        raise BadAddress("a connection without TLS is for this machine only (127.0.0.1, [::1])")
    if address.plain and address.fingerprint:
        raise BadAddress("without TLS there is no key that a fingerprint could pin")
