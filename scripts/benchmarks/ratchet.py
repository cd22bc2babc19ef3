"""The double ratchet: encrypt and decrypt, by two sides that hold a session.

ratchet-one-way      Alice writes, Bob opens: chain steps only
ratchet-ping-pong    they take turns: a Diffie-Hellman step with every message
"""

from typing import Final, TypeVar

from scripts.benchmarks.figures import Contender, Row, Workload, peer_import
from scripts.benchmarks.sides import Side, our_sides
from scripts.benchmarks.timing import OURS

M = TypeVar("M")

TEXT: Final = bytes(range(160))


def rows() -> tuple[Row, ...]:
    """Give both rows."""
    return (
        _row("ratchet-one-way", "encrypt + decrypt 160 bytes, one way", in_turns=False),
        _row("ratchet-ping-pong", "encrypt + decrypt 160 bytes, in turns", in_turns=True),
    )


def _row(name: str, what: str, *, in_turns: bool) -> Row:
    def ours() -> Workload:
        return _workload(*our_sides(), in_turns=in_turns)

    def vodozemac() -> Workload:
        with peer_import():
            from scripts.benchmarks.vodozemac_sides import vodozemac_sides
        return _workload(*vodozemac_sides(), in_turns=in_turns)

    def doubleratchet() -> Workload:
        with peer_import():
            from scripts.benchmarks.doubleratchet_sides import doubleratchet_sides
        return _workload(*doubleratchet_sides(), in_turns=in_turns)

    theirs = (Contender("vodozemac", vodozemac), Contender("DoubleRatchet", doubleratchet))
    remark = "DoubleRatchet's messages stay objects; ours and vodozemac's become bytes"
    return Row(name, what, Contender(OURS, ours), theirs, remark)


def _workload(alice: Side[M], bob: Side[M], *, in_turns: bool) -> Workload:
    """Let one side write to the other; with ``in_turns`` they change places each time."""

    def work(count: int) -> None:
        writer, reader = alice, bob
        for _ in range(count):
            if reader.decrypt(writer.encrypt(TEXT)) != TEXT:
                raise AssertionError("another text came out")
            if in_turns:
                writer, reader = reader, writer

    return work
