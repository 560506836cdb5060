"""One process per journal: a lock of the operating system, gone with the process however it ends."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from hedger.domain.errors import LeaseError


class ProcessLock:
    """Held from `acquire` to `release`; kill -9 releases it too."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path, self._descriptor = path, descriptor

    @classmethod
    def acquire(cls, path: Path) -> ProcessLock:
        """Take the lock file or raise LeaseError naming the process that has it."""
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(descriptor, 32).decode("ascii", "replace").strip() or "unknown"
            os.close(descriptor)
            raise LeaseError(
                f"{path}: held by another hedger, pid {holder}; stop it or use another state_dir"
            ) from None
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode("ascii"))
        return cls(path, descriptor)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of one name."""
        os.close(self._descriptor)
