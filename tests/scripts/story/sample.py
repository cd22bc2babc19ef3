"""A verdict and the events of a small story, to be told by tellers under test."""

from collections.abc import Sequence
from dataclasses import replace

from scripts.blindness.canaries import Canary
from scripts.blindness.examination import Look, MediumReport
from scripts.blindness.media import Medium
from scripts.blindness.scanner import Findings, Hit
from scripts.story.events import (
    Act,
    Cell,
    Event,
    Judged,
    Looked,
    Manner,
    Opening,
    RelayCell,
    Row,
)
from scripts.story.relay_view import Sighting
from scripts.story.script import Script, Side, write_script
from scripts.story.verdict import Reading, Verdict
from tests.support.randomness import SeededBytes

SECRET = Canary("alice's text", b"vubakofimelagiduso")
HIT = Hit(SECRET, "hex", "relay.db-wal", 0x1F00)


def script() -> Script:
    """Give the same script every time."""
    return write_script(SeededBytes("script"))


def reading(side: Side) -> Reading:
    """Give a reading without fault."""
    texts = tuple(script().said_by(side.other))
    return Reading(side, texts, texts, texts)


def good_verdict() -> Verdict:
    """Give a verdict that holds."""
    reports = tuple(
        MediumReport(medium, 98_765_432, (), ("the name alice", "bob's public key"), ())
        for medium in Medium
    )
    return Verdict(reports, (), 640, 5_600, tuple(reading(side) for side in Side))


def with_report(verdict: Verdict, report: MediumReport) -> Verdict:
    """Put another report in the place of the one on the same medium."""
    reports = (report if each.medium is report.medium else each for each in verdict.reports)
    return replace(verdict, reports=tuple(reports))


def events() -> Sequence[Event]:
    """Give one of each kind of event."""
    line = script().talk[0]
    seen = Sighting("alice", "bob", 5_237, 0.0, bytes(range(24)))
    findings = {Medium.DATABASE: Findings(1_000, ()), Medium.MEMORY: Findings(98_000_000, ())}
    look = Look("while mail waits", frozenset({SECRET}), dict.fromkeys(findings, ()), findings)
    return (
        Opening("The curtain rises."),
        Act(1, "Alice and Bob talk", "In plain words."),
        Row(
            (Cell(Manner.SAYS, line.text),),
            RelayCell((seen, replace(seen, sender=None)), "a note"),
            (Cell(Manner.READS, line.text), Cell(Manner.DOES, "smiles")),
        ),
        Looked(look),
        Judged(good_verdict()),
    )
