"""A number of seconds on the command line."""

import math

import click


class Seconds(click.ParamType[float]):
    """A time that a clock can wait: neither negative nor ``nan`` nor ``inf``.

    Click's own range lets the last two through, because neither is below its minimum; an event
    loop with a deadline that is no number never ends.
    """

    name = "seconds"

    def convert(
        self, value: str | float, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Read the number.

        Raises:
            click.BadParameter: it is not a number of seconds.
        """
        try:
            seconds = float(value)
        except ValueError:
            seconds = math.nan
        if not (math.isfinite(seconds) and seconds >= 0):
            self.fail(f"{value!r} is not a number of seconds, 0 or more.", param, ctx)
        return seconds
