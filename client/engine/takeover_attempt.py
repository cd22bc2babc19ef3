"""One attempt to carry a takeover out, on one connection, with the profile that waits.

    the relay shows ─┬─ our identity ──▶ it was carried out, and an answer lost: log in, move in
                     ├─ a key of the credential ──▶ ReplaceDevice ─┬─ Replaced ──▶ move in
                     │                                             ├─ ReplacementHeld ──▶ wait
                     │      another connection, another LookUp ◀───└─ BAD_REPLACEMENT
                     ├─ what was refused already ──▶ another is held: wait for our turn, or hopeless
                     └─ another key ──▶ hopeless

Whether a hopeless profile goes is for the caller to decide.

Spec: docs/client.md#replacing-the-device, docs/protocol.md#replacing-a-device
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

from client.engine.moving_in import move_in
from client.engine.own_device import own_credential
from client.engine.shared import Shared
from client.engine.takeover_failures import already_here, another_is_held, not_its_key, superseded
from client.errors import UserError
from client.network.address import RelayAddress
from client.network.connection import RelayConnection
from client.network.refusals import RelayRefusal
from client.network.statements import NewKeys, login_statement, replace_statement
from client.profile.account_file import Credential
from client.store import account, takeover
from client.store.account import OwnAccount
from client.store.takeover import Takeover
from protocol.ids import Name
from protocol.signing import public_key_of
from protocol.wire.messages import Found, LoggedIn, Refusal, ReplacementHeld

Keep = Callable[[Credential], Awaitable[None]]
"""Writes the credential anew where it came from, durably; raises UserError if it cannot."""


@dataclass(frozen=True, slots=True)
class TakenOver:
    """The name is this profile's.

    Args:
        identity: of this device, 32 bytes.
        unkept: why the credential was not written anew at the end; it is good all the same, and
            holds the old key beside the new one. None if it was.
    """

    at: RelayAddress
    identity: bytes
    unkept: UserError | None


@dataclass(frozen=True, slots=True)
class HeldBack:
    """The old device was online lately, and may object until then (relay time)."""

    identity: bytes
    until_ms: int


@dataclass(frozen=True, slots=True)
class Hopeless:
    """This profile can never have the name."""

    reason: UserError


@dataclass(frozen=True, slots=True)
class DoesNotFit:
    """The relay refused what was signed for this state of the account; it may have another now."""

    found: Found


NotYet = Hopeless | DoesNotFit


@dataclass(frozen=True, slots=True)
class Attempt:
    """What one connection tries.

    Args:
        found: what the relay has on record.
        refused: what it had when it refused the statement of an earlier connection.
    """

    connection: RelayConnection
    found: Found
    credential: Credential
    keep: Keep
    refused: Found | None = None

    @property
    def good(self) -> Credential:
        """The credential, with the key that is on record.

        Raises:
            RefusedByRelay: it has none.
        """
        good = self.credential.at(self.found.account_key, self.found.generation)
        if good is None:
            raise not_its_key(self.credential, self.found.generation)
        return good


async def carry_out(shared: Shared, attempt: Attempt) -> TakenOver | HeldBack | NotYet:
    """Let the relay carry the takeover out, or find that it has, or that it never will.

    Raises:
        RefusedByRelay: another takeover is held, and this one may have its turn.
        LocalError: the profile does not wait.
    """
    own, begun = await shared.read(lambda tx: (account.get(tx), takeover.begun(tx)))
    if attempt.found.identity == own.device.identity.public:
        if begun is None and not _may_be_unfinished(own, attempt.credential):
            raise already_here(own.name)
        await _log_in(attempt.connection, own)  # an answer was lost, or what comes after it
        return await _settle(shared, attempt)
    if begun is None:
        begun = await _begin_again(shared, attempt, own)
    if attempt.found == attempt.refused:
        return _held_by_another(own.name, begun)
    return await _ask(shared, attempt, own, begun)


def _may_be_unfinished(own: OwnAccount, credential: Credential) -> bool:
    """Tell whether a takeover by the profile may have ended before the credential was written.

    With one key, that was written at the end, or before any takeover. With two, it may also have
    been saved here, while a veto is unanswered: its second key is the one that will be on record.
    """
    return credential.next_key is not None and own.next_account_key is None


async def _begin_again(shared: Shared, attempt: Attempt, own: OwnAccount) -> Takeover:
    """Let a profile that had the name wait for it, where the relay has forgotten that.

    It has if our former key is on record: its disk was put back to a copy from before ours.

    Raises:
        LocalError: it has not.
    """
    former, identity = own.former_account_key, attempt.found.identity
    if former is None or public_key_of(former) != attempt.found.account_key:
        raise already_here(own.name)
    await shared.write(lambda tx: takeover.begin(tx, identity))
    return Takeover(identity, None)


def _held_by_another(name: Name, begun: Takeover) -> Hopeless:
    reason = another_is_held(name)
    if begun.until_ms is not None:
        raise reason
    return Hopeless(reason)


async def _ask(
    shared: Shared, attempt: Attempt, own: OwnAccount, begun: Takeover
) -> TakenOver | HeldBack | NotYet:
    good = attempt.credential.at(attempt.found.account_key, attempt.found.generation)
    if good is None or good.key == own.account_key:
        vetoed = attempt.found.identity == begun.replaced_identity
        return Hopeless(superseded(own.name, vetoed=vetoed, stays=own.registered))
    good = replace(good, next_key=own.account_key)
    if good != attempt.credential:
        await attempt.keep(good)
    # Before the relay may know the new one: whatever comes, the profile has both.
    now_ms = attempt.connection.relay_clock_ms
    await shared.write(lambda tx: account.keep_former_key(tx, good.key, now_ms))
    try:
        return await _replace(shared, replace(attempt, credential=good), own)
    except RelayRefusal as refusal:
        if refusal.code != Refusal.BAD_REPLACEMENT:
            raise
        return DoesNotFit(attempt.found)


async def _replace(shared: Shared, attempt: Attempt, own: OwnAccount) -> TakenOver | HeldBack:
    connection, keys = attempt.connection, NewKeys(own.device.identity.private, own.account_key)
    statement = replace_statement(
        own.device.address, attempt.found, attempt.credential.key, keys, connection.challenge
    )
    answer = await connection.ask(statement)
    if isinstance(answer, ReplacementHeld):
        await shared.write(lambda tx: takeover.hold(tx, answer.until_ms))
        return HeldBack(own.device.identity.public, answer.until_ms)
    return await _settle(shared, attempt)


async def _settle(shared: Shared, attempt: Attempt) -> TakenOver:
    """Move in, and make the credential that of the profile: the old key is its former one."""
    await move_in(shared, attempt.connection, attempt.credential.relay)
    own, mine = await shared.read(lambda tx: (account.get(tx), own_credential(tx)))
    unkept = None
    try:
        await attempt.keep(mine)
    except UserError as error:
        unkept = error
    return TakenOver(attempt.credential.relay, own.device.identity.public, unkept)


async def _log_in(connection: RelayConnection, own: OwnAccount) -> None:
    device = own.device
    statement = login_statement(device.address, device.identity.private, connection.challenge)
    await connection.request(statement, LoggedIn)
