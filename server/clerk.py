"""Carries out one connection's requests, all but mail: that goes through the committer.

A clerk knows who is logged in, and holds the connection's nonce, good for one
attempt. It decides by asking :mod:`server.gate` and the store.

Spec: docs/protocol.md#link-states, docs/protocol.md#prekeys
"""

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
    Ping,
    Pong,
    PrekeysStored,
    Refusal,
    Register,
    Request,
    SealingKeyFetched,
    SetToken,
    Subscribe,
    Subscribed,
    TokenSet,
    UploadPrekeys,
    VaultHello,
    Welcome,
    token_hash,
)
from server.answers import refused, refused_for
from server.gate import common_version, login_is_good, registration_is_good
from server.services import Services
from server.store.interface import StoreError, UnknownAccount
from server.store.values import PrekeyUpload, StoredAccount

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
            case Register():
                return await self._register(request)
            case Login():
                return await self._log_in(request)
            case UploadPrekeys():
                return await self._store_prekeys(request)
            case FetchBundle():
                return await self._hand_out_bundle(request)
            case SetToken():
                await self._services.store.set_token(self.address, request.token_hash)
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

    async def _register(self, register: Register) -> Answer:
        if not registration_is_good(register, self._nonce, self._services.login_key):
            return refused(Refusal.BAD_REGISTRATION)
        return await self._admit(await self._services.store.register(register.account))

    async def _log_in(self, login: Login) -> Answer:
        try:
            account = await self._services.store.find_account(_device(login))
        except UnknownAccount:
            return refused(Refusal.BAD_LOGIN)
        if not login_is_good(login, account, self._nonce, self._services.login_key):
            return refused(Refusal.BAD_LOGIN)
        return await self._admit(account)

    async def _admit(self, account: StoredAccount) -> LoggedIn:
        count = await self._services.store.count_one_time_pairs(account.address)
        self._account = account
        return LoggedIn(account.generation, count)

    async def _store_prekeys(self, request: UploadPrekeys) -> PrekeysStored:
        upload = PrekeyUpload(
            request.signed_prekey,
            request.last_resort,
            request.sealing_key,
            request.one_time_pairs,
        )
        return PrekeysStored(await self._services.store.put_prekeys(self.address, upload))

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
