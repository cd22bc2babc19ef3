"""Every message between client and relay, one frozen dataclass each.

On the wire a message is ``[tag, request id, fields...]``. Tags are final: a
new message takes a new tag, and the golden schema fails when one changes.

    link      1 to 15     opening, keeping and ending a connection; refusals
    accounts  16 to 31    registration, login, replacing a device
    prekeys   32 to 47    the prekey shelf
    mail      48 to 63    submitting and fetching envelopes
    blobs     64 to 79    bytes for whoever knows their id

Spec: docs/protocol.md#wire
"""

from protocol.wire.messages.accounts import LoggedIn, Login, Register
from protocol.wire.messages.blobs import (
    BlobDeleted,
    BlobPart,
    BlobsListed,
    BlobsRefreshed,
    BlobStored,
    DeleteBlob,
    GetBlob,
    ListBlobs,
    PutBlob,
    RefreshBlobs,
)
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
from protocol.wire.messages.replacement import (
    DeviceReplaced,
    Found,
    LookUp,
    Replaced,
    ReplaceDevice,
    ReplacementAnnounced,
    ReplacementHeld,
    Vetoed,
    VetoReplacement,
)
from protocol.wire.messages.token import SetToken, Token, TokenSet, token_hash

__all__ = [
    "PROTOCOL_VERSION",
    "Accepted",
    "Acknowledge",
    "Acknowledged",
    "Answer",
    "BlobDeleted",
    "BlobPart",
    "BlobStored",
    "BlobsListed",
    "BlobsRefreshed",
    "BundleFetched",
    "Closing",
    "DeleteBlob",
    "Deliver",
    "DeviceReplaced",
    "Displaced",
    "Envelope",
    "FetchBundle",
    "FetchSealingKey",
    "Found",
    "GetBlob",
    "Hello",
    "ListBlobs",
    "LoggedIn",
    "Login",
    "LookUp",
    "Message",
    "Nonce32",
    "Ping",
    "Pong",
    "PrekeysLow",
    "PrekeysStored",
    "Push",
    "PutBlob",
    "RefreshBlobs",
    "Refusal",
    "Refused",
    "Register",
    "ReplaceDevice",
    "Replaced",
    "ReplacementAnnounced",
    "ReplacementHeld",
    "Request",
    "SealingKeyFetched",
    "SetToken",
    "Submit",
    "Subscribe",
    "Subscribed",
    "Token",
    "TokenSet",
    "UploadPrekeys",
    "VetoReplacement",
    "Vetoed",
    "Welcome",
    "token_hash",
]

Request = (
    Hello
    | Ping
    | Register
    | Login
    | LookUp
    | ReplaceDevice
    | VetoReplacement
    | UploadPrekeys
    | FetchBundle
    | FetchSealingKey
    | SetToken
    | Submit
    | Subscribe
    | Acknowledge
    | PutBlob
    | GetBlob
    | DeleteBlob
    | ListBlobs
    | RefreshBlobs
)
Answer = (
    Welcome
    | Refused
    | Pong
    | LoggedIn
    | Found
    | Replaced
    | ReplacementHeld
    | Vetoed
    | PrekeysStored
    | BundleFetched
    | SealingKeyFetched
    | TokenSet
    | Accepted
    | Subscribed
    | Acknowledged
    | BlobStored
    | BlobPart
    | BlobDeleted
    | BlobsListed
    | BlobsRefreshed
)
Push = Closing | PrekeysLow | Deliver | Displaced | ReplacementAnnounced | DeviceReplaced
Message = Request | Answer | Push
