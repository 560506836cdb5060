"""Whose process is alive: a lock of the operating system, gone with its process however that ends.

A lock file guards nothing by itself, the lease does. When it can be taken, the holder it names is dead: a
successor on the same host need not wait for the lease to expire.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hedger.domain.errors import LeaseError

MOST_BYTES = 1_000


def lock_of(path: Path) -> Path:
    """The lock file of a journal's file."""
    return path.with_name(path.name + ".lock")


class ProcessLock:
    """Held from `attempt` to `release`; kill -9 releases it too."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def acquire(cls, path: Path) -> ProcessLock:
        """For whoever must be alone. Raises LeaseError naming the daemon that has it."""
        lock = cls.attempt(path)
        if lock is None:
            holder = path.read_text("utf-8", "replace").strip() or "unknown"
            raise LeaseError(f"{path}: held by another hedger, {holder}; stop it or use another state_dir")
        return lock

    @classmethod
    def attempt(cls, path: Path) -> ProcessLock | None:
        """Take the lock file; None while a living process has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return cls(descriptor)

    def signed(self) -> tuple[str, ...]:
        """Who signed it and is dead, therefore, or has no lease."""
        return tuple(os.pread(self._descriptor, MOST_BYTES, 0).decode("utf-8", "replace").split())

    def sign(self, *holders: str) -> None:
        """Name the holder of the lease; while one takes it from another both, whichever has it then."""
        os.ftruncate(self._descriptor, 0)
        os.pwrite(self._descriptor, " ".join(holders).encode(), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        os.close(self._descriptor)
