"""Carries out what replaces a device: looking it up, taking its place, and the veto.

Spec: docs/protocol.md#replacing-a-device
"""

import trio

from protocol.ids import DeviceAddress
from protocol.wire.messages import (
    Found,
    LookUp,
    ReplaceDevice,
    ReplacementAnnounced,
    VetoReplacement,
)
from server.gate import replacement_is_good, veto_is_good
from server.services import Services
from server.store.interface import BadReplacement
from server.store.values import HeldReplacement, Replacement, StoredAccount, Veto


async def look_up(services: Services, request: LookUp) -> Found:
    """Give what is on record for a device."""
    account = await services.store.find_account(DeviceAddress(request.name, request.device))
    return Found(account.identity, account.account_key, account.generation)


async def replace_device(
    services: Services, request: ReplaceDevice, nonce: bytes
) -> StoredAccount | HeldReplacement:
    """Put another identity in a device's place and tell the former device; or hold that.

    Raises:
        UnknownAccount: there is no such device.
        BadReplacement: the statement is not good, or does not fit the account.
    """
    device, presence = DeviceAddress(request.name, request.device), services.presence
    account = await services.store.find_account(device)
    if not replacement_is_good(request, account, nonce, services.login_key):
        raise BadReplacement
    wanted = Replacement(
        device, account.identity, request.generation, request.new_identity, request.new_account_key
    )
    # Whoever asked may be gone by then; the former device must hear of it all the same.
    with trio.CancelScope(shield=True):
        if presence.was_seen(device):
            await services.store.mark_online([device])
        done = await services.store.replace_device(wanted, services.takeover_hold_ms)
    if isinstance(done, HeldReplacement):
        presence.announce(device, announcement_of(done))
    else:
        presence.replaced(device)
    return done


async def veto_replacement(
    services: Services, request: VetoReplacement, device: DeviceAddress, nonce: bytes
) -> StoredAccount:
    """Cancel the held replacement and let the account have another key.

    Raises:
        BadReplacement: the statement is not good, does not fit the account, or nothing is held.
    """
    account = await services.store.find_account(device)
    if not veto_is_good(request, account, nonce, services.login_key):
        raise BadReplacement
    veto = Veto(device, account.identity, request.generation, request.new_account_key)
    return await services.store.veto_replacement(veto)


def announcement_of(held: HeldReplacement) -> ReplacementAnnounced:
    """Give what the device hears of a held replacement."""
    return ReplacementAnnounced(held.new_identity, held.until_ms)
