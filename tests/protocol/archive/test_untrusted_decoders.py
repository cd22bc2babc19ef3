"""Every decoder of a storage's bytes: whatever it is fed, one family of errors comes out.

The list is checked against the code: a decoder that is not in it fails the test.
"""

import ast
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import protocol.archive
from protocol.archive.account import AccountKeyRecord
from protocol.archive.entry import Entry
from protocol.archive.facts import PackedFact, unpack_fact_untrusted
from protocol.archive.head import open_head_untrusted
from protocol.archive.header import Front, open_header_untrusted
from protocol.archive.keyring import Keyring
from protocol.archive.keys import ObjectKey, head_key
from protocol.archive.layout import ObjectKind
from protocol.archive.manifest import Manifest, open_manifest_untrusted
from protocol.archive.opening import open_bytes_untrusted
from protocol.archive.rows import (
    require_bytes_untrusted,
    unpack_numbers_untrusted,
    unpack_rows_untrusted,
)
from protocol.archive.sealing import seal_bytes
from protocol.archive.segment import decode_segment_untrusted, encode_segment
from protocol.archive.slot import SlotFace
from protocol.archive.state import decode_state_untrusted, encode_state
from protocol.errors import PeerError
from protocol.signing import public_key_of
from tests.protocol.archive.samples import (
    ACCOUNT,
    HEAD,
    KEYRING,
    MANIFEST,
    PLAN,
    ROOT,
    SEGMENT,
    STATE,
    STORED_HEAD,
    STORED_MANIFEST,
    entry,
    flipped,
)
from tests.support.randomness import SeededBytes

KEY = ObjectKey(bytes(32))
OBJECT = seal_bytes(ObjectKind.STATE, KEY, b"content", SeededBytes("decoders"))

Decoder = Callable[[bytes], Any]

DECODERS: dict[str, tuple[Decoder, bytes]] = {
    "account.decode_untrusted": (AccountKeyRecord.decode_untrusted, ACCOUNT.encode()),
    "entry.decode_untrusted": (Entry.decode_untrusted, entry().encode()),
    "facts.unpack_fact_untrusted": (
        lambda data: [unpack_fact_untrusted(PackedFact(0, kind, data)) for kind in range(12)],
        b"\x91\x05",
    ),
    "head.open_head_untrusted": (
        lambda data: open_head_untrusted(data, public_key_of(head_key(ROOT))),
        STORED_HEAD,
    ),
    "header.decode_untrusted": (
        lambda data: Front.decode_untrusted(data, ObjectKind.STATE),
        OBJECT[:56],
    ),
    "header.open_header_untrusted": (
        lambda data: open_header_untrusted(data, ObjectKind.STATE, KEY),
        OBJECT[:96],
    ),
    "keyring.decode_untrusted": (Keyring.decode_untrusted, KEYRING.encode()),
    "manifest.decode_untrusted": (Manifest.decode_untrusted, MANIFEST.encode()),
    "manifest.open_manifest_untrusted": (
        lambda data: open_manifest_untrusted(data, HEAD, ROOT),
        STORED_MANIFEST,
    ),
    "opening.open_bytes_untrusted": (
        lambda data: open_bytes_untrusted(ObjectKind.STATE, KEY, data),
        OBJECT,
    ),
    "rows.require_bytes_untrusted": (lambda data: require_bytes_untrusted(data, 4), b"four"),
    "rows.unpack_numbers_untrusted": (lambda data: unpack_numbers_untrusted(data, 2), bytes(16)),
    "rows.unpack_rows_untrusted": (lambda data: unpack_rows_untrusted([data] * 11, 1), b"1"),
    "segment.decode_segment_untrusted": (decode_segment_untrusted, encode_segment(SEGMENT)),
    "slot.decode_untrusted": (SlotFace.decode_untrusted, PLAN.faces[1].encode()),
    "state.decode_state_untrusted": (decode_state_untrusted, encode_state(STATE)),
}


def test_all_decoders_are_here() -> None:
    root = Path(protocol.archive.__file__).parent
    found = {
        f"{path.stem}.{node.name}"
        for path in root.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef) and node.name.endswith("_untrusted")
        if not node.name.startswith("_")
    }
    assert found == set(DECODERS)


@pytest.mark.parametrize("name", DECODERS)
def test_changed_cut_and_stretched_bytes_raise_nothing_else(name: str) -> None:
    decoder, valid = DECODERS[name]
    for place in range(0, len(valid), 1 + len(valid) // 200):
        for data in (flipped(valid, place), valid[:place], valid + valid[:place]):
            with suppress(PeerError):
                decoder(data)


@given(st.sampled_from(sorted(DECODERS)), st.binary(max_size=300))
def test_arbitrary_bytes_raise_nothing_else(name: str, data: bytes) -> None:
    decoder, valid = DECODERS[name]
    for fed in (data, valid[:9] + data):
        with suppress(PeerError):
            decoder(fed)
