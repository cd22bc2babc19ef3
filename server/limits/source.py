"""Where a connection comes from, as far as limits care.

One household, one key: an IPv4 address, or the 64-bit network of an IPv6 one,
for that is what a single customer gets. Addresses of this machine are **local**:
everybody here, or everybody behind a proxy here, has the same one, so it tells
nobody apart.

Spec: docs/relay.md#limits
"""

from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Final

_NETWORK_BYTES: Final = 8


@dataclass(frozen=True, slots=True)
class Source:
    """A far end.

    Attributes:
        block: the bytes that limits count by: 4 of an IPv4 address, 8 of an
            IPv6 network; empty for what has no address.
        is_local: whether it is on this machine.
        text: address and port, for the log.
    """

    block: bytes
    is_local: bool
    text: str


# A pipe, a test's memory stream, a peer that has gone before it was asked.
HERE: Final = Source(b"", is_local=True, text="")


def source_of(host: str, port: int) -> Source:
    """Give the source of a peer with this literal address."""
    address = _plain(ip_address(host.partition("%")[0]))
    block = address.packed if address.version == 4 else address.packed[:_NETWORK_BYTES]
    return Source(block, address.is_loopback, f"{host} port {port}")


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Turn ``::ffff:1.2.3.4``, as a socket for both versions shows it, into ``1.2.3.4``."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return address if mapped is None else mapped
