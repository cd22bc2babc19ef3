"""A password, asked of real vaults by the reader that knows their pages alone."""

from collections.abc import AsyncIterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from nacl.pwhash import argon2id

from protocol.archive.layout import HEAD_PATH
from protocol.archive.segment import Segment
from protocol.packing import repacked
from protocol.recovery.owner import sign_head
from protocol.signing import public_key_of
from protocol.wire.messages import HeadPlaced, PlaceHead
from scripts.backup_reader import vaults
from scripts.backup_reader.vaults import EVALUATE, Vault
from tests.client.backup.reading.samples import BOB, line
from tests.protocol.recovery.cast import OWNER
from tests.scripts.backup_reader.guarded import Guarded, guarded

Capture = pytest.CaptureFixture[str]


argon2id_once = cache(argon2id.kdf)


@pytest.fixture
async def backup(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Guarded]:
    # The price of a guess is real, and paid once for each password.
    monkeypatch.setattr(vaults, "argon2id", SimpleNamespace(kdf=argon2id_once))
    async with guarded(tmp_path) as made:
        yield made


async def test_p9_the_password_opens_the_backup_and_the_counts_are_reset(
    backup: Guarded, capsys: Capture
) -> None:
    shown = await backup.open(capsys)
    assert [each["position"] for each in shown.of("message")] == [1, 2]
    assert shown.exit_code == 0
    assert await backup.left() == [5, 5, 5]
    assert all(f"vault-{index} at 127.0.0.1:" in shown.said for index in (1, 2, 3))


async def test_b4_a_wrong_password_costs_a_guess_and_nothing_more_is_sent(
    backup: Guarded, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = spy(monkeypatch)
    shown = await backup.open(capsys, "wrong")
    assert (shown.exit_code, shown.lines) == (5, [])
    assert "Guesses left: 6 in all (vault-1 4, vault-2 4, vault-3 5)" in shown.said
    assert asked[-2:] == [("vault-1", EVALUATE), ("vault-2", EVALUATE)]
    assert await backup.left() == [4, 4, 5]
    await backup.open(capsys, "wrong")  # now it asks who has most guesses left
    assert await backup.left() == [3, 4, 4]


async def test_a_vault_that_is_down_is_not_needed(backup: Guarded, capsys: Capture) -> None:
    await backup.take_down(1)
    shown = await backup.open(capsys)
    assert (shown.exit_code, len(shown.of("message"))) == (0, 2)


async def test_with_too_few_vaults_no_guess_is_spent(backup: Guarded, capsys: Capture) -> None:
    await backup.take_down(1)
    await backup.take_down(3)
    shown = await backup.open(capsys)
    assert (shown.exit_code, shown.lines) == (2, [])
    assert "vault-1: Connection refused" in shown.said
    assert "2 of 3 vaults have to answer" in shown.said
    assert await backup.left() == [5, 5, 5]


async def test_a_vault_that_lies_is_replaced_and_named(
    backup: Guarded, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie_of(monkeypatch, "vault-1")
    shown = await backup.open(capsys)
    assert (shown.exit_code, len(shown.of("message"))) == (0, 2)
    assert "vault-1: its answer was not made with its share" in shown.said


async def test_when_too_many_lie_nothing_opens_and_no_tag_is_sent(
    backup: Guarded, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    lie_of(monkeypatch, "vault-1", "vault-2")
    shown = await backup.open(capsys)
    assert (shown.exit_code, shown.lines) == (2, [])
    assert "vault-2: its answer was not made with its share" in shown.said
    assert await backup.left() == [4, 4, 5]


async def test_p7_another_key_at_the_address_is_not_spoken_to(
    backup: Guarded, capsys: Capture, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect = Vault.connect

    def expecting_another(self: Vault) -> None:
        self.key = bytes(32)
        connect(self)

    monkeypatch.setattr(Vault, "connect", expecting_another)
    shown = await backup.open(capsys)
    assert (shown.exit_code, shown.lines) == (2, [])
    assert "another key than the vault's answers there" in shown.said
    assert await backup.left() == [5, 5, 5]


async def test_vaults_know_of_a_newer_backup_than_the_storage(
    backup: Guarded, capsys: Capture
) -> None:
    old = dict(backup.maker.target.objects)
    backup.maker.add_segment(Segment(BOB, (line(3),)))
    newer = backup.maker.finish()
    await place(backup, newer)
    assert [each["position"] for each in (await backup.open(capsys)).of("message")] == [1, 2, 3]
    backup.maker.target.objects[HEAD_PATH] = old[HEAD_PATH]
    shown = await backup.open(capsys)
    assert (shown.exit_code, [each["epoch"] for each in shown.of("backup")]) == (0, [2])
    backup.maker.target.objects = old
    shown = await backup.open(capsys)
    assert (shown.exit_code, [each["epoch"] for each in shown.of("backup")]) == (1, [1])
    assert "The newest backup, of 2025-10-11: its manifest: No such file" in shown.said


def lie_of(monkeypatch: pytest.MonkeyPatch, *liars: str) -> None:
    """Let these vaults give back what they were asked."""
    ask = Vault.ask

    def asking(self: Vault, tag: int, *fields: Any) -> list[Any]:
        answer = ask(self, tag, *fields)
        return [fields[1], *answer[1:]] if tag == EVALUATE and self.name in liars else answer

    monkeypatch.setattr(Vault, "ask", asking)


def spy(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, int]]:
    """Note what is asked of whom."""
    ask, asked = Vault.ask, []

    def asking(self: Vault, tag: int, *fields: Any) -> list[Any]:
        asked.append((self.name, tag))
        return ask(self, tag, *fields)

    monkeypatch.setattr(Vault, "ask", asking)
    return asked


async def place(backup: Guarded, head: bytes) -> None:
    """Place a head at all vaults."""
    for rig in backup.rigs.values():
        key = public_key_of(rig.party.vaults[rig.index].key)
        placed = sign_head(OWNER, key, rig.record_id, 2, head)
        await rig.ask_for(HeadPlaced, repacked(PlaceHead, placed))
