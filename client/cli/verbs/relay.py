"""``glasspost relay``: the relay that chat started on this machine."""

import click

from client.cli.options import global_options
from client.cli.output import Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.local_relay import LocalRelay, default_folder, running_relay, stop

ACTIONS = ("status", "stop")


@click.command(
    epilog="""\b
Examples:
  glasspost relay status
  glasspost relay stop      what it holds is delivered after its next start"""
)
@click.argument("action", type=click.Choice(ACTIONS))
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, action: str) -> None:
    """Show or stop the relay that the first chat started; the next chat starts it again."""
    output, folder = Output(json=settings.json), default_folder()
    relay = await stop(folder) if action == "stop" else running_relay(folder)
    output.record({"running": action == "status" and relay is not None, **relay_fields(relay)})
    if relay is None:
        output.line("No local relay runs.")
    else:
        done = "stopped" if action == "stop" else "runs"
        output.line(f"The local relay at {relay.address.endpoint} (process {relay.pid}) {done}.")


def relay_fields(relay: LocalRelay | None) -> dict[str, str | int | bool | None]:
    """Give the local relay for programs."""
    if relay is None:
        return {"pid": None, "address": None, "started_at_ms": None}
    return {
        "pid": relay.pid,
        "address": str(relay.address),
        "started_at_ms": relay.started_at_ms,
    }
