"""What the daemon says, to streams whose other end may be slow, full or gone.

stream = Saying(sys.stderr.fileno())     # a text stream as far as a log needs one
stream.close()                           # at the end; waits a little for the other end

A log file on a full disk, a pipe whose reader has died, a terminal that was paused: none of them may hold up
the event loop or end the daemon. A thread writes; what it cannot write is left out and counted.
"""

from __future__ import annotations

import os
import queue
import threading
from contextlib import suppress

MOST_TEXTS = 10_000  # waiting for a reader that is slow
CLOSE_S = 1.0


def say(line: str) -> None:
    """A line on standard output, for whoever reads it."""
    with suppress(OSError, ValueError):
        print(line, flush=True)


class Saying:
    """Texts for a file descriptor, which stays the caller's; each `write` is one of them."""

    def __init__(self, descriptor: int, most_texts: int = MOST_TEXTS) -> None:
        self._descriptor = descriptor
        self._texts: queue.Queue[str | None] = queue.Queue(most_texts)
        self._refused = self._failed = self._told = 0  # texts left out; one thread each, so no lock is needed
        self._failing = False
        self._thread = threading.Thread(target=self._work, name="log", daemon=True)
        self._thread.start()

    def write(self, text: str) -> int:
        """Never waits, never raises."""
        try:
            self._texts.put_nowait(text)
        except queue.Full:
            self._refused += 1
        return len(text)

    def flush(self) -> None:
        """Nothing is held back."""

    def isatty(self) -> bool:
        return os.isatty(self._descriptor)

    def left_out(self) -> int:
        """How many texts were left out and not told of yet; 0 while telling it would be left out, too."""
        if self._failing or self._texts.full():
            return 0
        lost = self._refused + self._failed - self._told
        self._told += lost
        return lost

    def close(self) -> None:
        """Give what waits CLOSE_S to be written."""
        with suppress(queue.Full):
            self._texts.put_nowait(None)
        self._thread.join(CLOSE_S)

    # --- the thread -----------------------------------------------------------------------------------

    def _work(self) -> None:
        while (text := self._texts.get()) is not None:
            try:
                self._put(text.encode("utf-8", "backslashreplace"))
                self._failing = False
            except OSError:
                self._failed, self._failing = self._failed + 1, True

    def _put(self, left: bytes) -> None:
        while left:
            left = left[os.write(self._descriptor, left) :]
