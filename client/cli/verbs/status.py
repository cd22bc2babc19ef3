"""``glasspost status``: how the profile, its connection and this machine's relay are doing."""

from collections.abc import Callable
from typing import Final

import click
from rich.text import Text

from client.cli.hints import typeable
from client.cli.lines import width_of
from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.tables import columns, count_of
from client.cli.takeovers import announced_fields, announced_words
from client.cli.verbs.relay import relay_fields
from client.engine.engine import Engine
from client.engine.status import Status
from client.errors import UserError
from client.local_relay import LocalRelay, default_folder, running_relay
from client.text import clean_line, join_words
from client.values import Connection

CONNECT_TIMEOUT_S: Final = 5.0

_STYLES: Final = {
    Connection.ONLINE: "green",
    Connection.CONNECTING: "yellow",
    Connection.OFFLINE: "yellow",
}


@click.command(
    epilog="""\b
Examples:
  glasspost status
  glasspost --json status | jq .queued"""
)
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings) -> None:
    """Show connection, queue, keys, who receives, and the relay that chat started.

    Works offline: not being connected is a state, not an error.
    """
    output = Output(json=settings.json)
    async with opened_engine(settings, receive=False) as engine:
        status = await _connected_status(engine)
    local = running_relay(default_folder())
    output.record(_record(status, local))
    output.line(status_lines(status, local, width_of(output.console)))


async def _connected_status(engine: Engine) -> Status:
    """Give the status once it is known whether the relay answers, and what it announces."""
    try:
        await engine.wait_online(CONNECT_TIMEOUT_S)
        await engine.own_device.announced_at_login(CONNECT_TIMEOUT_S)
        await engine.settle(CONNECT_TIMEOUT_S)
    except UserError:
        pass  # the status holds the problem
    return await engine.status()


def status_lines(
    status: Status,
    local: LocalRelay | None,
    width: int | None,
    speak: Callable[[str], str] = typeable,
) -> Text:
    """Give a status as lines for people, for a terminal of this width.

    Args:
        speak: puts commands into the form that can be typed where the lines are read.
    """
    connection = Text(str(status.connection), style=_STYLES[status.connection])
    if status.problem is not None and status.connection is not Connection.ONLINE:
        connection.append(f": {clean_line(status.problem.reason)}", style="not bold default")
    rows: list[tuple[str, Text | str]] = [
        ("name", status.name if status.registered else f"{status.name} (not registered yet)"),
        ("relay", status.relay.endpoint),
        ("its key", _fingerprint(status)),
        ("connection", connection),
        ("queued", _queued(status)),
        ("receiving", str(status.receiver)),
        ("history", f"{count_of(status.message_count, 'line')}, "
                    f"{count_of(status.contact_count, 'contact')}, "
                    f"{status.database_bytes / 1e6:.1f} MB"),
        ("keys", f"{count_of(status.one_time_key_count, 'one-time pair')} for first messages"),
        ("sealed", f"the relay sees no sender when you write to {_of_contacts(status)}"),
        ("local relay", speak(_local(local))),
    ]  # fmt: skip
    if status.blocked:
        rows.append(("blocked", join_words(status.blocked)))
    offline = status.connection is not Connection.ONLINE
    if status.problem is not None and status.problem.hint and offline:
        rows.append(("next", clean_line(speak(status.problem.hint))))
    if status.takeover is not None:
        words = speak(announced_words(status.takeover))
        rows.append(("takeover", Text(words, style="bold yellow")))
    if status.open_questions:
        names = join_words(status.open_questions)
        words = speak(f"the key of {names} has changed: glasspost trust")
        rows.append(("question", Text(words, style="bold yellow")))
    return columns(((Text(label, style="dim"), value) for label, value in rows), width)


def _of_contacts(status: Status) -> str:
    return f"{status.sealed_count} of {count_of(status.contact_count, 'contact')}"


def _queued(status: Status) -> str:
    if not status.queued_count:
        return "nothing"
    return f"{count_of(status.queued_count, 'envelope')} for the relay"


def _fingerprint(status: Status) -> str:
    if status.relay.plain:
        return "none: this connection is not encrypted"
    return status.relay.fingerprint or "not known yet"


def _local(relay: LocalRelay | None) -> str:
    if relay is None:
        return "none"
    return f"{relay.address.endpoint}, process {relay.pid} (glasspost relay stop ends it)"


def _record(status: Status, local: LocalRelay | None) -> dict[str, Json]:
    problem = None if status.connection is Connection.ONLINE else status.problem
    return {
        "name": status.name,
        "registered": status.registered,
        "relay": str(status.relay),
        "connection": str(status.connection),
        "problem": None if problem is None else problem.reason,
        "receiver": str(status.receiver),
        "queued": status.queued_count,
        "contacts": status.contact_count,
        "messages": status.message_count,
        "sealed": status.sealed_count,
        "blocked": list(status.blocked),
        "open_questions": list(status.open_questions),
        "takeover": None if status.takeover is None else announced_fields(status.takeover),
        "one_time_keys": status.one_time_key_count,
        "database_bytes": status.database_bytes,
        "local_relay": None if local is None else {**relay_fields(local)},
    }
