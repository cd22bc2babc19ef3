"""The system's calls as ``folder_files`` makes them, one of which fails, or is the last of all."""

import os
from dataclasses import dataclass, field
from typing import Any

STEPS = frozenset({"open", "write", "fsync", "rename", "mkdir", "unlink"})


class Killed(BaseException):
    """The process is gone: nothing after this call happens."""


@dataclass
class DyingOs:
    """Stands for the module ``os``: counts calls that touch the disk, and fails at one.

    Args:
        fails_at: which call, from 1; 0 for none.
        error: what it raises; Killed makes every later call raise too.
        only: names of the calls that are counted.
    """

    fails_at: int = 0
    error: BaseException = field(default_factory=Killed)
    only: frozenset[str] = STEPS
    calls: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        if name not in STEPS:
            return getattr(os, name)

        def call(*args: Any, **kwargs: Any) -> Any:
            self._count(name)
            return getattr(os, name)(*args, **kwargs)

        return call

    @property
    def fired(self) -> bool:
        return 0 < self.fails_at <= self._counted()

    def _count(self, name: str) -> None:
        self.calls.append(name)
        if name not in self.only:
            return
        is_late = isinstance(self.error, Killed) and self._counted() > self.fails_at > 0
        if self._counted() == self.fails_at or is_late:
            raise self.error

    def _counted(self) -> int:
        return sum(name in self.only for name in self.calls)
