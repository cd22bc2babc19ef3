"""Many requests, and their answers in numbers."""

from collections import Counter
from collections.abc import Sequence

from protocol.wire.messages import Answer, Refusal, Refused, Request
from tests.support.wire_client import WireClient


def tally(answers: Sequence[Answer]) -> Counter[str]:
    """Count answers by what they are; refusals by their code."""
    return Counter(
        Refusal(each.code).name if isinstance(each, Refused) else type(each).__name__
        for each in answers
    )


async def in_slices(client: WireClient, requests: Sequence[Request]) -> Counter[str]:
    """Ask for all, 32 at a time; count the answers."""
    count: Counter[str] = Counter()
    for start in range(0, len(requests), 32):
        count += tally(await client.ask_all(requests[start : start + 32]))
    return count
