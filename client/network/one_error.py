"""One error out of a nursery, instead of a group around it.

A nursery wraps whatever leaves it in an ExceptionGroup. Our callers write ``except RelayRefusal``
and a person reads one sentence, so the services that hide a nursery unwrap at their door.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import trio

from client.errors import UserError


@contextmanager
def one_error() -> Iterator[None]:
    """Let the most telling error of a group pass alone; leave everything else as it is.

    A bug outranks an error written for a person: it must not hide behind a lost connection. Ctrl-C
    and pure cancellation pass through as they came: trio recognises them in their group.
    """
    try:
        yield
    except BaseExceptionGroup as group:
        errors, others = group.split(Exception)
        if errors is None or (others is not None and others.split(trio.Cancelled)[1] is not None):
            raise
        raise _most_telling(_leaves(errors)) from None


def _most_telling(errors: list[BaseException]) -> BaseException:
    bugs = [error for error in errors if not isinstance(error, UserError)]
    return (bugs or errors)[0]


def _leaves(error: BaseException) -> list[BaseException]:
    if isinstance(error, BaseExceptionGroup):
        return [leaf for inner in error.exceptions for leaf in _leaves(inner)]
    return [error]
