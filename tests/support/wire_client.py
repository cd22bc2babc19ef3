"""A small client for tests: a ClientLink over any trio stream, and a person with keys.

    client = WireClient(stream)
    await client.greet()
    answer = await client.ask(person.login(client.welcome))
    deliver = await client.next_push()

There is no task behind it: whoever waits for an answer reads the stream, and
pushes that come before it are kept. So a test is a script, and deterministic.
"""

import random
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import trio

from protocol.ids import DeviceAddress, EnvelopeId, Name
from protocol.labels import Label
from protocol.records import (
    KEM_PUBLIC_BYTES,
    SEALING_PUBLIC_BYTES,
    Account,
    OneTimePair,
    SignedKemPrekey,
    SignedPrekey,
    SignedSealingKey,
    login_fields,
    register_fields,
)
from protocol.signing import SigningKey, public_key_of, sign
from protocol.wire.client_link import Answered, ClientLink, Event, Pushed
from protocol.wire.codec import encode
from protocol.wire.framing import frame
from protocol.wire.messages import (
    PROTOCOL_VERSION,
    Answer,
    Deliver,
    Hello,
    LoggedIn,
    Login,
    Message,
    Push,
    Register,
    Request,
    Submit,
    UploadPrekeys,
    Welcome,
)

T = TypeVar("T")

NO_TLS_KEY = bytes(32)
READ_BYTES = 65_536


class StreamEnded(Exception):
    """The relay closed the connection where an answer or push was awaited."""


class WireClient:
    """One connection to a relay.

    Attributes:
        stream: the stream; a test may break it on purpose.
        link: the machine inside.
        answered: the ids of all answers so far, in the order they came.
    """

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream
        self.link = ClientLink()
        self.answered: list[int] = []
        self._answers: dict[int, Answer] = {}
        self._pushes: deque[Push] = deque()
        self._welcome: Welcome | None = None

    @property
    def welcome(self) -> Welcome:
        """What the relay said to Hello."""
        assert self._welcome is not None, "greet first"
        return self._welcome

    async def greet(self) -> Welcome:
        """Say Hello."""
        answer = await self.ask(Hello(PROTOCOL_VERSION, PROTOCOL_VERSION))
        assert isinstance(answer, Welcome), answer
        self._welcome = answer
        return answer

    async def enter(self, person: "Person", relay_key: bytes = NO_TLS_KEY) -> LoggedIn:
        """Say Hello and register (which logs in, if the account exists already)."""
        await self.greet()
        return await self.enter_now(person, relay_key)

    async def enter_now(self, person: "Person", relay_key: bytes = NO_TLS_KEY) -> LoggedIn:
        """Register (which logs in) on a connection that has said Hello."""
        return await self.ask_for(LoggedIn, person.register(self.welcome, relay_key))

    async def ask(self, request: Request) -> Answer:
        """Send one request and wait for its answer."""
        return (await self.ask_all([request]))[0]

    async def ask_for(self, kind: type[T], request: Request) -> T:
        """Send one request and wait for its answer, which must be a ``kind``."""
        answer = await self.ask(request)
        assert isinstance(answer, kind), answer
        return answer

    async def ask_all(self, requests: Sequence[Request]) -> list[Answer]:
        """Send requests in one go and wait for all answers."""
        return await self.answers(await self.send(requests))

    async def send(self, requests: Sequence[Request]) -> list[int]:
        """Send requests and wait for nothing; give their ids."""
        sent = [self.link.request(each) for each in requests]
        await self.stream.send_all(b"".join(data for _, data in sent))
        return [request_id for request_id, _ in sent]

    async def send_raw(self, message: Message, request_id: int) -> None:
        """Send any message under any id."""
        await self.stream.send_all(frame(encode(message, request_id)))

    async def send_anyway(self, requests: Sequence[Request]) -> list[int]:
        """Send requests that our own link would not let through in this state."""
        ids = []
        for request in requests:
            self.link._last_request_id += 1
            ids.append(self.link._last_request_id)
            self.link._pending[ids[-1]] = request
            await self.send_raw(request, ids[-1])
        return ids

    async def answers(self, request_ids: list[int]) -> list[Answer]:
        """Wait for the answers to these requests."""
        while not self._answers.keys() >= set(request_ids):
            await self._receive()
        return [self._answers.pop(request_id) for request_id in request_ids]

    async def next_push(self) -> Push:
        """Wait for the next push."""
        while not self._pushes:
            await self._receive()
        return self._pushes.popleft()

    async def next_mail(self) -> Deliver:
        """Wait for the next push, which must be mail."""
        push = await self.next_push()
        assert isinstance(push, Deliver), push
        return push

    async def wait_for_end(self) -> None:
        """Wait until the relay closes the connection; answers and pushes are kept."""
        try:
            while True:
                await self._receive()
        except (StreamEnded, trio.BrokenResourceError):
            pass

    async def aclose(self) -> None:
        """Hang up."""
        await trio.aclose_forcefully(self.stream)

    def answers_so_far(self) -> dict[int, Answer]:
        """Give the answers that came and were not waited for."""
        answers, self._answers = self._answers, {}
        return answers

    def pushes_so_far(self) -> list[Push]:
        """Give the pushes that came and were not asked for."""
        pushes = list(self._pushes)
        self._pushes.clear()
        return pushes

    async def _receive(self) -> None:
        data = await self.stream.receive_some(READ_BYTES)
        if not data:
            raise StreamEnded
        for event in self.link.receive_data(bytes(data)):
            self._take(event)

    def _take(self, event: Event) -> None:
        match event:
            case Answered():
                self._answers[event.request_id] = event.answer
                self.answered.append(event.request_id)
            case Pushed():
                self._pushes.append(event.message)


@dataclass(frozen=True)
class Person:
    """A name with real signing keys and prekeys of noise: the relay looks at the first only."""

    name: Name
    identity: SigningKey
    account_key: SigningKey
    rng: random.Random

    @classmethod
    def called(cls, name: str, rng: random.Random) -> "Person":
        """Make somebody."""
        return cls(Name(name), SigningKey(rng.randbytes(32)), SigningKey(rng.randbytes(32)), rng)

    @property
    def address(self) -> DeviceAddress:
        """Where mail for them goes."""
        return DeviceAddress(self.name)

    @property
    def account(self) -> Account:
        """What they register."""
        return Account(self.name, 1, public_key_of(self.identity), public_key_of(self.account_key))

    def register(self, welcome: Welcome, relay_key: bytes = NO_TLS_KEY) -> Register:
        """Sign a registration for this connection."""
        fields = register_fields(self.account, welcome.nonce, relay_key)
        return Register(
            self.account,
            sign(self.identity, Label.REGISTER, *fields),
            sign(self.account_key, Label.REGISTER, *fields),
        )

    def login(self, welcome: Welcome, relay_key: bytes = NO_TLS_KEY) -> Login:
        """Sign a login for this connection."""
        fields = login_fields(self.address, welcome.nonce, relay_key, welcome.version)
        return Login(self.name, 1, sign(self.identity, Label.LOGIN, *fields))

    def prekeys(self, first_id: int, count: int) -> UploadPrekeys:
        """Make an upload with one-time pairs from ``first_id`` on."""
        return UploadPrekeys(
            SignedPrekey(first_id, 1_000, self._noise(32), self._noise(64)),
            self._kem(first_id),
            SignedSealingKey(first_id, 1_000, self._noise(SEALING_PUBLIC_BYTES), self._noise(64)),
            tuple(self.pair(key_id) for key_id in range(first_id, first_id + count)),
        )

    def pair(self, key_id: int) -> OneTimePair:
        """Make a one-time pair."""
        return OneTimePair(self._noise(32), self._kem(key_id))

    def _kem(self, key_id: int) -> SignedKemPrekey:
        return SignedKemPrekey(key_id, 1_000, self._noise(KEM_PUBLIC_BYTES), self._noise(64))

    def _noise(self, size: int) -> bytes:
        return self.rng.randbytes(size)


def submit_to(person: Person, envelope: bytes, rng: random.Random) -> Submit:
    """Make a submit with a fresh envelope id."""
    return Submit(person.name, 1, EnvelopeId(rng.randbytes(16)), None, envelope)
