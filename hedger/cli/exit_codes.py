"""What the process answers with, in one place; the error tree carries the same numbers."""

from __future__ import annotations

from enum import IntEnum


class ExitCode(IntEnum):
    OK = 0
    CONFIG = 2  # a setting or an argument is wrong
    AUTH = 3  # key, secret, environment or token
    VENUE = 4  # the venue or the daemon cannot be reached or worked with
    HALTED = 5
    LEASE = 6  # another hedger holds the account
