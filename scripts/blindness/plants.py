"""Put a canary into a medium of a running relay: the proof that it would be found there.

Each medium gets it in another form, in the way in which a leak would come about. What
has to be there before the relay starts (its environment) is given by
:func:`environment_with`.
"""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from scripts.blindness.canaries import Canary
from scripts.blindness.media import Medium, Places
from scripts.blindness.relay_database import checkpoint, opened_beside
from scripts.blindness.tls_proxy import trusting

_VARIABLE: Final = "GLASSPOST_DEMO_PLANT"


@dataclass(frozen=True, slots=True)
class Plant:
    """A canary, and the medium it is put into on purpose."""

    medium: Medium
    canary: Canary


def environment_with(canary: Canary) -> dict[str, str]:
    """Give a process variable that brings ``canary`` into its memory, in base64."""
    return {_VARIABLE: "x" + base64.b64encode(b"x" + canary.value).decode()}


def into_files(medium: Medium, places: Places, canary: Canary) -> None:
    """Write ``canary`` into DATABASE (raw), WAL (hex) or LOG (HEX) of a running relay."""
    match medium:
        case Medium.DATABASE:
            _insert(places.data, canary.value)
            checkpoint(places.data)
        case Medium.WAL:
            _insert(places.data, canary.value.hex())
        case Medium.LOG:
            with (places.data / "relay.log").open("a") as log:
                log.write(canary.value.hex().upper() + "\n")
        case _:
            raise ValueError(f"{medium} is not in files")


async def into_traffic(port: int, key_file: Path, canary: Canary) -> None:
    """Say ``canary`` to the relay inside TLS, in url-safe base64, as no client would.

    Args:
        port: the recording proxy's.
        key_file: the relay's certificate.
        canary: what to say.
    """
    stream = await trio.open_tcp_stream("127.0.0.1", port)
    async with trio.SSLStream(stream, trusting(key_file)) as relay:
        await relay.send_all(base64.urlsafe_b64encode(b"xx" + canary.value))


def _insert(data: Path, value: bytes | str) -> None:
    """Add a row to a table of our own, so that none of the relay's is touched."""
    with opened_beside(data / "relay.db") as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS planted (value)")
        connection.execute("INSERT INTO planted VALUES (?)", (value,))
        connection.commit()
