"""P8: no way of printing shows a secret, for every Secret there is and for whole sessions."""

import base64
import copy
import importlib
import json
import logging
import pickle
import pkgutil
import pprint
import traceback
from collections.abc import Callable, Iterator
from dataclasses import asdict, astuple, dataclass, replace
from typing import Any

import msgpack
import pytest

import protocol
from protocol.e2ee.ratchet.header import split_untrusted
from protocol.e2ee.ratchet.kem_fields import KemFields
from protocol.e2ee.session import decrypt, encrypt, peek_untrusted
from protocol.errors import PeerError
from protocol.secret import Secret
from tests.protocol.e2ee.hybrid_sides import answered, attached, claiming
from tests.protocol.e2ee.parties import NOW_MS, established, party
from tests.support.randomness import SeededBytes

DRAW = SeededBytes("p8")


def _import_all() -> None:
    for module in pkgutil.walk_packages(protocol.__path__, "protocol."):
        importlib.import_module(module.name)


def _subclasses(cls: type[Secret]) -> Iterator[type[Secret]]:
    for each in cls.__subclasses__():
        if each.__module__.startswith("protocol."):
            yield each
        yield from _subclasses(each)


_import_all()
KINDS: list[type[Secret]] = sorted(
    {Secret, *_subclasses(Secret)}, key=lambda kind: str(kind.__name__)
)
NAMES = [kind.__name__ for kind in KINDS]


def _secret(kind: type[Secret]) -> Secret:
    # The last byte is small: a scalar, little-endian, has to be below the group's order.
    return kind(SeededBytes(kind.__name__)((kind.SIZE or 40) - 1) + b"\x01")


def _forms(raw: bytes) -> list[str]:
    """Give the ways in which bytes show up in text; a third of them is enough to be caught."""
    part = raw[: max(8, len(raw) // 3)]
    return [
        repr(part)[2:-1],
        part.hex(),
        part.hex().upper(),
        part.hex(" "),
        base64.b64encode(part).decode().rstrip("=")[:-1],
        str(list(part))[1:-1],
        str(int.from_bytes(raw)),
    ]


def _assert_absent(raw: bytes, text: str) -> None:
    for form in _forms(raw):
        assert form not in text, "a secret was printed"


@dataclass(frozen=True)
class _Holder:
    key: Secret


def _log(secret: Secret) -> str:
    record = logging.LogRecord("x", 10, "f", 1, "%s %r %s", (secret, secret, [secret]), None)
    return record.getMessage()


def _traceback(secret: Secret) -> str:
    held = {"in a container": [secret], "itself": secret}
    try:
        raise ValueError(secret, held)
    except ValueError as error:
        shown = traceback.TracebackException.from_exception(error, capture_locals=True)
        return "".join(shown.format())


PRINTERS: dict[str, Callable[[Secret], str]] = {
    "repr": repr,
    "str": str,
    "ascii": ascii,
    "format": lambda secret: f"{secret} {secret!r} {secret!s:>80}",
    "percent": lambda secret: "%s %r" % (secret, secret),  # noqa: UP031
    "str.format": lambda secret: "{0} {0!r}".format(secret),  # noqa: UP032
    "pprint": lambda secret: pprint.pformat([secret]),
    "containers": lambda secret: str([secret, (secret,), {"key": secret}]),
    "dataclass": lambda secret: repr(_Holder(secret)),
    "asdict": lambda secret: repr((asdict(_Holder(secret)), astuple(_Holder(secret)))),
    "copies": lambda secret: repr((copy.copy(secret), copy.deepcopy([secret]))),
    "log": _log,
    "traceback with locals": _traceback,
    "bad size": lambda secret: _refusal(type(secret)),
}


def _refusal(kind: type[Secret]) -> str:
    """Give what the constructor says about bytes of a wrong size."""
    if kind.SIZE is None:
        return ""
    with pytest.raises(ValueError, match="takes") as caught:
        kind(_secret(kind).expose() + b"\0")
    return str(caught.value)


@pytest.mark.parametrize("printer", PRINTERS)
@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_p8_nothing_prints_a_secret(kind: type[Secret], printer: str) -> None:
    secret = _secret(kind)
    _assert_absent(secret.expose(), PRINTERS[printer](secret))


@pytest.mark.parametrize("kind", KINDS, ids=NAMES)
def test_p8_nothing_serialises_a_secret(kind: type[Secret]) -> None:
    secret = _secret(kind)
    for level in range(pickle.HIGHEST_PROTOCOL + 1):
        with pytest.raises(TypeError):
            pickle.dumps(secret, level)
    for serialise in (msgpack.packb, json.dumps, bytes, iter, hash, vars):
        call: Callable[[Any], Any] = serialise
        with pytest.raises(TypeError):
            call(secret)


def test_p8_the_search_finds_a_secret_that_is_printed() -> None:
    """The positive control: each way of printing is caught when it happens."""
    raw = _secret(Secret).expose()
    for text in (
        repr({"key": raw}),
        f"key {raw.hex()}",
        f"key {raw.hex().upper()}",
        base64.b64encode(raw).decode(),
        str(list(raw)),
        str(int.from_bytes(raw)),
    ):
        with pytest.raises(AssertionError, match="was printed"):
            _assert_absent(raw, text)


def test_p8_all_roles_are_walked() -> None:
    assert {*NAMES} >= {
        "ChainKey", "CurvePrivateKey", "DhSecret", "HandshakeSecret", "KemSecret", "KemSeed",
        "KeyMaterial", "MessageKey", "RootKey", "Secret", "SigningKey",
    }  # fmt: skip


@pytest.fixture
def all_secrets(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Collect every secret that comes to be during a test."""
    seen: list[bytes] = []
    construct = Secret.__init__

    def recording(self: Secret, value: bytes) -> None:
        construct(self, value)
        seen.append(bytes(value))

    monkeypatch.setattr(Secret, "__init__", recording)
    return seen


def test_p8_whole_sessions_and_parties_print_no_secret(all_secrets: list[bytes]) -> None:
    alice, bob = established(DRAW)
    alice, _lost = encrypt(alice, b"", DRAW)
    alice, message = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, message, NOW_MS)
    attaching, _, _ = attached(DRAW)
    text = repr([alice, bob, attaching, party("alice"), party("bob")]) + pprint.pformat(bob)
    assert len(all_secrets) > 20
    for raw in all_secrets:
        _assert_absent(raw, text)


def _shown(error: PeerError) -> str:
    """Give its traceback with all locals, without the test's own frame, which holds everything."""
    frames = error.__traceback__
    assert frames is not None
    inner = error.with_traceback(frames.tb_next)
    shown = traceback.TracebackException.from_exception(inner, capture_locals=True)
    return "".join(shown.format())


@pytest.mark.parametrize("fault", ["forged answer", "answer taken out", "unusable key"])
def test_p8_tracebacks_of_refused_hybrid_steps_show_no_secret(
    all_secrets: list[bytes], fault: str
) -> None:
    alice, bob, answer = answered(DRAW)
    unusable = KemFields(b"\xff" * 1_184, peek_untrusted(answer).kem.ciphertext)
    forged = {
        "forged answer": answer[:58] + bytes(1_088) + answer[58 + 1_088 :],
        "answer taken out": answer[:1] + b"\0" + answer[2:58] + answer[58 + 1_088 :],
        "unusable key": encrypt(claiming(bob, unusable), b"", DRAW)[1],
    }[fault]
    with pytest.raises(PeerError) as caught:
        decrypt(alice, forged, NOW_MS)
    text = _shown(caught.value)
    assert "decrypt" in text
    for raw in all_secrets:
        _assert_absent(raw, text)


@pytest.mark.parametrize("fault", ["tag", "ratchet key", "jump", "low order", "cut", "used"])
def test_p8_tracebacks_of_refused_messages_show_no_secret(
    all_secrets: list[bytes], fault: str
) -> None:
    alice, bob = established(DRAW)
    alice, first = encrypt(alice, b"", DRAW)
    bob, _ = decrypt(bob, first, NOW_MS)
    _, message = encrypt(alice, b"text", DRAW)
    parts = split_untrusted(message)
    forged = {
        "tag": message[:-1] + bytes([message[-1] ^ 1]),
        "ratchet key": replace(parts.header, ratchet_key=b"\x09" * 32).encode() + parts.body,
        "jump": replace(parts.header, index=0xFFFFFFFE).encode() + parts.body,
        "low order": replace(parts.header, ratchet_key=bytes(32)).encode() + parts.body,
        "cut": message[:60],
        "used": first,
    }[fault]
    with pytest.raises(PeerError) as caught:
        decrypt(bob, forged, NOW_MS)
    text = _shown(caught.value)
    assert "decrypt" in text
    for raw in all_secrets:
        _assert_absent(raw, text)
