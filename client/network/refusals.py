"""The relay said no: as an error for a person, and with what a retry needs to know."""

from client.errors import RefusedByRelay
from protocol.wire.messages import Refusal, Refused, Request
from protocol.wire.refusals import in_words


class RelayRefusal(RefusedByRelay):
    """The relay refused a request.

    Attributes:
        answer: the refusal as it came.
        code: the refusal's code, also one that this program does not know.
        may_pass: whether the same request may succeed later.
        retry_after_ms: how long the relay asks to wait, or None.
    """

    def __init__(self, request: Request, answer: Refused) -> None:
        words = in_words(answer)
        what, why = _sentences(request, answer.code, words.reason)
        super().__init__(what, why=why, hint=f"{capital(words.advice)}{_wait(answer)}.")
        self.answer = answer
        self.code = answer.code
        self.may_pass = words.may_pass
        self.retry_after_ms = answer.retry_after_ms


def _sentences(request: Request, code: int, reason: str) -> tuple[str, str]:
    """Say what happened with the name it happened to, where the request has one."""
    name = getattr(request, "name", None)
    if code == Refusal.UNKNOWN_ACCOUNT and name is not None:
        return f"There is no account named {name} on this relay.", ""
    if code == Refusal.NO_PREKEYS and name is not None:
        return f"{name} cannot be written to yet.", f"{capital(reason)}."
    return "The relay refused.", f"{capital(reason)}."


def _wait(answer: Refused) -> str:
    if answer.retry_after_ms is None:
        return ""
    seconds = -(-answer.retry_after_ms // 1000)
    return f" (in {seconds} s)"


def capital(sentence: str) -> str:
    """Begin a sentence with a capital."""
    return sentence[:1].upper() + sentence[1:]
