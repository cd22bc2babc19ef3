"""The log: structured, bounded, and blind."""

import base64
import json
import random
from dataclasses import replace
from pathlib import Path

import pytest

from protocol.ids import EnvelopeId
from protocol.wire.messages import Accepted, Acknowledge, Subscribe
from server.eventlog import EventLog, LogFile
from tests.support.relay_rig import relay_rig
from tests.support.wire_client import submit_to


def forms(canary: bytes) -> list[str]:
    """Every form in which bytes could have slipped into a text."""
    coded = [base64.b64encode(canary[shift:])[:-4].decode() for shift in range(3)]
    return [canary.hex(), repr(canary)[2:-1], *coded]


async def test_p1_the_log_holds_no_payload(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice, bob = await rig.enter("alice"), await rig.enter("bob")
        await bob.ask(Subscribe())
        canaries = [rng.randbytes(24) for _ in range(3)]
        envelope, envelope_id, token = canaries
        submit = replace(
            submit_to(rig.person("bob"), envelope * 4, rng),
            envelope_id=EnvelopeId(envelope_id[:16]),
            token=token[:16],
        )
        await alice.ask_for(Accepted, submit)
        await alice.ask(replace(submit, envelope=envelope))  # a conflict
        await alice.ask(replace(submit, device=9))  # nobody
        await bob.next_mail()
        await bob.ask(Acknowledge(1))
        await alice.stream.send_all(b"\x00\x00\x00\x30" + envelope * 2)  # bytes that do not parse
        await alice.wait_for_end()
        await bob.aclose()
        await rig.settle()
    log = "\n".join(rig.lines)
    for canary in [*canaries, envelope_id[:16], token[:16]]:
        for form in forms(canary):
            assert form not in log
    assert "bad bytes" in log  # the refusal itself is there
    planted = EventLog(lambda: 0, rig.lines.append)
    planted.event("planted", word=envelope.hex())
    assert any(form in "\n".join(rig.lines) for form in forms(envelope))  # the scan can find


async def test_the_log_tells_who_came_and_what_was_refused(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = await rig.enter("alice")
        await alice.ask(submit_to(rig.person("nobody"), b"sealed", rng))
        (logged_in,), (refused,) = rig.events("logged-in"), rig.events("refused")
        assert (logged_in["connection"], logged_in["name"]) == (1, "alice")
        assert (refused["connection"], refused["request"], refused["code"]) == (1, "Submit", 5)


def test_bytes_do_not_get_in() -> None:
    log = EventLog(lambda: 0, lambda _: None)
    with pytest.raises(TypeError, match="envelope is a bytes"):
        log.event("oops", envelope=b"sealed")  # type: ignore[arg-type]


def test_a_line_is_one_object(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "relay.log")
    EventLog(lambda: 7, file).event("started", address="a\nb", durable=True)
    file.close()
    (line,) = (tmp_path / "relay.log").read_text().splitlines()
    assert json.loads(line) == {"at_ms": 7, "event": "started", "address": "a\nb", "durable": True}
    assert (tmp_path / "relay.log").stat().st_mode & 0o777 == 0o600


def test_the_log_turns_and_is_bounded(tmp_path: Path) -> None:
    file = LogFile(tmp_path / "relay.log", most_bytes=1_000)
    for number in range(1_000):
        file(f"line {number}")
    file.close()
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 2 * 1_020
    assert sorted(path.name for path in tmp_path.iterdir()) == ["relay.log", "relay.log.1"]


def test_a_log_that_cannot_be_written_stops_nothing() -> None:
    file = LogFile(Path("/dev/full"), most_bytes=1 << 40)
    EventLog(lambda: 7, file).event("started")
    file.close()
