"""B4: what each party ever received does not suffice to test a password offline.

Structurally: a tester needs the salt, t shares, and something to compare with. And by
trying: a tester who has these succeeds; the same tester, given everything that a weaker
party received and free to take any of it for the missing share, finds nothing.
"""

from collections.abc import Iterable, Iterator, Mapping

import pytest

from protocol.recovery import oprf, shamir
from protocol.recovery.derived import password_secret, unlock_tag
from protocol.recovery.errors import OutOfTurn
from protocol.recovery.group import GENERATOR
from protocol.recovery.oprf import OprfOutput
from protocol.recovery.owner import sign_head
from protocol.recovery.scalar import Blind, KeyShare, OprfKey, scalar_of
from protocol.secret import Secret
from protocol.signing import public_key_of
from tests.protocol.recovery.cast import (
    OWNER,
    SALT,
    Cast,
    all_bytes,
    cast,
    stretched,
)

ONE = Blind(scalar_of(1).expose())
WINDOW = 32


def _lived() -> Cast:
    """Give a password that was set up, guessed wrongly, opened, and whose heads were placed."""
    party = cast("b4")
    party.opens(party.guess("wrong"))
    party.opens(party.guess("right"))
    for index, each in party.vaults.items():
        record_id = party.made.record.part(index).record_id
        each.place_head(sign_head(OWNER, public_key_of(each.key), record_id, 1, b"head"))
    return party


def _windows(data: bytes) -> Iterator[KeyShare]:
    """Give every stretch of bytes that could be a share."""
    for at in range(len(data) - WINDOW + 1):
        try:
            yield KeyShare(data[at : at + WINDOW])
        except ValueError:
            continue


def _output(password: str, shares: Mapping[int, KeyShare]) -> OprfOutput:
    """Compute F as whoever has the shares can."""
    value = stretched(password)
    element = oprf.blind(value, lambda size: ONE.expose().ljust(size, b"\0")).element
    answers = {index: oprf.evaluate(share, element) for index, share in shares.items()}
    return oprf.finalize(value, ONE, shamir.combine(answers))


def _says_yes(party: Cast, output: OprfOutput) -> bool:
    """Compare as the storage can with its slot, or a vault with its tag."""
    tags: list[Secret] = [each.tag for each in party.made.registrations]
    made = [unlock_tag(output, part.record_id, part.vault.key) for part in party.made.record.parts]
    return password_secret(output) == party.made.secret or any(
        one == other for one, other in zip(tags, made, strict=True)
    )


def _shares(party: Cast, indexes: Iterable[int]) -> dict[int, KeyShare]:
    return {index: party.made.registrations[index - 1].share for index in indexes}


def test_b4_the_tester_works_with_t_shares_and_the_storage() -> None:
    """The positive control, and what the design concedes: then a guess costs Argon2id alone."""
    party = _lived()
    assert _says_yes(party, _output("right", _shares(party, (1, 3))))
    assert not _says_yes(party, _output("wrong", _shares(party, (1, 3))))


def test_b4_the_storage_with_one_vault_finds_no_second_share() -> None:
    """All 32-byte stretches of what both received are tried, at both other places."""
    party = _lived()
    mine = _shares(party, (1,))
    received = party.made.record.encode() + b"|" + all_bytes(party.vaults[1].received)
    candidates = [*_windows(received)]
    assert mine[1] in candidates
    assert not any(share in candidates for share in _shares(party, (2, 3)).values())
    for share in candidates[::4]:
        assert not _says_yes(party, _output("right", mine | {2: share}))


def test_b4_the_storage_alone_holds_no_secret() -> None:
    party = _lived()
    stored = party.made.record.encode()
    secrets = [each.share for each in party.made.registrations]
    secrets += [each.tag for each in party.made.registrations]  # type: ignore[misc]
    for secret in (*secrets, party.made.secret):
        assert secret.expose() not in stored


def test_b4_all_vaults_without_the_storage_have_no_salt() -> None:
    """They have every share and every tag, and nothing to put a password in with."""
    party = _lived()
    received = b"".join(all_bytes(each.received) for each in party.vaults.values())
    assert SALT in party.made.record.encode()
    for hidden in (SALT, stretched("right").expose(), party.made.secret.expose()):
        assert hidden not in received
    without_salt = oprf.OprfInput(b"right")
    element = oprf.blind(without_salt, lambda size: ONE.expose().ljust(size, b"\0")).element
    whole = shamir.combine(
        {index: oprf.evaluate(share, element) for index, share in _shares(party, (1, 2)).items()}
    )
    assert not _says_yes(party, oprf.finalize(without_salt, ONE, whole))


def test_b4_what_a_vault_is_asked_is_new_each_time() -> None:
    """The same password twice gives two elements that have nothing to do with each other."""
    party = cast("new")
    for _ in range(3):
        party.opens(party.guess("right"))
    asked = [each.element for each in party.vaults[1].received[1::2]]
    assert len(asked) == len(set(asked)) == 3


def test_b4_a_forged_slot_learns_nothing_from_a_failure() -> None:
    """The storage plants vaults of its own, whose whole key it knows; the slot is not theirs."""
    real, forged = cast("real"), cast("forged", password="a guess of the storage")
    recovery = forged.guess("right")
    assert recovery.secret() not in (real.made.secret, forged.made.secret)
    recovery.slot_refused()
    with pytest.raises(OutOfTurn):
        recovery.slot_opened()
    received = [value for each in forged.vaults.values() for value in each.received[1:]]
    assert {type(value).__name__ for value in received} == {"EvaluationRequest"}
    own = _output("right", _shares(forged, (1, 2)))
    for part in forged.made.record.parts:
        tag = unlock_tag(own, part.record_id, part.vault.key)
        assert tag.expose() not in all_bytes(received)


def test_b4_a_tag_after_a_failure_would_have_told() -> None:
    """Why nothing may be sent: with its own key the storage tests every password by a tag."""
    forged = cast("forged", password="a guess of the storage")
    recovery = forged.guess("right")
    leaked = recovery.slot_opened()[0][1].tag
    part = forged.made.record.part(1)
    for password, expected in (("right", True), ("wrong", False)):
        own = _output(password, _shares(forged, (1, 2)))
        assert (unlock_tag(own, part.record_id, part.vault.key) == leaked) == expected


def test_b4_public_shares_do_not_evaluate() -> None:
    """They are the shares' multiples of the generator, whose logarithms nobody has."""
    party = cast("public")
    keys = [OprfKey(each.share.expose()) for each in party.made.registrations]
    publics = [part.public_share for part in party.made.record.parts]
    assert [oprf.evaluate(key, GENERATOR).encoding for key in keys] == publics
    asked = oprf.blind(stretched("right"), party.draw).element
    assert all(oprf.evaluate(key, asked).encoding not in publics for key in keys)
