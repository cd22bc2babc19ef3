"""A backup of the product's own making, read by the program that knows its pages alone."""

import json
import random
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from protocol.archive.digits import RecoveryDigits
from protocol.archive.facts import Media, Timer, pack_fact
from protocol.archive.layout import HEAD_PATH, KEYRING_PATH, ObjectKind
from protocol.archive.manifest import Manifest, seal_manifest
from protocol.archive.retention import Retention
from protocol.archive.rows import RowKind
from protocol.archive.segment import Segment
from scripts.backup_reader.archive import Archive
from scripts.backup_reader.keyring import Keyring
from scripts.backup_reader.objects import files_of
from scripts.open_backup import lines
from tests.client.backup.reading.archives import ArchiveMaker
from tests.client.backup.reading.samples import BOB, FILE, START_MS, full_backup, line
from tests.client.backup.writing.rig import Person, read_back
from tests.protocol.archive import samples
from tests.protocol.archive.golden_files import build, load
from tests.scripts.backup_reader.opening import Shown, digits_file, lay_out, line_of, run
from tests.support.histories import Shape

PROGRAM = Path(__file__).parents[2] / "scripts/open_backup.py"
GOLDEN = Path(__file__).parent / "backup_reader/golden/lines.jsonl"
FULL = full_backup()


class Reader:
    """Lays a backup out in a folder, and reads it with its digits."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self.capsys, self.backup = folder, capsys, folder / "backup"

    def read(self, maker: ArchiveMaker, *options: object) -> Shown:
        shutil.rmtree(self.backup, ignore_errors=True)
        lay_out(maker.target.objects, self.backup)
        digits_file(maker.digits, self.folder)
        return self.read_again(*options)

    def read_again(self, *options: object) -> Shown:
        return run(self.capsys, self.backup, "--digits-file", self.folder / "digits", *options)


@pytest.fixture
def reader(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Reader:
    return Reader(tmp_path, capsys)


def test_p9_the_golden_archive_comes_to_the_golden_lines(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    golden = load()
    files = build(bytes.fromhex(golden["files"]["keyring"]), bytes.fromhex(golden["segment"]))
    (tmp_path / "digits").write_text("\n".join(golden["digits"]))
    backup = lay_out(files, tmp_path / "backup")
    shown = run(capsys, backup, "--digits-file", tmp_path / "digits")
    assert shown.lines == [json.loads(text) for text in GOLDEN.read_text().splitlines()]
    assert (shown.exit_code, shown.said, len(shown.lines)) == (0, "", 9)


def test_p9_rows_and_facts_of_every_kind_are_read(tmp_path: Path) -> None:
    maker = ArchiveMaker()
    maker.add_state(samples.STATE)
    maker.add_segment(samples.SEGMENT)
    maker.finish()
    rows, facts = samples.SEGMENT.rows, samples.SEGMENT.facts
    assert _messages(maker.target.objects, maker.root.expose(), tmp_path) == [
        line_of("bob", row, facts) for row in rows
    ]


async def test_p9_a_history_that_was_backed_up_again_and_again_is_read(
    tmp_path: Path, rng: random.Random
) -> None:
    person = Person.make(tmp_path, rng)
    for _ in range(3):
        await person.write_lines(Shape(200, peers=3, oddities=200))
        await person.change(lambda tx: tx.execute("UPDATE history SET state = 3 WHERE row_id = 7"))
        await person.back_up()
    found = read_back(person)
    assert any(len(facts) for facts in found.facts.values())
    expected = [
        line_of(chat, row, found.facts[chat, position])
        for (chat, position), row in found.lines.items()
    ]
    got = _messages(person.target.objects, person.root.expose(), tmp_path / "backup")
    assert len(got) == 600
    assert got == sorted(
        expected, key=lambda each: (each["chat"], each["order_ms"], each["position"])
    )


def _messages(objects: dict[str, bytes], root: bytes, folder: Path) -> list[dict[str, object]]:
    where = lay_out(objects, folder)
    with files_of(where) as open_file:
        archive = Archive(open_file, Keyring(objects[KEYRING_PATH]), root)
        _, entries = archive.newest([])
        found = json.loads(json.dumps(list(lines(archive, entries, None)), default=bytes.hex))
    assert archive.complete
    return [each for each in found if each["type"] == "message"]


def test_state_and_account_are_told_without_a_key(reader: Reader) -> None:
    shown = reader.read(FULL)
    assert [each["contact"] for each in shown.of("contact")] == ["bob", "carol"]
    assert shown.of("contact")[0]["verified"] is True
    assert shown.of("setting") == [{"type": "setting", "key": "padding", "value": b"block".hex()}]
    assert shown.of("account") == [
        {"type": "account", "name": "alice", "device": 1, "generation": 1}
    ]
    assert bytes(range(32)).hex() not in json.dumps(shown.of("account")) + shown.said
    assert shown.of("message")[-1]["sender"] == "alice"


def test_a_tar_is_read_like_a_folder(reader: Reader, tmp_path: Path) -> None:
    expected = reader.read(FULL)
    with tarfile.open(tmp_path / "backup.tar", "w") as tar:
        for path in FULL.target.objects:
            tar.add(tmp_path / "backup" / path, path)
    digits = digits_file(FULL.digits, tmp_path)
    shown = run(reader.capsys, tmp_path / "backup.tar", "--digits-file", digits)
    assert (shown.lines, shown.exit_code) == (expected.lines, 0)


def test_one_chat_since_a_date(reader: Reader) -> None:
    chosen = reader.read(FULL, "--chat", "bob", "--since", "2025-06-15T20:00").of("message")
    everything = reader.read(FULL).of("message")
    since_ms = START_MS + 4 * 3_600_000 + 3_600_000 - (START_MS % 3_600_000)
    assert chosen == [
        each for each in everything if each["chat"] == "bob" and each["sent_ms"] >= since_ms
    ]
    assert 0 < len(chosen) < len(everything)


def test_media_are_put_together(reader: Reader, tmp_path: Path) -> None:
    shown = reader.read(FULL, "--media", tmp_path / "media")
    (name,) = [fact["file"] for each in shown.of("message") for fact in each["facts"]]
    assert Path(name).read_bytes() == FILE
    assert list((tmp_path / "media").iterdir()) == [Path(name)]
    assert name.endswith("-holiday.jpg")


@pytest.mark.parametrize(
    "label", ["../../up", "/etc/passwd", "a\x1b[2J\n", "", "ü" * 99], ids=ascii
)
def test_p6_what_a_sender_calls_a_file_is_no_path(reader: Reader, label: str) -> None:
    maker = ArchiveMaker()
    with_medium(maker, label, sha256(FILE).digest())
    shown = reader.read(maker, "--media", reader.folder / "deep" / "media")
    (file,) = (path for path in (reader.folder / "deep").rglob("*") if path.is_file())
    assert file.parent == reader.folder / "deep" / "media"
    assert file.read_bytes() == FILE
    assert (shown.exit_code, "\x1b" in file.name) == (0, False)


def test_b2_a_medium_that_is_another_than_was_sent_is_not_kept(reader: Reader) -> None:
    maker = ArchiveMaker()
    with_medium(maker, "holiday.jpg", bytes(32))
    shown = reader.read(maker, "--media", reader.folder / "media")
    assert shown.exit_code == 1
    assert "it is not what was sent" in shown.said
    assert list((reader.folder / "media").iterdir()) == []


def with_medium(maker: ArchiveMaker, label: str, content_hash: bytes) -> None:
    """Make a backup of one message that has a file."""
    name = maker.add(ObjectKind.MEDIA, FILE, "bob").name
    fact = pack_fact(1, Media(label, len(FILE), content_hash, (name,)))
    maker.add_segment(Segment(BOB, (line(1, kind=RowKind.MEDIA),), (fact,)))
    maker.finish()


def test_a_message_dies_with_its_timer(reader: Reader) -> None:
    maker = ArchiveMaker()
    facts = (pack_fact(1, Timer(START_MS)), pack_fact(2, Timer(1 << 62)))
    maker.add_segment(Segment(BOB, (line(1), line(2), line(3)), facts))
    maker.finish()
    assert [each["position"] for each in reader.read(maker).of("message")] == [2, 3]


def test_the_later_version_of_a_line_counts_with_its_facts(reader: Reader) -> None:
    maker = ArchiveMaker()
    maker.add_segment(Segment(BOB, (line(1, "old"), line(2)), (pack_fact(1, Timer(1)),)))
    maker.add_segment(Segment(BOB, (line(1, "new"),)))
    maker.finish()
    assert [each["text"] for each in reader.read(maker).of("message")] == ["new", "hello"]


def test_what_waits_for_its_deletion_is_passed_over(reader: Reader) -> None:
    maker = ArchiveMaker()
    maker.add_segment(Segment(BOB, (line(1, "still needed"),)))
    gone = maker.add_segment(Segment(BOB, (line(2, "not any more"),)))
    maker.entries[-1] = replace(gone, unneeded_since=1)
    del maker.target.objects[gone.path]
    maker.finish()
    shown = reader.read(maker)
    assert [each["text"] for each in shown.of("message")] == ["still needed"]
    assert (shown.exit_code, shown.said) == (0, "")


def test_of_two_heads_the_one_of_this_keyring_is_read(reader: Reader) -> None:
    maker, other = full_backup(), full_backup("another root")
    expected = reader.read(maker).lines
    maker.target.objects[HEAD_PATH] = other.stored_head + maker.stored_head
    assert reader.read(maker).lines == expected


CHANGES: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: samples.flipped(data, 0),
    lambda data: samples.flipped(data, 100),
    lambda data: samples.flipped(data, len(data) - 1),
    lambda data: data[:-1],
    lambda data: data[:50],
    lambda data: data + b"\0",
)


@pytest.mark.parametrize("path", FULL.target.objects)
def test_b2_a_changed_file_is_named_and_the_rest_is_read(reader: Reader, path: str) -> None:
    everything = len(reader.read(FULL).lines)
    folder = path.split("/")[0]
    is_needed_by_all = folder in ("keyring", "head", "manifest")
    for change in CHANGES:
        (reader.backup / path).write_bytes(change(FULL.target.objects[path]))
        shown = reader.read_again("--media", reader.folder / "media")
        assert shown.exit_code == 1
        assert f"{folder if is_needed_by_all else path}" in shown.said
        assert "damaged" in shown.said
        assert (0 if is_needed_by_all else everything - 5) <= len(shown.lines) <= everything


def test_b2_a_missing_object_is_named_and_the_rest_is_read(reader: Reader) -> None:
    maker = full_backup()
    lost = next(each for each in maker.entries if each.kind == ObjectKind.SEGMENT)
    del maker.target.objects[lost.path]
    shown = reader.read(maker)
    assert f"{lost.path} (with bob, 2025-06-15 to 2025-06-15): No such file" in shown.said
    assert shown.exit_code == 1
    assert {each["chat"] for each in shown.of("message")} == {"bob", "carol"}


def test_b2_a_manifest_that_is_another_than_was_signed_is_noticed(reader: Reader) -> None:
    maker = full_backup()
    (path,) = (path for path in maker.target.objects if path.startswith("manifest/"))
    content = Manifest(maker.archive_id, 1, maker.made_at_ms, Retention(), ())
    maker.target.objects[path] = seal_manifest(content, maker.root, maker.draw)
    shown = reader.read(maker)
    assert (shown.exit_code, shown.lines) == (1, [])
    assert "it is not the one that was signed" in shown.said


def test_b2_a_keyring_that_was_set_back_is_noticed(reader: Reader) -> None:
    maker = full_backup()
    other = full_backup("another archive")
    maker.target.objects[HEAD_PATH] = other.stored_head
    shown = reader.read(maker)
    assert (shown.exit_code, shown.lines) == (1, [])
    assert "head is damaged" in shown.said


def test_a_row_of_digits_that_is_mistyped_is_named(reader: Reader, tmp_path: Path) -> None:
    reader.read(FULL)
    rows = list(FULL.digits.rows())
    rows[4] = rows[4][1] + rows[4][0] + rows[4][2:]
    if rows[4][0] == rows[4][1]:
        rows[4] = str((int(rows[4][0]) + 1) % 10) + rows[4][1:]
    (tmp_path / "typed").write_text(" ".join(rows))
    shown = run(reader.capsys, tmp_path / "backup", "--digits-file", tmp_path / "typed")
    assert (shown.exit_code, shown.lines) == (5, [])
    assert "Row 5 of the digits is mistyped" in shown.said


@pytest.mark.parametrize("typed", ["", "12345678", "x" * 64, "٣" * 64, "0" * 65])
def test_what_are_no_digits_is_said_to_be_none(reader: Reader, tmp_path: Path, typed: str) -> None:
    reader.read(FULL)
    (tmp_path / "typed").write_text(typed)
    shown = run(reader.capsys, tmp_path / "backup", "--digits-file", tmp_path / "typed")
    assert shown.exit_code == 5
    assert "8 rows of 8 digits" in shown.said


def test_digits_of_another_backup_open_nothing(reader: Reader, tmp_path: Path) -> None:
    maker = full_backup()
    maker.digits = RecoveryDigits.generate(random.Random(2).randbytes)
    shown = reader.read(maker)
    assert (shown.exit_code, shown.lines) == (5, [])
    assert "another backup" in shown.said


@pytest.mark.parametrize("missing", ["keyring", "head"])
def test_an_archive_without_its_beginning(reader: Reader, missing: str) -> None:
    maker = full_backup()
    del maker.target.objects[missing]
    shown = reader.read(maker)
    assert shown.exit_code == 1
    assert f"{missing}: No such file" in shown.said


@pytest.mark.parametrize("content", [None, b"", b"no tar" * 100])
def test_what_is_no_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "backup").write_bytes(content)
    shown = run(capsys, tmp_path / "backup", "--digits-file", digits_file(FULL.digits, tmp_path))
    assert shown.exit_code == 1
    assert str(tmp_path / "backup") in shown.said


def test_without_a_password_slot_the_digits_are_pointed_to(reader: Reader, tmp_path: Path) -> None:
    reader.read(FULL)
    shown = run(reader.capsys, tmp_path / "backup", "--password-file", tmp_path / "digits")
    assert shown.exit_code == 5
    assert "open it with its digits" in shown.said


@pytest.mark.slow
def test_it_runs_anywhere_and_ends_quietly_with_its_reader(reader: Reader, tmp_path: Path) -> None:
    reader.read(FULL)
    program = f"'{sys.executable}' -P '{PROGRAM}' backup --digits-file -"
    bash = ["bash", "-c", f"set -o pipefail; {program} < digits | head -c 1; {program} < digits"]
    ended = subprocess.run(bash, cwd=tmp_path, env={}, capture_output=True, text=True, check=True)
    assert ended.stderr == ""
    assert json.loads(ended.stdout.splitlines()[0][1:])["type"] == "backup"
