"""Every message between clients, relays and vaults, one frozen dataclass each.

On the wire a message is ``[tag, request id, fields...]``. Tags are final: a
new message takes a new tag, and the golden schema fails when one changes.

    link      1 to 15     opening, keeping and ending a connection; refusals
    accounts  16 to 31    registration, login, replacing a device
    prekeys   32 to 47    the prekey shelf
    mail      48 to 63    submitting and fetching envelopes
    blobs     64 to 79    bytes for whoever knows their id
    vault     80 to 99    shares of a password's key, and guesses

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
from protocol.wire.messages.vault import (
    DeleteRecord,
    Evaluate,
    Evaluated,
    EventsListed,
    GetEvents,
    GetHead,
    GetRecordStatus,
    HeadPlaced,
    PlacedHead,
    PlaceHead,
    PossessionProven,
    ProvePossession,
    RecordDeleted,
    RecordRegistered,
    RecordStatus,
    RegisterRecord,
    Unlock,
    Unlocked,
    VaultHello,
    VaultWelcome,
)

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
    "DeleteRecord",
    "Deliver",
    "DeviceReplaced",
    "Displaced",
    "Envelope",
    "Evaluate",
    "Evaluated",
    "EventsListed",
    "FetchBundle",
    "FetchSealingKey",
    "Found",
    "GetBlob",
    "GetEvents",
    "GetHead",
    "GetRecordStatus",
    "HeadPlaced",
    "Hello",
    "ListBlobs",
    "LoggedIn",
    "Login",
    "LookUp",
    "Message",
    "Nonce32",
    "Ping",
    "PlaceHead",
    "PlacedHead",
    "Pong",
    "PossessionProven",
    "PrekeysLow",
    "PrekeysStored",
    "ProvePossession",
    "Push",
    "PutBlob",
    "RecordDeleted",
    "RecordRegistered",
    "RecordStatus",
    "RefreshBlobs",
    "Refusal",
    "Refused",
    "Register",
    "RegisterRecord",
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
    "Unlock",
    "Unlocked",
    "UploadPrekeys",
    "VaultHello",
    "VaultRequest",
    "VaultWelcome",
    "VetoReplacement",
    "Vetoed",
    "Welcome",
    "token_hash",
]

VaultRequest = (
    RegisterRecord
    | GetRecordStatus
    | Evaluate
    | Unlock
    | PlaceHead
    | GetHead
    | DeleteRecord
    | ProvePossession
    | GetEvents
)
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
    | VaultHello
    | VaultRequest
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
    | VaultWelcome
    | RecordRegistered
    | RecordStatus
    | Evaluated
    | Unlocked
    | HeadPlaced
    | PlacedHead
    | RecordDeleted
    | PossessionProven
    | EventsListed
)
Push = Closing | PrekeysLow | Deliver | Displaced | ReplacementAnnounced | DeviceReplaced
Message = Request | Answer | Push
