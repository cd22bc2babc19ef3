"""P9: the product agrees with a second implementation that was written from the page alone.

The real one must pass every check; copies with one planted fault must each fail
the check that is to notice it.
"""

import ast
import inspect
from collections.abc import Callable
from types import ModuleType

import pytest

from protocol.errors import GlasspostError
from tests import second_opinion
from tests.protocol.e2ee.second_bytes import (
    contents,
    envelopes,
    paddings,
    safety_numbers,
    statements,
)
from tests.protocol.e2ee.second_replacements import replacements, vetoes
from tests.protocol.e2ee.second_talks import (
    disorder,
    handshakes,
    hybrid_by_time,
    hybrid_by_turns,
    limits,
    random_histories,
    random_history,
    unusual_peers,
)
from tests.support.randomness import SeededBytes

SOURCE = inspect.getsource(second_opinion)

Check = Callable[[ModuleType], None]

CHECKS: list[Check] = [
    handshakes,
    hybrid_by_turns,
    hybrid_by_time,
    disorder,
    limits,
    unusual_peers,
    random_histories,
    envelopes,
    paddings,
    contents,
    safety_numbers,
    statements,
    replacements,
    vetoes,
]


@pytest.mark.parametrize("check", CHECKS)
def test_p9_the_second_opinion_agrees(check: Check, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "draw", SeededBytes("second opinion"))
    check(second_opinion)


def test_p9_a_new_history_in_each_run(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_opinion, "draw", SeededBytes(seed))
    random_history(second_opinion, seed)


FAULTS: list[tuple[Check, str, str]] = [
    (handshakes, "1/handshake-transcript", "1/handshake-transcripts"),
    (handshakes, '1/handshake" + th', '1/handshakes" + th'),
    (handshakes, 'b"\\xff" * 32', "bytes(32)"),
    (handshakes, '/ratchet-root"', '/ratchet-roots"'),
    (
        handshakes,
        'mac(chain, b"\\x01"), mac(chain, b"\\x02")',
        "mac(chain, b'1'), mac(chain, b'2')",
    ),
    (
        handshakes,
        "s.heard_at, s.handshake = s.messages + 1, at, b",
        "s.heard_at, _ = s.messages + 1, at, b",
    ),
    (hybrid_by_turns, "/ratchet-root-hybrid", "/ratchet-hybrid"),
    (hybrid_by_turns, "dh + secret", "secret + dh"),
    (hybrid_by_turns, 'b"".join(parts)', 'b"".join(parts[:2])'),
    (hybrid_by_turns, "s.messages >= 50 or", "s.messages >= 51 or"),
    (hybrid_by_turns, "s.messages, s.mixed_at = 0, None", "s.messages, s.mixed_at = 1, None"),
    (hybrid_by_time, "7 * DAY_MS", "8 * DAY_MS"),
    (hybrid_by_time, "s.messages, s.mixed_at = 0, s.heard_at", "s.messages, s.mixed_at = 0, None"),
    (hybrid_by_time, "min(s.mixed_at, at)", "s.mixed_at"),
    (disorder, "s.previous, s.sent, s.our_fields = s.sent, 0", "s.sent, s.our_fields = 0"),
    (disorder, "skip(s, header.previous, at)", "skip(s, header.previous - 1, at)"),
    (disorder, "(header.kem_key, header.ciphertext) == s.their_fields", "not header.kem_key"),
    (limits, "s.received <= 2_000", "s.received <= 2_001"),
    (limits, "passed_over + header.index <= 2_000", "passed_over + header.index <= 2_001"),
    (limits, "[-2_000:]", "[-2_001:]"),
    (limits, "< 35 * DAY_MS", "<= 35 * DAY_MS"),
    (limits, "at = max([at, *(", "_ = max([at, *("),
    (random_histories, "at if s.mixed_at is None", "at - 1 if s.mixed_at is None"),
    (envelopes, "1/sealed-sender", "1/sealed"),
    (envelopes, "0x647A", "0x647B"),
    (envelopes, "1/sender-tag-key", "1/sender-tags"),
    (envelopes, '1/sender-tag",', '1/sender-tags",'),
    (envelopes, "*s, sender[2], *r, recipient[2]", "*s, *r, sender[2], recipient[2]"),
    (envelopes, '*r, *s, b"\\x01", message', "*r, *s, message"),
    (envelopes, "need(tag == sender_tag(", "_ = (tag == sender_tag("),
    (paddings, "exponent - exponent.bit_length()", "exponent - exponent.bit_length() - 1"),
    (contents, "<= 65_536", "<= 65_537"),
    (contents, "levels(body) <= 16", "levels(body) <= 17"),
    (safety_numbers, "5_199", "5_200"),
    (statements, "1/register", "1/registration"),
    (statements, "u32(device), u32(version)", "u32(version), u32(device)"),
    (statements, "u32(record[0]), u64(record[1])", "u32(record[0]), u32(record[1] % 2**32)"),
    (replacements, '"replace-device-new"', '"replace-device"'),
    (replacements, "c.old_identity, c.new_identity, c.a", "c.new_identity, c.old_identity, c.a"),
    (replacements, "u64(c.generation + 1)", "u64(c.generation)"),
    (
        replacements,
        '_statement(c, "identity"), signatures[1]',
        '_statement(c, "account"), signatures[1]',
    ),
    (vetoes, "1/veto-replacement", "1/veto"),
    (vetoes, "VerifyKey(c.old_identity).verify(veto", "_ = (veto"),
]


@pytest.mark.slow
@pytest.mark.parametrize(("check", "right", "wrong"), FAULTS)
def test_a_planted_disagreement_is_noticed(check: Check, right: str, wrong: str) -> None:
    assert SOURCE.count(right) == 1
    copy = ModuleType("a_faulty_copy")
    exec(compile(SOURCE.replace(right, wrong), "a faulty copy", "exec"), copy.__dict__)
    copy.__dict__["draw"] = SeededBytes("a faulty copy")
    noticed = (AssertionError, pytest.fail.Exception, GlasspostError, copy.__dict__["Refused"])
    with pytest.raises(noticed):
        check(copy)


def test_it_imports_nothing_of_ours() -> None:
    imported = set()
    for node in ast.walk(ast.parse(SOURCE)):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    standard = {"dataclasses", "hashlib", "hmac", "struct", "typing"}
    assert imported == standard | {"cryptography", "msgpack", "nacl"}
    assert "__import__" not in SOURCE
    assert "importlib" not in SOURCE
