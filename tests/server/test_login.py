"""Who comes in: registration and login, and every way they are refused."""

import random
from dataclasses import replace

import pytest

from protocol.labels import Label
from protocol.records import register_fields
from protocol.signing import sign
from protocol.wire.messages import (
    Accepted,
    Hello,
    LoggedIn,
    Login,
    Ping,
    Pong,
    Refusal,
    Refused,
    Register,
    SetToken,
    Submit,
    Subscribe,
    VaultHello,
    Welcome,
)
from tests.support.relay_rig import RelayRig, relay_rig
from tests.support.wire_client import NO_TLS_KEY, Person, WireClient, submit_to

BAD_LOGIN = Refused(Refusal.BAD_LOGIN, None)
BAD_REGISTRATION = Refused(Refusal.BAD_REGISTRATION, None)
NAME_TAKEN = Refused(Refusal.NAME_TAKEN, None)


async def answer_and_end(client: WireClient, request: Register | Login) -> object:
    """A refused attempt ends the connection."""
    answer = await client.ask(request)
    await client.wait_for_end()
    return answer


async def test_welcome_tells_version_key_and_clock(rng: random.Random) -> None:
    async with relay_rig(rng, public_key=b"k" * 32) as rig:
        welcome = (await rig.greeted()).welcome
        assert (welcome.version, welcome.relay_key) == (1, b"k" * 32)
        assert welcome.clock_ms == rig.clock()


async def test_every_connection_has_its_own_nonce(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        nonces = {(await rig.greeted()).welcome.nonce for _ in range(20)}
        assert len(nonces) == 20


@pytest.mark.parametrize("versions", [(0, 0), (2, 9), (5, 1)])
async def test_no_version_in_common(rng: random.Random, versions: tuple[int, int]) -> None:
    async with relay_rig(rng) as rig:
        client = rig.connect()
        assert await client.ask(Hello(*versions)) == Refused(Refusal.UNSUPPORTED_VERSION, None)
        await client.wait_for_end()


async def test_who_looks_for_a_vault_is_told(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        client = rig.connect()
        answer = await client.ask(VaultHello(1, 1))
        assert answer == Refused(Refusal.WRONG_SERVICE, None)
        await client.wait_for_end()


async def test_a_newer_client_speaks_our_version(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        welcome = await rig.connect().ask_for(Welcome, Hello(1, 9))
        assert welcome.version == 1


async def test_registering_logs_in(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        client, alice = await rig.greeted(), rig.person("alice")
        assert await client.ask(alice.register(client.welcome)) == LoggedIn(1, 0)
        await client.ask_for(Accepted, submit_to(alice, b"sealed", rng))


async def test_registering_again_is_a_login(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        for _ in range(2):
            await rig.enter("alice")


async def test_login_tells_the_pairs_left(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        alice = rig.person("alice")
        await (await rig.enter("alice")).ask(alice.prekeys(1, 7))
        client = await rig.greeted()
        assert await client.ask(alice.login(client.welcome)) == LoggedIn(1, 7)


# --- refused ----------------------------------------------------------------


async def test_a_taken_name(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        impostor = Person.called("alice", rng)
        client = await rig.greeted()
        assert await answer_and_end(client, impostor.register(client.welcome)) == NAME_TAKEN


async def test_another_account_key_is_another_registration(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        other = replace(rig.person("alice"), account_key=Person.called("x", rng).account_key)
        client = await rig.greeted()
        assert await answer_and_end(client, other.register(client.welcome)) == NAME_TAKEN


@pytest.mark.parametrize("which", ["identity_signature", "account_signature"])
async def test_a_registration_needs_both_signatures(rng: random.Random, which: str) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.greeted()
        good = rig.person("alice").register(client.welcome)
        bad = replace(good, **{which: bytes(64)})  # type: ignore[arg-type]
        assert await answer_and_end(client, bad) == BAD_REGISTRATION
        await rig.enter("alice")  # and the name is still free


async def test_signatures_may_not_change_places(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.greeted()
        good = rig.person("alice").register(client.welcome)
        bad = Register(good.account, good.account_signature, good.identity_signature)
        assert await answer_and_end(client, bad) == BAD_REGISTRATION


async def test_the_only_device_is_number_one(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.greeted()
        alice = rig.person("alice")
        account = replace(alice.account, device=2)
        fields = register_fields(account, client.welcome.nonce, NO_TLS_KEY)
        keys = (alice.identity, alice.account_key)
        signatures = [sign(key, Label.REGISTER, *fields) for key in keys]
        assert await answer_and_end(client, Register(account, *signatures)) == BAD_REGISTRATION


async def test_an_unknown_name(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.greeted()
        login = rig.person("nobody").login(client.welcome)
        assert await answer_and_end(client, login) == BAD_LOGIN


async def test_a_wrong_key(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        client = await rig.greeted()
        login = Person.called("alice", rng).login(client.welcome)
        assert await answer_and_end(client, login) == BAD_LOGIN


async def test_a_login_is_for_its_own_name_and_device(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        await rig.enter("bob")
        for change in ({"name": rig.person("bob").name}, {"device": 2}):
            client = await rig.greeted()
            login = replace(rig.person("alice").login(client.welcome), **change)
            assert await answer_and_end(client, login) == BAD_LOGIN


async def test_a_replayed_login_does_not_fit_another_nonce(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        client = await rig.greeted()
        login = rig.person("alice").login(client.welcome)
        assert isinstance(await client.ask(login), LoggedIn)
        other = await rig.greeted()
        assert await answer_and_end(other, login) == BAD_LOGIN


async def test_a_login_passed_on_by_another_relay_does_not_fit(rng: random.Random) -> None:
    """Alice signs over the key of the relay in the middle: that is the relay she saw."""
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        client = await rig.greeted()
        login = rig.person("alice").login(client.welcome, relay_key=b"m" * 32)
        assert await answer_and_end(client, login) == BAD_LOGIN


async def test_a_registration_passed_on_by_another_relay_does_not_fit(
    rng: random.Random,
) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.greeted()
        register = rig.person("alice").register(client.welcome, relay_key=b"m" * 32)
        assert await answer_and_end(client, register) == BAD_REGISTRATION


async def test_a_nonce_serves_one_attempt(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        await rig.enter("alice")
        client = await rig.greeted()
        good = rig.person("alice").login(client.welcome)
        bad = replace(good, signature=bytes(64))
        first, _ = await client.send_anyway([bad, good])
        await client.wait_for_end()
        assert client.answers_so_far() == {first: BAD_LOGIN}


# --- before the login -------------------------------------------------------


async def test_without_a_login_one_may_ping_and_no_more(rng: random.Random) -> None:
    async with relay_rig(rng) as rig:
        client = await rig.greeted()
        assert await client.ask(Ping()) == Pong(rig.clock())
        ids = await client.send_anyway(requests_that_need_a_login(rig))
        assert await client.answers(ids) == [Refused(Refusal.NOT_LOGGED_IN, None)] * len(ids)
        await client.enter_now(rig.person("alice"))


def requests_that_need_a_login(rig: RelayRig) -> list[Submit | SetToken | Subscribe]:
    bob = rig.person("bob")
    submit = submit_to(bob, b"sealed", rig.rng)
    return [submit, SetToken(bytes(32)), Subscribe()]
