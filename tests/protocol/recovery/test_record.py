"""The password's record: one encoding, and every forgery of the storage that can be seen."""

import random
from contextlib import suppress
from dataclasses import replace

import pytest

from protocol.ids import Name
from protocol.limits import MAX_PASSWORD_RECORD_BYTES, MAX_VAULT_ADDRESS_BYTES
from protocol.packing import pack
from protocol.recovery import shamir
from protocol.recovery.errors import RecordRefused
from protocol.recovery.record import PasswordRecord, Vault, VaultPart
from protocol.recovery.scalar import OprfKey, random_scalar
from protocol.recovery.stretching import Stretching
from tests.protocol.recovery.cast import SALT, cast
from tests.support.randomness import SeededBytes

RECORD = cast("record").made.record
FIRST, SECOND, THIRD = RECORD.parts
MIB = 1 << 20


def _with(first: VaultPart) -> PasswordRecord:
    return replace(RECORD, parts=(first, SECOND, THIRD))


def _named(**changes: object) -> PasswordRecord:
    return _with(replace(FIRST, vault=replace(FIRST.vault, **changes)))  # type: ignore[arg-type]


def _costing(memory_bytes: int, passes: int) -> PasswordRecord:
    return replace(RECORD, stretching=Stretching(SALT, memory_bytes, passes))


FORGED = {
    "cheap memory": _costing(64 * MIB - 1, 3),
    "cheap passes": _costing(64 * MIB, 2),
    "dear memory": _costing(1_024 * MIB + 1, 3),
    "dear passes": _costing(64 * MIB, 11),
    "many guesses": replace(RECORD, limit=6),
    "no guess": replace(RECORD, limit=0),
    "no threshold": replace(RECORD, threshold=0),
    "threshold over": replace(RECORD, threshold=4),
    "one name": _named(name=SECOND.vault.name),
    "one key": _named(key=SECOND.vault.key),
    "one host": _named(address=SECOND.vault.host.upper() + ":1"),
    "no host": _named(address="7700"),
    "one record id": _with(replace(FIRST, record_id=SECOND.record_id)),
    "stray share": _with(replace(FIRST, public_share=SECOND.public_share)),
    "identity": _with(replace(FIRST, public_share=bytes(32))),
}


def test_a_record_reads_back() -> None:
    assert PasswordRecord.decode_untrusted(RECORD.encode()) == RECORD


@pytest.mark.parametrize("costs", [(64 * MIB, 3), (1_024 * MIB, 10)])
def test_costs_at_both_ends_are_accepted(costs: tuple[int, int]) -> None:
    record = _costing(*costs)
    assert PasswordRecord.decode_untrusted(record.encode()) == record


@pytest.mark.parametrize("fault", FORGED)
def test_a_forged_record_is_refused(fault: str) -> None:
    with pytest.raises(RecordRefused):
        PasswordRecord.decode_untrusted(FORGED[fault].encode())


def _at(*addresses: str) -> PasswordRecord:
    vaults = [
        replace(part, vault=replace(part.vault, address=address))
        for part, address in zip(RECORD.parts, addresses, strict=True)
    ]
    return replace(RECORD, parts=tuple(vaults))


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "LocalHost", "127.1.2.3"])
def test_vaults_to_try_out_may_share_this_machine(host: str) -> None:
    record = _at(f"{host}:1", f"{host}:2", f"{host}:3")
    assert PasswordRecord.decode_untrusted(record.encode()) == record
    with pytest.raises(RecordRefused):
        PasswordRecord.decode_untrusted(_at(f"{host}:1", f"{host}:2", f"{host}:1").encode())


@pytest.mark.parametrize("host", ["10.0.0.1", "[2001:db8::1]", "localhost.example", "128.0.0.1"])
def test_vaults_on_one_real_machine_are_refused(host: str) -> None:
    with pytest.raises(RecordRefused, match="one operator"):
        PasswordRecord.decode_untrusted(_at(f"{host}:1", f"{host}:2", "other.example:1").encode())


def test_the_longest_record_fits() -> None:
    draw = SeededBytes("longest")
    shares = shamir.split(OprfKey(random_scalar(draw)), 3, 5, draw)
    parts = tuple(
        VaultPart(
            Vault(
                Name(f"{at:0>32}"),
                f"{at}".rjust(MAX_VAULT_ADDRESS_BYTES - 5, "v") + ":7700",
                draw(32),
            ),
            draw(16),
            public.encoding,
        )
        for at, public in enumerate(shamir.public_shares(shares))
    )
    record = PasswordRecord(Stretching(SALT, 1_024 * MIB, 10), 3, 3, parts)
    assert len(record.encode()) <= MAX_PASSWORD_RECORD_BYTES
    assert PasswordRecord.decode_untrusted(record.encode()) == record


def test_another_version_asks_for_an_update() -> None:
    with pytest.raises(RecordRefused, match="update"):
        PasswordRecord.decode_untrusted(b"\x02" + pack(RECORD))


def test_hostile_bytes_raise_nothing_else(rng: random.Random) -> None:
    data = RECORD.encode()
    for size in range(0, len(data), 11):
        with pytest.raises(RecordRefused):
            PasswordRecord.decode_untrusted(data[:size])
    for _ in range(60):
        changed = bytearray(data)
        changed[rng.randrange(len(data))] ^= rng.randrange(1, 256)
        with suppress(RecordRefused):
            PasswordRecord.decode_untrusted(bytes(changed))
