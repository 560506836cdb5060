"""What can go wrong with the journal while it is in use."""

from __future__ import annotations

from hedger.domain.errors import HedgerError


class JournalError(HedgerError):
    """The database refused: disk full, locked, I/O error. Nothing of the attempt is taken as written."""

    exit_code = 5


class JournalUnreachable(JournalError):
    """The database server does not answer at the start."""

    exit_code = 4
