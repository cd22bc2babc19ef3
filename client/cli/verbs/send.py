"""``glasspost send``: one message, kept before the network is asked."""

import sys
from typing import Final

import click

from client.cli.key_notes import note_changed_key
from client.cli.opening import opened_engine
from client.cli.options import global_options
from client.cli.output import Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.states import short_id, state_word
from client.cli.takeovers import note_takeover
from client.engine.engine import Engine
from client.errors import LocalError, RelayUnreachable, TrustOpen
from client.values import Connection, HistoryEntry, MessageState
from protocol.errors import TooLong
from protocol.ids import MessageId, Name
from protocol.limits import MAX_TEXT_BYTES

ANSWER_TIMEOUT_S: Final = 20.0
ANNOUNCEMENT_TIMEOUT_S: Final = 5.0

_MOST_READ_BYTES: Final = 64 << 20


@click.command(
    epilog="""\b
Examples:
  glasspost send bob "the tide is high"
  fortune | glasspost send bob -
  glasspost send bob -- -1              a text that begins with a dash"""
)
@click.argument("peer")
@click.argument("text", metavar="TEXT|-")
@global_options(hidden=True)
@asynchronous
async def command(settings: Settings, peer: str, text: str) -> None:
    """Send one message; a dash reads it from standard input.

    The message is encrypted and stored first. If the relay cannot be reached it stays queued, any
    later glasspost of this profile sends it, and the exit code is 2.
    """
    output = Output(json=settings.json)
    name, body = parse_peer(peer), _read(settings) if text == "-" else text
    async with opened_engine(settings, receive=False) as engine:
        message_id = await engine.send_text(name, body)
        try:
            problem = await _hand_over(engine, message_id)
        except TrustOpen:  # perhaps because of a change that this tells of
            await _tell_of_changed_key(engine, output, name)
            raise
        await _tell_of_changed_key(engine, output, name)
        await _tell_of_takeover(engine, output)
        _report(output, await engine.entry(name, message_id))
    if problem is not None:
        raise problem


async def _hand_over(engine: Engine, message_id: MessageId) -> RelayUnreachable | None:
    """Wait until the relay has the message; gives the reason if it cannot have it now."""
    try:
        await engine.wait_online(ANSWER_TIMEOUT_S)
        state = await engine.wait_for(message_id, MessageState.AT_RELAY, ANSWER_TIMEOUT_S)
    except RelayUnreachable as problem:
        return problem
    if state is not MessageState.QUEUED:
        return None
    return RelayUnreachable(
        "The relay did not answer in time.", hint="The message is queued and goes out later."
    )


async def _tell_of_changed_key(engine: Engine, output: Output, peer: Name) -> None:
    """Tell once that the key of ``peer`` is another one than before, if nothing has told yet.

    Only after this text was stored: that one was written by somebody who could not know, and is
    held back if the change came first. The next one is not.
    """
    notices = await engine.untold_notices(peer)
    for entry in notices:
        note_changed_key(output, entry)
    await engine.mark_listened([entry.row_id for entry in notices])


async def _tell_of_takeover(engine: Engine, output: Output) -> None:
    """Tell that another device asks for this one's place: not everybody ever looks at status."""
    online = engine.connection is Connection.ONLINE
    device, timeout_s = engine.own_device, ANNOUNCEMENT_TIMEOUT_S if online else 0
    announced = await device.announced_at_login(timeout_s)
    if announced is not None:
        note_takeover(output, announced)


def _report(output: Output, entry: HistoryEntry | None) -> None:
    """Say how far the message has come; nothing if it was deleted meanwhile."""
    if entry is None:
        return
    output.record(
        {
            "id": entry.message_id.hex(),
            "state": state_word(entry.state),
            "to": entry.peer,
            "time_ms": entry.arrival_ms,
        }
    )
    words = {MessageState.QUEUED: "queued", MessageState.FAILED: "failed"}
    state = words.get(entry.state, "sent")
    output.line(f"{state}: {short_id(entry)} to {entry.peer}")
    output.flush()


def _read(settings: Settings) -> str:
    """Take the text from standard input, without its last line feed."""
    if settings.passphrase_file == "-":
        raise LocalError(
            "Standard input cannot be both the text and the passphrase.",
            hint="Put the passphrase into a file, or behind a descriptor: --passphrase-file 3",
        )
    # Far more than fits is read, so that a text that is too long is told with its size.
    data = sys.stdin.buffer.read(_MOST_READ_BYTES).removesuffix(b"\n")
    if len(data) > MAX_TEXT_BYTES:
        raise TooLong("text", len(data), MAX_TEXT_BYTES)
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise LocalError(
            "What came on standard input is not UTF-8 text.",
            hint="Convert it first, for example: iconv -t utf-8",
        ) from error
