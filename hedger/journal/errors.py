"""What can go wrong with the journal while it is in use."""

from __future__ import annotations

from hedger.domain.errors import HedgerError, LeaseError


class JournalError(HedgerError):
    """The database refused: disk full, locked, I/O error. Nothing of the attempt is taken as written."""

    exit_code = 5


class JournalUnreachable(JournalError):
    """The database does not answer at the start, or has no room: it may later."""

    exit_code = 4


class LeaseHeld(LeaseError):
    """Another run holds the account: who, and the seconds its lease lasts if it is not renewed."""

    def __init__(self, venue: str, account_id: str, holder: str, left_s: float) -> None:
        super().__init__(f"{venue}: account {account_id} is held by {holder}")
        self.venue, self.account_id, self.holder, self.left_s = venue, account_id, holder, left_s
