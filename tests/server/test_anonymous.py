"""Connections where nobody logs in: mail and keys for whoever shows the delivery token."""

import random

import pytest

from protocol.ids import FetchId
from protocol.limits import ONE_TIME_PAIRS_COUNT
from protocol.wire.messages import (
    Accepted,
    BundleFetched,
    FetchBundle,
    FetchSealingKey,
    Ping,
    Pong,
    Refusal,
    Refused,
    Request,
    SealingKeyFetched,
    SetToken,
    Submit,
    Subscribe,
    TokenSet,
    token_hash,
)
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.wire_client import WireClient

TOKEN, OTHER = b"t" * 16, b"o" * 16
BAD_TOKEN = Refused(Refusal.BAD_TOKEN, None)
NOT_LOGGED_IN = Refused(Refusal.NOT_LOGGED_IN, None)


async def bob_with_token(rig: RelayRig, token: bytes = TOKEN) -> WireClient:
    bob = await rig.enter("bob")
    assert await bob.ask(SetToken(token_hash(token))) == TokenSet()
    return bob


def with_token(rig: RelayRig, token: bytes | None, name: str = "bob") -> list[Request]:
    """All that a token is good for."""
    to = rig.person(name).name
    return [
        Submit(to, 1, rig.rng.randbytes(16), token, b"sealed"),  # type: ignore[arg-type]
        FetchBundle(to, 1, FetchId(rig.rng.randbytes(16)), token),
        FetchSealingKey(to, 1, token),
    ]


async def test_with_the_token_everything_is_served_and_nobody_is_vouched_for(
    rng: random.Random,
) -> None:
    async with relay_rig(rng) as rig:
        bob = await bob_with_token(rig)
        await bob.ask(rig.person("bob").prekeys(1, ONE_TIME_PAIRS_COUNT))
        await bob.ask(Subscribe())
        nobody = await rig.greeted()
        answers = await nobody.ask_all(with_token(rig, TOKEN))
        assert [type(each) for each in answers] == [Accepted, BundleFetched, SealingKeyFetched]
        mail = await bob.next_mail()
        assert (mail.vouched, mail.envelope) == (None, b"sealed")


async def test_a_wrong_token_is_refused_and_the_connection_goes_on(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await bob_with_token(rig)
        await bob.ask(rig.person("bob").prekeys(1, 2))
        nobody = await rig.greeted()
        assert await nobody.ask_all(with_token(rig, OTHER)) == [BAD_TOKEN] * 3
        assert isinstance(await nobody.ask(Ping()), Pong)
        assert await rig.store.count_waiting(rig.person("bob").address) == 0


async def test_without_a_token_a_login_is_wanted(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await bob_with_token(rig)
        nobody = await rig.greeted()
        ids = await nobody.send_anyway(with_token(rig, None))
        assert await nobody.answers(ids) == [NOT_LOGGED_IN] * 3


@pytest.mark.parametrize("name", ["nobody", "alice"])
async def test_nobody_learns_here_who_has_an_account_or_a_token(
    rng: random.Random, name: str
) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        nobody = await rig.greeted()
        assert await nobody.ask_all(with_token(rig, TOKEN, name)) == [BAD_TOKEN] * 3


async def test_a_new_token_ends_the_former_one_at_once(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        bob = await bob_with_token(rig)
        nobody = await rig.greeted()
        assert isinstance(await nobody.ask(with_token(rig, TOKEN)[0]), Accepted)
        await bob.ask(SetToken(token_hash(OTHER)))
        assert await nobody.ask(with_token(rig, TOKEN)[0]) == BAD_TOKEN
        assert isinstance(await nobody.ask(with_token(rig, OTHER)[0]), Accepted)


@pytest.mark.parametrize("token", [TOKEN, OTHER, None])
async def test_on_a_logged_in_connection_a_token_changes_nothing(
    rng: random.Random, token: bytes | None
) -> None:
    async with relay_rig(rng) as rig:
        bob, alice = await bob_with_token(rig), await rig.enter("alice")
        await bob.ask(Subscribe())
        assert isinstance(await alice.ask(with_token(rig, token)[0]), Accepted)
        mail = await bob.next_mail()
        assert mail.vouched is not None
        assert mail.vouched.name == "alice"


async def test_setting_a_token_needs_a_login(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        nobody = await rig.greeted()
        ids = await nobody.send_anyway([SetToken(bytes(32)), rig.person("bob").prekeys(1, 1)])
        assert await nobody.answers(ids) == [NOT_LOGGED_IN] * 2


async def test_the_log_names_no_sender_of_anonymous_mail(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await bob_with_token(rig)
        nobody = await rig.greeted()
        before = len(rig.lines)
        await nobody.ask_all(with_token(rig, TOKEN)[:1] + with_token(rig, OTHER)[:1])
        await rig.settle()
        told = "".join(rig.lines[before:])
        assert "committed" in told
        assert "refused" in told
        assert "bob" not in told
        assert TOKEN.hex() not in told
