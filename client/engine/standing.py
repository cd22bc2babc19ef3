"""How the engine stands with the relay: always known, every change told."""

from client.engine.bell import Bell
from client.engine.broadcast import Broadcast
from client.errors import UserError
from client.values import Connection, ConnectionChanged


class Standing:
    """The present connection state, and the last thing that went wrong.

    ``problem`` is None while all is well: a login clears it.
    """

    def __init__(self, broadcast: Broadcast, changed: Bell) -> None:
        self._broadcast = broadcast
        self._changed = changed
        self.connection = Connection.CONNECTING
        self.problem: UserError | None = None

    def connecting(self) -> None:
        """Tell that an attempt begins; the last problem stays until it has succeeded."""
        self._become(Connection.CONNECTING, self.problem)

    def online(self) -> None:
        """Tell that we are logged in."""
        self._become(Connection.ONLINE, None)

    def troubled(self, problem: UserError) -> None:
        """Tell that we are logged in, but something does not work as it should."""
        self._become(Connection.ONLINE, problem)

    def offline(self, problem: UserError) -> None:
        """Tell that an attempt failed, or a connection was lost."""
        self._become(Connection.OFFLINE, problem)

    def _become(self, connection: Connection, problem: UserError | None) -> None:
        self.connection, self.problem = connection, problem
        reason = "" if problem is None else problem.reason
        self._broadcast.publish(ConnectionChanged(connection, reason))
        self._changed.ring()
