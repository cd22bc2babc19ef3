"""Whether a host is this machine, whatever a name server says.

Spec: docs/protocol.md#transport
"""

from ipaddress import IPv6Address, ip_address


def is_loopback(host: str) -> bool:
    """Tell whether ``host`` is ``localhost`` or a literal loopback address, without brackets."""
    if host.lower() == "localhost":
        return True
    try:
        literal = ip_address(host)
    except ValueError:
        return False
    mapped = literal.ipv4_mapped if isinstance(literal, IPv6Address) else None
    return (mapped or literal).is_loopback
