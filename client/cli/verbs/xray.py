"""``glasspost xray``: every byte of a message, and who can read it."""

from dataclasses import asdict
from typing import Final

import click
from rich.cells import cell_len
from rich.text import Text

from client.cli.opening import opened_offline
from client.cli.options import global_options
from client.cli.output import Json, Output
from client.cli.profiles import parse_peer
from client.cli.running import asynchronous
from client.cli.settings import Settings
from client.cli.tables import count_of
from client.errors import LocalError
from client.text import clean_line, shorten
from client.values import Specimen
from client.xray.layers import take_picture
from client.xray.spans import Layer, Reader, Span
from client.xray.written import content_of
from protocol.ids import Name

_STYLES: Final = {Reader.RELAY: "red", Reader.RECIPIENT: "green", Reader.NOBODY: "magenta"}
_SHORT_HEX_BYTES: Final = 4
_HEX_BYTES_A_LINE: Final = 18
_WHAT_CELLS: Final = 40


@click.command(
    epilog="""\b
Examples:
  glasspost history bob --ids       find the id
  glasspost xray 7f3a2c10           its beginning is enough
  glasspost xray 7f3a2c10 --full    all bytes
  glasspost xray 7f --to bob        only among your messages to bob"""
)
@click.argument("message_id")
@click.option("--full", is_flag=True, help="Show every byte.")
@click.option("--to", "receiver", metavar="NAME", help="Look only among messages to NAME.")
@click.option("--from", "sender", metavar="NAME", help="Look only among messages from NAME.")
@global_options(hidden=True)
@asynchronous
async def command(
    settings: Settings, message_id: str, full: bool, receiver: str | None, sender: str | None
) -> None:
    """Take a message apart, layer by layer, as it travelled.

    Every byte is named, with who can read it and the section of docs/protocol.md that describes
    what made it. Works offline on your own newest messages.
    """
    output, prefix = Output(json=settings.json), _checked(message_id)
    peer, outgoing = _direction(receiver, sender)
    async with opened_offline(settings) as engine:
        specimen = await engine.specimen(prefix, peer=peer, outgoing=outgoing)
        entry = await engine.entry(specimen.peer, specimen.message_id, outgoing=specimen.outgoing)
    layers = take_picture(specimen.envelope, specimen.payload, content_of(entry)).layers
    output.record(_record(specimen, layers))
    output.line(_heading(specimen))
    output.line(_relay_view(specimen))
    for number, layer in enumerate(layers, start=1):
        output.line(_layer(number, layer, full=full))
    output.line(_legend(specimen))


def _checked(message_id: str) -> str:
    prefix = message_id.strip().lower()
    if prefix and all(digit in "0123456789abcdef" for digit in prefix) and len(prefix) <= 32:
        return prefix
    raise LocalError(
        f"“{shorten(message_id, 40)}” is not the id of a message.",
        why="An id has 32 hexadecimal digits; its beginning is enough.",
        hint="Find it with: glasspost history PEER --ids",
    )


def _direction(receiver: str | None, sender: str | None) -> tuple[Name | None, bool | None]:
    """Give the peer and the direction to look in; None where any will do."""
    if receiver is not None and sender is not None:
        raise LocalError("A message is to or from somebody, not both.", hint="Choose one of them.")
    named = receiver if sender is None else sender
    return (None, None) if named is None else (parse_peer(named), sender is None)


def _heading(specimen: Specimen) -> Text:
    way = f"from you to {specimen.peer}" if specimen.outgoing else f"from {specimen.peer} to you"
    size = count_of(len(specimen.envelope), "byte")
    return Text(f"Message {specimen.message_id.hex()} {way}: {size} at the relay")


def _relay_view(specimen: Specimen) -> Text:
    """Say what the relay saw of the message besides its size."""
    sender, recipient = ("you", specimen.peer) if specimen.outgoing else (specimen.peer, "you")
    if specimen.named is None:
        return Text("The relay has not seen it yet.")
    seen = f"that {sender} wrote it" if specimen.named else "no sender: it came without a name"
    return Text(f"The relay saw that it is for {recipient}, and {seen}.")


def _layer(number: int, layer: Layer, *, full: bool) -> Text:
    text = Text(f"\n{number}  {layer.name}, {count_of(len(layer.data), 'byte')}", style="bold")
    section = ""
    for span in layer.spans:
        if span.section != section:
            section = span.section
            text.append(f"\n   docs/protocol.md#{section}", style="not bold dim")
        text.append("\n").append_text(_span(layer, span, full=full))
    return text


def _span(layer: Layer, span: Span, *, full: bool) -> Text:
    row = Text(f"{span.offset:6} {span.size:5}  ", style="not bold")
    row.append(f"{span.reader:<9}  ", style=_STYLES[span.reader])
    meaning = f": {clean_line(span.meaning)}" if span.meaning else ""
    what = shorten(f"{span.name}{meaning}", _WHAT_CELLS)
    row.append(what + " " * (_WHAT_CELLS - cell_len(what) + 2))
    return row.append_text(_hex(layer.bytes_of(span), full=full))


def _hex(data: bytes, *, full: bool) -> Text:
    if not full or len(data) <= _SHORT_HEX_BYTES:
        cut = "…" if len(data) > _SHORT_HEX_BYTES else ""
        return Text(data[:_SHORT_HEX_BYTES].hex(" ") + cut, style="dim")
    lines = [
        data[at : at + _HEX_BYTES_A_LINE].hex(" ") for at in range(0, len(data), _HEX_BYTES_A_LINE)
    ]
    return Text("".join(f"\n{' ' * 25}{line}" for line in lines), style="dim")


def _legend(specimen: Specimen) -> Text:
    peer = clean_line(specimen.peer)
    own, theirs = (peer, "you") if specimen.outgoing else ("you", peer)
    text = Text("\nWho reads:\n")
    for reader, words in (
        (Reader.RELAY, "the relay, and whoever takes its disk"),
        (Reader.RECIPIENT, f"only {own}; {theirs} wrote it. To the relay it is noise"),
        (Reader.NOBODY, "nobody any more: its key was used once, then forgotten on both sides"),
    ):
        text.append(f"  {reader:<9}  ", style=_STYLES[reader]).append(f"{words}\n")
    return text


def _record(specimen: Specimen, layers: tuple[Layer, ...]) -> dict[str, Json]:
    return {
        "id": specimen.message_id.hex(),
        "peer": specimen.peer,
        "outgoing": specimen.outgoing,
        "envelope_bytes": len(specimen.envelope),
        "relay_saw_sender": specimen.named,
        "layers": [_layer_record(layer) for layer in layers],
    }


def _layer_record(layer: Layer) -> Json:
    spans: list[Json] = [
        {**asdict(span), "reader": str(span.reader), "hex": layer.bytes_of(span).hex()}
        for span in layer.spans
    ]
    return {"name": layer.name, "size": len(layer.data), "spans": spans}
