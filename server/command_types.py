"""What the options of ``glasspost-server`` take."""

from typing import Any, Final

import click

from protocol.errors import BadAddress
from server.listen_address import ListenAddress, parse_listen_address

AS_IS: Final = "\b\n"
"""click keeps the lines of a paragraph that begins with this."""


class ListenType(click.ParamType[ListenAddress]):
    """A host and a port to listen on."""

    name = "HOST:PORT"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> ListenAddress:
        """Parse it, or fail with the reason."""
        try:
            return parse_listen_address(value)
        except BadAddress as error:
            self.fail(error.reason, param, ctx)
