"""The operator of the relay turns against its users: a folder of their own, the same program.

They hold the relay's disk, and nothing of Alice's and Bob's. What they read, they
read in their own folder: it is no part of the relay, and is not searched.
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import trio

from client.profile.creating import create_profile
from client.profile.opening import unlock
from client.store import account
from client.store.connection import open_database_file
from client.store.transaction import run_reading
from protocol.ids import Name
from protocol.signing import public_key_of
from scripts.story import children
from scripts.story.script import Side
from scripts.story.swapping import PublicKeys

_PATIENCE_S: Final = "10"
_GLANCE_S: Final = "1"


@dataclass(slots=True)
class Operator:
    """Plays a person whose name they have taken.

    Attributes:
        home: the folder of the operator's own profiles.
        log: takes what their commands write on standard error.
    """

    home: Path
    log: Path

    async def make_keys(self, side: Side) -> PublicKeys:
        """Make a profile in the name of ``side``, which no relay has heard of; give its keys."""
        return await trio.to_thread.run_sync(self._make_keys, side)

    async def move_in(self, side: Side, relay: str) -> None:
        """Bring the prekeys of that profile to the relay, under the name that was taken."""
        await self._run(side, "--relay", relay, "register", side)

    async def write(self, side: Side, text: str) -> None:
        """Write to the other side as ``side``."""
        await self._run(side, "send", side.other, text)

    async def open_mail(self, side: Side) -> list[str]:
        """Try the own keys on what comes for ``side``, until something opens; give the texts."""
        return await self._listen(side, "--count", "1", "--timeout", _PATIENCE_S)

    async def try_mail(self, side: Side) -> list[str]:
        """Try the own keys on what lies in the mailbox of ``side``; give the texts."""
        return await self._listen(side, "--timeout", _GLANCE_S)

    async def _listen(self, side: Side, *limits: str) -> list[str]:
        printed = await self._run(side, "--json", "listen", *limits)
        records = [json.loads(line) for line in printed.splitlines()]
        return [record["text"] for record in records if "kind" not in record]

    async def _run(self, side: Side, *arguments: str) -> str:
        options = ("--home", str(self.home), "--as", side)
        command = [*children.PYTHON, "client", *options, *arguments]
        return await children.run(
            f"the operator, as {side}, runs {arguments[0]}", command, self.log
        )

    def _make_keys(self, side: Side) -> PublicKeys:
        folder = create_profile(self.home, Name(side), None, os.urandom)
        connection = open_database_file(folder.database, unlock(folder, None))
        try:
            own = run_reading(connection, account.get)
        finally:
            connection.close()
        return PublicKeys(own.device.identity.public, public_key_of(own.account_key))
