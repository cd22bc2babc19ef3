"""The states of a link and what may be said in each, as tables.

                                           Register or Login / LoggedIn
                    Hello / Welcome               ReplaceDevice / Replaced
       GREETING ──────────────────────▶ ANONYMOUS ────────────────────────────▶ LOGGED_IN
           │                                │                                       │
           ├─ VaultHello / VaultWelcome ──▶ AT_VAULT ───────────────────────────────┤
           │                                                                        │
           └── a refusal of one of these; ReplacementHeld, DeviceReplaced, ─────────┴──▶ CLOSED
               Closing; WireError; the end

Which greeting was answered decides for the whole connection whether the far end is a
relay or a vault: neither gets to see the other's requests.

Both machines (:mod:`client_link`, :mod:`relay_link`) read these tables and
nothing else; a new message is a new row here.

Spec: docs/protocol.md#link-states
"""

from collections.abc import Mapping
from enum import Enum
from typing import Any, Final, get_args

from protocol.errors import CallerError
from protocol.wire.messages import (
    Accepted,
    Acknowledge,
    Acknowledged,
    BlobDeleted,
    BlobPart,
    BlobsListed,
    BlobsRefreshed,
    BlobStored,
    BundleFetched,
    Closing,
    DeleteBlob,
    DeleteRecord,
    Deliver,
    DeviceReplaced,
    Displaced,
    Evaluate,
    Evaluated,
    EventsListed,
    FetchBundle,
    FetchSealingKey,
    Found,
    GetBlob,
    GetEvents,
    GetHead,
    GetRecordStatus,
    HeadPlaced,
    Hello,
    ListBlobs,
    LoggedIn,
    Login,
    LookUp,
    Ping,
    PlacedHead,
    PlaceHead,
    Pong,
    PossessionProven,
    PrekeysLow,
    PrekeysStored,
    ProvePossession,
    Push,
    PutBlob,
    RecordDeleted,
    RecordRegistered,
    RecordStatus,
    RefreshBlobs,
    Refused,
    Register,
    RegisterRecord,
    Replaced,
    ReplaceDevice,
    ReplacementAnnounced,
    ReplacementHeld,
    Request,
    SealingKeyFetched,
    SetToken,
    Submit,
    Subscribe,
    Subscribed,
    TokenSet,
    Unlock,
    Unlocked,
    UploadPrekeys,
    VaultHello,
    VaultRequest,
    VaultWelcome,
    Vetoed,
    VetoReplacement,
    Welcome,
)

MessageType = type[Any]


class LinkState(Enum):
    """How far a connection has come."""

    GREETING = "greeting"
    ANONYMOUS = "anonymous"
    LOGGED_IN = "logged in"
    AT_VAULT = "at a vault"
    CLOSED = "closed"


class LinkMisused(CallerError):
    """Our own side said what the state of the link does not allow."""

    def __init__(self, what: str, state: LinkState) -> None:
        super().__init__(f"{what} has no place on a link that is {state.value}")
        self.what, self.state = what, state


REQUEST_TYPES: Final[frozenset[MessageType]] = frozenset(get_args(Request))
PUSH_TYPES: Final[frozenset[MessageType]] = frozenset(get_args(Push))

# Each request has its answer; Refused answers any of them.
ANSWER_TO: Final[Mapping[MessageType, MessageType]] = {
    Hello: Welcome,
    Ping: Pong,
    Register: LoggedIn,
    Login: LoggedIn,
    LookUp: Found,
    ReplaceDevice: Replaced,
    VetoReplacement: Vetoed,
    UploadPrekeys: PrekeysStored,
    FetchBundle: BundleFetched,
    FetchSealingKey: SealingKeyFetched,
    SetToken: TokenSet,
    Submit: Accepted,
    Subscribe: Subscribed,
    Acknowledge: Acknowledged,
    PutBlob: BlobStored,
    GetBlob: BlobPart,
    DeleteBlob: BlobDeleted,
    ListBlobs: BlobsListed,
    RefreshBlobs: BlobsRefreshed,
    VaultHello: VaultWelcome,
    RegisterRecord: RecordRegistered,
    GetRecordStatus: RecordStatus,
    Evaluate: Evaluated,
    Unlock: Unlocked,
    PlaceHead: HeadPlaced,
    GetHead: PlacedHead,
    DeleteRecord: RecordDeleted,
    ProvePossession: PossessionProven,
    GetEvents: EventsListed,
}

# "Not yet" is more than a refusal: it says until when, and has begun something.
OTHER_ANSWER_TO: Final[Mapping[MessageType, MessageType]] = {ReplaceDevice: ReplacementHeld}

# A token in them stands for a login: the recipient has allowed whoever holds it.
WITH_TOKEN: Final[frozenset[MessageType]] = frozenset({FetchBundle, FetchSealingKey, Submit})

# Their right is in the request itself.
BY_CAPABILITY: Final[frozenset[MessageType]] = frozenset(
    {PutBlob, GetBlob, DeleteBlob, ListBlobs, RefreshBlobs}
)

ALLOWED_REQUESTS: Final[Mapping[LinkState, frozenset[MessageType]]] = {
    LinkState.GREETING: frozenset({Hello, VaultHello}),
    LinkState.ANONYMOUS: frozenset({Ping, Register, Login, LookUp, ReplaceDevice})
    | WITH_TOKEN
    | BY_CAPABILITY,
    LinkState.LOGGED_IN: frozenset({Ping, LookUp, VetoReplacement})
    | frozenset({UploadPrekeys, SetToken, Subscribe, Acknowledge})
    | WITH_TOKEN
    | BY_CAPABILITY,
    LinkState.AT_VAULT: frozenset({Ping, *get_args(VaultRequest)}),
    LinkState.CLOSED: frozenset(),
}

ALLOWED_PUSHES: Final[Mapping[LinkState, frozenset[MessageType]]] = {
    LinkState.GREETING: frozenset({Closing}),
    LinkState.ANONYMOUS: frozenset({Closing}),
    LinkState.LOGGED_IN: frozenset({Closing, Deliver, Displaced, PrekeysLow})
    | frozenset({ReplacementAnnounced, DeviceReplaced}),
    LinkState.AT_VAULT: frozenset({Closing}),
    LinkState.CLOSED: frozenset(),
}

# Only a login is missing: an honest mistake, refused and not punished.
WANTS_LOGIN: Final[Mapping[LinkState, frozenset[MessageType]]] = {
    LinkState.GREETING: frozenset(),
    LinkState.ANONYMOUS: (
        ALLOWED_REQUESTS[LinkState.LOGGED_IN] - ALLOWED_REQUESTS[LinkState.ANONYMOUS]
    ),
    LinkState.LOGGED_IN: frozenset(),
    LinkState.AT_VAULT: frozenset(),
    LinkState.CLOSED: frozenset(),
}

# Their answers move the link on, so nothing overtakes them and a refusal ends it:
# without a version there is nothing to say, and a nonce serves one attempt.
TURNING_POINTS: Final[frozenset[MessageType]] = frozenset(
    {Hello, Register, Login, ReplaceDevice, VaultHello}
)

_NEXT_STATE: Final[Mapping[MessageType, LinkState]] = {
    Welcome: LinkState.ANONYMOUS,
    VaultWelcome: LinkState.AT_VAULT,
    LoggedIn: LinkState.LOGGED_IN,
    Replaced: LinkState.LOGGED_IN,
    ReplacementHeld: LinkState.CLOSED,  # the nonce is spent, and the hold takes hours
    Closing: LinkState.CLOSED,
    DeviceReplaced: LinkState.CLOSED,
}


def lacks_login(state: LinkState, request: Request) -> bool:
    """Tell whether ``request`` is refused only because nobody has logged in, and no token helps."""
    kind = type(request)
    if state is LinkState.ANONYMOUS and kind in WITH_TOKEN:
        return getattr(request, "token", None) is None
    return kind in WANTS_LOGIN[state]


def state_after_answer(state: LinkState, request: MessageType, answer: MessageType) -> LinkState:
    """Give the state once ``answer`` to ``request`` is on its way."""
    if answer is Refused and request in TURNING_POINTS:
        return LinkState.CLOSED
    return _NEXT_STATE.get(answer, state)


def state_after_push(state: LinkState, push: MessageType) -> LinkState:
    """Give the state once ``push`` is on its way."""
    return _NEXT_STATE.get(push, state)


def is_answer(request: MessageType, answer: MessageType) -> bool:
    """Tell whether ``answer`` may answer ``request``."""
    return answer in (Refused, ANSWER_TO[request], OTHER_ANSWER_TO.get(request))
