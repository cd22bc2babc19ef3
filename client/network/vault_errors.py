"""What can go wrong with a vault, as errors for a person: each names the vault.

Spec: docs/vault.md#what-a-client-says
"""

from client.errors import ExitCode, UserError
from client.network.refusals import RelayRefusal, capital
from protocol.recovery.errors import VaultRefusal
from protocol.recovery.record import Vault
from protocol.wire.refusals import RefusalInWords, in_words

_OFFSET = 32  # of a vault's refusals among those of the wire


class VaultError(UserError):
    """Something about one vault."""

    def __init__(self, vault: Vault, what: str, *, why: str, hint: str) -> None:
        super().__init__(f"The vault {vault.name} at {vault.address} {what}.", why=why, hint=hint)
        self.vault = vault


class VaultUnreachable(VaultError):
    """A vault cannot be reached, or was lost; what was asked may have been carried out."""

    exit_code = ExitCode.UNREACHABLE

    def __init__(self, vault: Vault, why: str) -> None:
        super().__init__(
            vault,
            "cannot be reached",
            why=why,
            hint="Try again later. As long as enough other vaults answer, nothing is lost.",
        )


class VaultKeyChanged(VaultError):
    """What answers there has another key than the vault's; nothing was sent to it."""

    exit_code = ExitCode.TRUST

    def __init__(self, vault: Vault, why: str) -> None:
        super().__init__(
            vault,
            "shows another key than it should; nothing was sent to it",
            why=why,
            hint="Ask its operator. If the key is lost, so is what it kept: use other vaults, or"
            " the 64 digits, then set the password up anew.",
        )


class VaultMisbehaves(VaultError):
    """A vault says what its own key or its commitments disprove."""

    exit_code = ExitCode.TRUST

    def __init__(self, vault: Vault, why: str) -> None:
        super().__init__(
            vault,
            "does not do what it promised",
            why=why,
            hint="Do not rely on it: set the password up anew with another vault.",
        )


class RefusedByVault(VaultError):
    """A vault said no.

    Attributes:
        refusal: which of a vault's own refusals, or None for any other.
        retry_after_ms: how long to wait, or None.
    """

    exit_code = ExitCode.REFUSED

    def __init__(self, vault: Vault, refused: RelayRefusal) -> None:
        words: RefusalInWords = in_words(refused.answer)
        wait = "" if refused.retry_after_ms is None else f" (in {_span(refused.retry_after_ms)})"
        super().__init__(
            vault,
            "refuses",
            why=f"{capital(words.reason)}.",
            hint=f"{capital(words.advice)}{wait}.",
        )
        self.refusal = _refusal_of(refused.code)
        self.retry_after_ms = refused.retry_after_ms


def _refusal_of(code: int) -> VaultRefusal | None:
    try:
        return VaultRefusal(code - _OFFSET)
    except ValueError:
        return None


def _span(milliseconds: int) -> str:
    seconds = -(-milliseconds // 1_000)
    return f"{seconds} s" if seconds < 120 else f"{-(-seconds // 60)} minutes"
