"""A line to a relay that burns: what was sent arrives, the answer does not."""

from dataclasses import dataclass
from typing import Any

from trio.testing import memory_stream_pair

from client.backup.targets.blob_line import Dial
from client.errors import RelayUnreachable
from client.network.transport import NO_RELAY_KEY, Dialed
from server.limits.source import HERE
from tests.support.relay_rig import RelayRig


@dataclass
class Fuse:
    """Burns with the n-th thing that is sent.

    Args:
        burns_at: which, from 1; 0 for never.
        once: only that connection is gone; else the relay stays away.
    """

    burns_at: int = 0
    once: bool = False
    sent: int = 0

    @property
    def burnt(self) -> bool:
        return 0 < self.burns_at <= self.sent

    def dialer(self, rig: RelayRig) -> Dial:
        """Give a way to ``rig`` that this fuse is in."""

        async def dial() -> Dialed:
            if self.burnt and not self.once:
                raise RelayUnreachable("It is gone.")
            ours, theirs = memory_stream_pair()
            rig.nursery.start_soon(rig.relay.attend, theirs, HERE)
            ours.send_stream.send_all_hook = self._counting(ours)
            return Dialed(ours, NO_RELAY_KEY, None, tls=False)

        return dial

    def _counting(self, stream: Any) -> Any:
        pump = stream.send_stream.send_all_hook

        async def count() -> None:
            await pump()
            self.sent += 1
            if self.sent == self.burns_at:
                stream.send_stream.close()
                stream.receive_stream.close()

        return count
