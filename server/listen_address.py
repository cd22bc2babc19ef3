"""Where a service listens, and the address it tells others."""

from dataclasses import dataclass

from protocol.errors import BadAddress
from protocol.loopback import is_loopback

DEFAULT_LISTEN = "127.0.0.1:7667"


@dataclass(frozen=True, slots=True)
class ListenAddress:
    """A host and a port; port 0 lets the system choose."""

    host: str
    port: int

    @property
    def is_loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    @property
    def endpoint(self) -> str:
        """Give ``host:port``, with brackets around an IPv6 address."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    def url(self, fingerprint: str | None) -> str:
        """Give a relay's address for clients; without a fingerprint it is one without TLS."""
        if fingerprint is None:
            return f"glasspost+plain://{self.endpoint}"
        return f"glasspost://{self.endpoint}#{fingerprint}"


def parse_listen_address(text: str) -> ListenAddress:
    """Parse ``HOST:PORT``, ``[IPV6]:PORT``.

    Raises:
        BadAddress: it is not that.
    """
    host, colon, port = text.rpartition(":")
    if not colon or not host:
        raise BadAddress("HOST:PORT is wanted, as in 127.0.0.1:7667")
    if not (port.isascii() and port.isdecimal() and int(port) <= 65_535):
        raise BadAddress("a port is a number from 0 to 65535")
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        raise BadAddress("an IPv6 address stands in brackets, as in [::1]:7667")
    return ListenAddress(host, int(port))
