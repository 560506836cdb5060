"""The error tree.

HedgerError
├── ConfigError      a setting is wrong               exit code 2
├── AuthError        key, secret or environment       exit code 3
├── VenueError       the venue cannot be worked with  exit code 4
├── HaltedError      the daemon halted itself         exit code 5
├── LeaseError       another hedger holds the account exit code 6
├── InvariantError   our own books do not add up      exit code 5
└── BadDataError     a payload that nothing may trade on: names channel, field and value
"""

from __future__ import annotations


class HedgerError(Exception):
    """Base of every error the daemon raises on purpose."""

    exit_code = 1


class ConfigError(HedgerError):
    exit_code = 2


class AuthError(HedgerError):
    exit_code = 3


class VenueError(HedgerError):
    exit_code = 4


class HaltedError(HedgerError):
    exit_code = 5


class InvariantError(HaltedError):
    exit_code = 5


class LeaseError(HedgerError):
    exit_code = 6


class BadDataError(HedgerError):
    """A payload of a venue that nothing may be built on."""

    def __init__(self, channel: str, field: str, value: object, expected: str) -> None:
        super().__init__(f"{channel}: {field} = {value!r} is not {expected}")
        self.channel, self.field, self.value, self.expected = channel, field, value, expected
