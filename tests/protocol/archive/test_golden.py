"""The golden archive: built anew it is the same, and two readers read the same from it."""

from pathlib import Path
from typing import Any

import pytest

from protocol.archive.digits import parse_digits
from protocol.archive.keyring import Keyring, open_keyring
from protocol.archive.layout import SlotKind
from protocol.archive.rows import MessageRow
from protocol.archive.segment import decode_segment_untrusted
from protocol.archive.state import encode_state
from tests.protocol.archive import second_reader
from tests.protocol.archive.golden_files import MEDIUM, build, golden_of, load
from tests.protocol.archive.samples import ACCOUNT, ROOT, SEGMENT, STATE

GOLDEN = load()
FILES = build(bytes.fromhex(GOLDEN["files"]["keyring"]), bytes.fromhex(GOLDEN["segment"]))
SECRETS = {
    SlotKind.DIGITS: second_reader.slot_secret(GOLDEN["digits"]),
    SlotKind.PASSWORD: bytes.fromhex(GOLDEN["password_slot_secret"]),
}


def test_the_archive_is_built_byte_for_byte() -> None:
    assert golden_of(FILES, GOLDEN["segment"]) == GOLDEN
    assert len(FILES) == 7


def test_the_golden_keyring_opens() -> None:
    digits = parse_digits("\n".join(GOLDEN["digits"]))
    keyring = Keyring.decode_untrusted(FILES["keyring"])
    assert open_keyring(keyring, SlotKind.DIGITS, digits.slot_secret()) == ROOT


def test_the_golden_segment_is_read() -> None:
    assert decode_segment_untrusted(bytes.fromhex(GOLDEN["segment"])) == SEGMENT


@pytest.mark.parametrize("kind", SECRETS)
def test_p9_a_reader_written_from_the_page_reads_the_same(kind: SlotKind) -> None:
    found = second_reader.read_backup(FILES, kind, SECRETS[kind])
    assert found["media"] == [MEDIUM]
    assert found["state"] == [encode_state(STATE)]
    assert found["account"] == [ACCOUNT.encode()]
    assert found["segment"] == [_expected(row) for row in SEGMENT.rows]


def _expected(row: MessageRow) -> dict[str, Any]:
    names = (
        "position", "kind", "state", "flags", "id", "series", "counter", "order", "sent",
        "arrival", "text",
    )  # fmt: skip
    about = [fact for fact in SEGMENT.facts if fact.position == row.position]
    return {
        **dict(zip(names, row._replace(message_id=row.message_id.hex()), strict=True)),  # type: ignore[arg-type]
        "conversation": "bob",
        "facts": [(fact.kind, fact.body.hex()) for fact in about],
    }


def test_p9_the_second_reader_notices_a_changed_byte_in_any_file() -> None:
    for path, stored in FILES.items():
        changed = stored[:-1] + bytes([stored[-1] ^ 1])
        with pytest.raises(Exception):  # noqa: B017, PT011
            second_reader.read_backup({**FILES, path: changed}, 1, SECRETS[SlotKind.DIGITS])


def test_the_second_reader_takes_nothing_of_ours() -> None:
    lines = Path(second_reader.__file__).read_text().splitlines()
    imports = [line.split()[1] for line in lines if line.startswith(("from ", "import "))]
    assert "hashlib" in imports
    assert not [name for name in imports if name.split(".")[0] in ("protocol", "client", "tests")]
