"""What the options of ``glasspost-server`` take."""

from typing import Any, Final

import click

from protocol.errors import BadAddress
from server.listen_address import ListenAddress, parse_listen_address

AS_IS: Final = "\b\n"
"""click keeps the lines of a paragraph that begins with this."""

HOUR_MS: Final = 3_600_000

MOST_HOLD_HOURS: Final = 720
"""Who is away for longer than a month has little use for a veto."""


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


class HoldType(click.ParamType[int]):
    """So many hours, as milliseconds."""

    name = "HOURS"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Parse it, or fail with the reason."""
        try:
            hours = float(value)
        except ValueError:
            self.fail(f"{value!r} is no number of hours, such as 24 or 0.5.", param, ctx)
        if not 0 <= hours <= MOST_HOLD_HOURS:  # not a number fails as well
            self.fail(
                f"{value} is not between 0 and {MOST_HOLD_HOURS} hours; 0 replaces at once.",
                param,
                ctx,
            )
        return round(hours * HOUR_MS)
