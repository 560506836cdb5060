"""The end of a process whose end does not come: what waits for a disk that hangs waits for ever.

last = LastResort()
last.begin(4, "stopped, but ...")        # everything has been done that could be done
last.over()                              # and the end has come by itself
"""

from __future__ import annotations

import os
import sys
import threading
from contextlib import suppress

END_S = 10.0  # page, record and journal are closed within this; the service manager kills after 30 s


class LastResort:
    """A thread of its own: the event loop may be waiting, too."""

    def __init__(self, end_s: float = END_S) -> None:
        self._end_s = end_s
        self._timer: threading.Timer | None = None

    def begin(self, code: int, why: str) -> None:
        """End the process with `code` unless it ends within `end_s`; `why` is told then."""
        if self._timer is None:
            self._timer = threading.Timer(self._end_s, _end, (code, why))
            self._timer.daemon = True
            self._timer.start()

    def over(self) -> None:
        """It has ended by itself."""
        if self._timer is not None:
            self._timer.cancel()


def _end(code: int, why: str) -> None:
    with suppress(OSError, ValueError):
        print(
            f"hedger: {why}; what is left does not end by itself, and is ended", file=sys.stderr, flush=True
        )
    os._exit(code)
