"""Carries out one connection's requests, all but mail: that goes through the committer.

A clerk knows who is logged in, and holds the connection's nonce, good for one
attempt. It decides by asking :mod:`server.gate` and the store.

Spec: docs/protocol.md#link-states, docs/protocol.md#prekeys
"""

from functools import partial

from protocol.ids import DeviceAddress
from protocol.limits import ONE_TIME_PAIRS_LOW
from protocol.records import Sender
from protocol.wire.messages import (
    Answer,
    BundleFetched,
    FetchBundle,
    FetchSealingKey,
    Hello,
    LoggedIn,
    Login,
    LookUp,
    Ping,
    Pong,
    PrekeysStored,
    Refusal,
    Refused,
    Register,
    Replaced,
    ReplaceDevice,
    ReplacementAnnounced,
    ReplacementHeld,
    Request,
    SealingKeyFetched,
    SetToken,
    Subscribe,
    Subscribed,
    TokenSet,
    UploadPrekeys,
    VaultHello,
    Vetoed,
    VetoReplacement,
    Welcome,
    token_hash,
)
from server.answers import refused, refused_for
from server.gate import common_version, login_is_good, registration_is_good
from server.services import Services
from server.store.interface import IdentityReplaced, NameTaken, StoreError, UnknownAccount
from server.store.values import HeldReplacement, PrekeyUpload, StoredAccount
from server.takeover import announcement_of, look_up, replace_device, veto_replacement

NONCE_BYTES = 32


class Clerk:
    """One connection's clerk."""

    __slots__ = ("_account", "_nonce", "_services")

    def __init__(self, services: Services) -> None:
        self._services = services
        self._nonce = services.random_bytes(NONCE_BYTES)
        self._account: StoredAccount | None = None

    @property
    def address(self) -> DeviceAddress:
        """The device that is logged in; the link has made sure that one is."""
        return self._logged_in.address

    @property
    def address_if_known(self) -> DeviceAddress | None:
        """The device that is logged in, if one is."""
        return None if self._account is None else self._account.address

    @property
    def announcement(self) -> ReplacementAnnounced | None:
        """Who wanted the device's place when it logged in."""
        held = self._logged_in.held(self._services.now_ms())
        return None if held is None else announcement_of(held)

    @property
    def sender(self) -> Sender | None:
        """Whom this relay vouches for in what is submitted here: nobody before a login."""
        account = self._account
        if account is None:
            return None
        return Sender(account.address.name, account.address.device, account.identity)

    @property
    def _logged_in(self) -> StoredAccount:
        if self._account is None:
            raise AssertionError("the link lets no such request through before a login")
        return self._account

    async def carry_out(self, request: Request) -> Answer:
        """Do what ``request`` asks, and give the answer to it."""
        try:
            return await self._answer_to(request)
        except StoreError as error:
            return refused_for(error)

    async def _answer_to(self, request: Request) -> Answer:
        match request:
            case Hello() | VaultHello():
                return self._greet(request)
            case Ping():
                return Pong(self._services.now_ms())
            case Register() | Login():
                return await self._log_in(request)
            case LookUp() | ReplaceDevice() | VetoReplacement():
                return await self._take_over(request)
            case UploadPrekeys():
                return await self._store_prekeys(request)
            case FetchBundle():
                return await self._hand_out_bundle(request)
            case SetToken():
                identity = self._logged_in.identity
                await self._services.store.set_token(self.address, request.token_hash, identity)
                return TokenSet()
            case FetchSealingKey():
                await self._require_token(request)
                found = await self._services.store.sealing_key(_device(request))
                return SealingKeyFetched(found.identity, found.sealing_key)
            case Subscribe():
                return Subscribed(await self._services.store.count_waiting(self.address))
            case _:
                raise AssertionError(f"{type(request).__name__} is no request for a clerk")

    def _greet(self, hello: Hello | VaultHello) -> Answer:
        if isinstance(hello, VaultHello):
            return refused(Refusal.WRONG_SERVICE)
        version = common_version(hello)
        if version is None:
            return refused(Refusal.UNSUPPORTED_VERSION)
        services = self._services
        return Welcome(version, services.public_key, self._nonce, services.now_ms())

    async def _log_in(self, claim: Register | Login) -> LoggedIn | Refused:
        """Log in as the claimed account, as it is now and not as it just was."""
        presence = self._services.presence
        while True:
            news_count = presence.news_count
            account = await self._claimed(claim)
            if isinstance(account, Refusal):
                return refused(account)
            count = await self._services.store.count_one_time_pairs(account.address)
            if presence.news_count == news_count:
                self._account = account
                return LoggedIn(account.generation, count)

    async def _claimed(self, claim: Register | Login) -> StoredAccount | Refusal:
        if isinstance(claim, Register):
            return await self._registered(claim)
        return await self._found(claim)

    async def _registered(self, register: Register) -> StoredAccount | Refusal:
        if not registration_is_good(register, self._nonce, self._services.login_key):
            return Refusal.BAD_REGISTRATION
        account, store = register.account, self._services.store
        try:
            return await store.register(account)
        except NameTaken:
            known = await store.find_account(DeviceAddress(account.name, account.device))
            if account.identity in known.former_identities:
                raise IdentityReplaced from None
            raise

    async def _found(self, login: Login) -> StoredAccount | Refusal:
        try:
            account = await self._services.store.find_account(_device(login))
        except UnknownAccount:
            return Refusal.BAD_LOGIN
        is_by = partial(login_is_good, login, nonce=self._nonce, relay_key=self._services.login_key)
        if is_by(account.identity):
            return account
        if any(is_by(former) for former in account.former_identities):
            raise IdentityReplaced
        return Refusal.BAD_LOGIN

    async def _take_over(self, request: LookUp | ReplaceDevice | VetoReplacement) -> Answer:
        match request:
            case LookUp():
                return await look_up(self._services, request)
            case VetoReplacement():
                stays = await veto_replacement(self._services, request, self.address, self._nonce)
                return Vetoed(stays.generation)
        done = await replace_device(self._services, request, self._nonce)
        if isinstance(done, HeldReplacement):
            return ReplacementHeld(done.until_ms)
        self._account = done
        return Replaced(done.generation)

    async def _store_prekeys(self, request: UploadPrekeys) -> PrekeysStored:
        upload = PrekeyUpload(
            request.signed_prekey,
            request.last_resort,
            request.sealing_key,
            request.one_time_pairs,
        )
        store, account = self._services.store, self._logged_in
        return PrekeysStored(await store.put_prekeys(account.address, upload, account.identity))

    async def _require_token(self, request: FetchBundle | FetchSealingKey) -> None:
        """Let nobody without a name fetch keys, unless their owner allows it."""
        if self._account is None:
            # The link lets none through that brings no token; an empty one fits nobody.
            shown = token_hash(request.token or b"")
            await self._services.store.require_token(_device(request), shown)

    async def _hand_out_bundle(self, request: FetchBundle) -> BundleFetched:
        owner = _device(request)
        await self._require_token(request)
        taken = await self._services.store.take_bundle(owner, request.fetch_id)
        if taken.took_pair and taken.one_time_count < ONE_TIME_PAIRS_LOW:
            self._services.subscriptions.prekeys_low(owner, taken.one_time_count)
        return BundleFetched(taken.bundle)


def _device(request: Login | FetchBundle | FetchSealingKey) -> DeviceAddress:
    return DeviceAddress(request.name, request.device)
