"""People who write to somebody once: a session and an envelope, without a store of their own."""

import random
from dataclasses import dataclass

from client.values import Delivery
from protocol.e2ee.content import Content, Text, encode_content
from protocol.e2ee.identity import IdentityKeyPair, LocalDevice
from protocol.e2ee.padding import Padding
from protocol.e2ee.sealed import seal
from protocol.e2ee.sender_tag import Correspondent, tagged_payload
from protocol.e2ee.session import encrypt, start_session
from protocol.ids import DeviceAddress, EnvelopeId, FetchId, MessageId, Name
from protocol.records import PrekeyBundle, Sender
from tests.support.clients import Client, FakeRelay


def fetch(relay: FakeRelay, owner: Client, rng: random.Random) -> PrekeyBundle:
    """Take a bundle off somebody's shelf."""
    return relay.shelves[owner.name].bundle(FetchId(rng.randbytes(16)))


@dataclass(frozen=True)
class FirstMessage:
    """What a stranger has sealed under a bundle; the relay has not seen it yet."""

    sender: Sender
    envelope_id: EnvelopeId
    envelope: bytes

    def arriving(self, now_ms: int) -> Delivery:
        """Give it as the relay delivers it, having seen the stranger log in."""
        return Delivery(now_ms, self.envelope_id, now_ms, self.sender, self.envelope)


def first_message(
    name: str, to: Client, bundle: PrekeyBundle, text: str, rng: random.Random
) -> FirstMessage:
    """Let ``name``, never heard of before, write a text under ``bundle``."""
    us = LocalDevice(DeviceAddress(Name(name)), IdentityKeyPair.generate(rng.randbytes))
    session = start_session(us, to.device.address, bundle, rng.randbytes)
    content = Content(MessageId(rng.randbytes(16)), 1, to.relay.clock.now_ms, Text(text))
    _, message = encrypt(session, encode_content(content), rng.randbytes)
    payload = tagged_payload(us, Correspondent(to.device.address, bundle.identity), message)
    envelope = seal(payload, to.device.address, bundle.identity, bundle.sealing_key, Padding.PADME)
    sender = Sender(us.address.name, us.address.device, us.identity.public)
    return FirstMessage(sender, EnvelopeId(rng.randbytes(16)), envelope)
