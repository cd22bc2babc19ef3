"""Refusals in words: what a person reads when the relay says no.

A newer relay may refuse with a code that is not known here; that is a sentence
too, never a crash.

Spec: docs/protocol.md#refusals
"""

from dataclasses import dataclass
from typing import Final

from protocol.wire.messages import Refusal, Refused


@dataclass(frozen=True, slots=True)
class RefusalInWords:
    """What a refusal means.

    Attributes:
        reason: what happened and why, as part of a sentence.
        advice: what to do next.
        may_pass: whether the same request may succeed later.
    """

    reason: str
    advice: str
    may_pass: bool = False


_UPDATE = "update the older of the two programs"

IN_WORDS: Final[dict[Refusal, RefusalInWords]] = {
    Refusal.UNSUPPORTED_VERSION: RefusalInWords(
        "this program and the relay have no protocol version in common", _UPDATE
    ),
    Refusal.NOT_LOGGED_IN: RefusalInWords("this needs a login first", "log in, then try again"),
    Refusal.BAD_LOGIN: RefusalInWords(
        "the relay knows no such account, or its key is not yours",
        "check the name, or register it on this relay",
    ),
    Refusal.NAME_TAKEN: RefusalInWords(
        "somebody else has registered this name", "choose another name"
    ),
    Refusal.UNKNOWN_ACCOUNT: RefusalInWords(
        "nobody is registered under this name", "check the spelling"
    ),
    Refusal.NO_PREKEYS: RefusalInWords(
        "the account has not uploaded its keys yet",
        "try again when its owner has been online once",
        may_pass=True,
    ),
    Refusal.CONFLICT: RefusalInWords(
        "the id was used before for other bytes", "send it anew under another id"
    ),
    Refusal.MAILBOX_FULL: RefusalInWords(
        "the recipient has too much unread mail", "try again later", may_pass=True
    ),
    Refusal.TOO_MANY_PREKEYS: RefusalInWords(
        "the relay's shelf of one-time keys is full", "upload when it has emptied"
    ),
    Refusal.BAD_ACKNOWLEDGEMENT: RefusalInWords(
        "what was acknowledged had not been delivered here", "connect anew"
    ),
    Refusal.RATE_LIMITED: RefusalInWords(
        "too many requests in a short time", "wait, then try again", may_pass=True
    ),
    Refusal.BAD_REGISTRATION: RefusalInWords(
        "the registration is not signed as it should be", _UPDATE
    ),
    Refusal.RELAY_TROUBLE: RefusalInWords(
        "it could not write to its disk, and has stored nothing",
        "try again later, or tell whoever runs it",
        may_pass=True,
    ),
    Refusal.BAD_TOKEN: RefusalInWords(
        "the recipient has taken back the permission to write without a name", "log in to write"
    ),
    Refusal.NO_SUCH_BLOB: RefusalInWords(
        "the relay has no such blob, or has it no more", "ask its owner to put it there again"
    ),
    Refusal.BAD_WRITE_SECRET: RefusalInWords(
        "the blob was put there under another write secret", "put it under another id"
    ),
    Refusal.QUOTA: RefusalInWords(
        "the relay has no room for more blobs from this network address",
        "delete some, or try again later",
        may_pass=True,
    ),
    Refusal.DEVICE_REPLACED: RefusalInWords(
        "another device has taken the place of this one",
        "use that one; if it is not yours, warn your contacts by other means",
    ),
    Refusal.BAD_REPLACEMENT: RefusalInWords(
        "the statement does not fit the account as it is now, or another one is being held",
        "look the account up again, then sign anew",
    ),
    Refusal.WRONG_SERVICE: RefusalInWords(
        "what answers there is another kind of service: a vault is no relay, and a relay no vault",
        "check the address",
    ),
    Refusal.VAULT_UNKNOWN_RECORD: RefusalInWords(
        "it has no such record: it never had, or was restored from a copy",
        "set the password up anew",
    ),
    Refusal.VAULT_CONFLICT: RefusalInWords(
        "another record was registered there under the same id", "set the password up anew"
    ),
    Refusal.VAULT_EXHAUSTED: RefusalInWords(
        "all guesses at this password are used up there", "use the 64 digits"
    ),
    Refusal.VAULT_DELETED: RefusalInWords(
        "this record was deleted by its owner, as by a change of the password",
        "use the password of the newest backup, or the 64 digits",
    ),
    Refusal.VAULT_TOO_SOON: RefusalInWords(
        "after several wrong passwords the next one has to wait",
        "wait, then try again",
        may_pass=True,
    ),
    Refusal.VAULT_BAD_TAG: RefusalInWords(
        "the proof that the password was right is not the one registered there",
        "set the password up anew",
    ),
    Refusal.VAULT_BAD_STATEMENT: RefusalInWords(
        "the request is not signed by the owner of the record",
        "open the backup with its password or digits first",
    ),
    Refusal.VAULT_STALE_HEAD: RefusalInWords(
        "it was told of a newer backup already, perhaps by another device",
        "look at the backup from here anew, then back up again",
    ),
    Refusal.VAULT_BAD_REGISTRATION: RefusalInWords(
        "the registration does not hold together", _UPDATE
    ),
    Refusal.VAULT_BAD_ELEMENT: RefusalInWords("the guess is malformed", _UPDATE),
}


def refusal_of(answer: Refused) -> Refusal | None:
    """Give the known refusal, or None for a code from a newer relay."""
    try:
        return Refusal(answer.code)
    except ValueError:
        return None


def in_words(answer: Refused) -> RefusalInWords:
    """Say what ``answer`` means, also where its code is not known here."""
    refusal = refusal_of(answer)
    if refusal is not None:
        return IN_WORDS[refusal]
    return RefusalInWords(
        f"the relay refused for a reason this program does not know (code {answer.code})",
        "update this program",
        may_pass=answer.retry_after_ms is not None,
    )
