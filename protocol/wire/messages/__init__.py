"""Every message between client and relay, one frozen dataclass each.

On the wire a message is ``[tag, request id, fields...]``. Tags are final: a
new message takes a new tag, and the golden schema fails when one changes.

    link      1 to 15     opening, keeping and ending a connection; refusals
    accounts  16 to 31    registration, login
    prekeys   32 to 47    the prekey shelf
    mail      48 to 63    submitting and fetching envelopes

Spec: docs/protocol.md#wire
"""

from protocol.wire.messages.accounts import LoggedIn, Login, Register
from protocol.wire.messages.link import (
    PROTOCOL_VERSION,
    Closing,
    Hello,
    Nonce32,
    Ping,
    Pong,
    Refusal,
    Refused,
    Welcome,
)
from protocol.wire.messages.mail import (
    Accepted,
    Acknowledge,
    Acknowledged,
    Deliver,
    Displaced,
    Envelope,
    Submit,
    Subscribe,
    Subscribed,
)
from protocol.wire.messages.prekeys import (
    BundleFetched,
    FetchBundle,
    FetchSealingKey,
    PrekeysLow,
    PrekeysStored,
    SealingKeyFetched,
    UploadPrekeys,
)
from protocol.wire.messages.token import SetToken, Token, TokenSet, token_hash

__all__ = [
    "PROTOCOL_VERSION",
    "Accepted",
    "Acknowledge",
    "Acknowledged",
    "Answer",
    "BundleFetched",
    "Closing",
    "Deliver",
    "Displaced",
    "Envelope",
    "FetchBundle",
    "FetchSealingKey",
    "Hello",
    "LoggedIn",
    "Login",
    "Message",
    "Nonce32",
    "Ping",
    "Pong",
    "PrekeysLow",
    "PrekeysStored",
    "Push",
    "Refusal",
    "Refused",
    "Register",
    "Request",
    "SealingKeyFetched",
    "SetToken",
    "Submit",
    "Subscribe",
    "Subscribed",
    "Token",
    "TokenSet",
    "UploadPrekeys",
    "Welcome",
    "token_hash",
]

Request = (
    Hello
    | Ping
    | Register
    | Login
    | UploadPrekeys
    | FetchBundle
    | FetchSealingKey
    | SetToken
    | Submit
    | Subscribe
    | Acknowledge
)
Answer = (
    Welcome
    | Refused
    | Pong
    | LoggedIn
    | PrekeysStored
    | BundleFetched
    | SealingKeyFetched
    | TokenSet
    | Accepted
    | Subscribed
    | Acknowledged
)
Push = Closing | PrekeysLow | Deliver | Displaced
Message = Request | Answer | Push
