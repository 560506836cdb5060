"""Everything the engine can ask for: a closed union of frozen values the driver performs."""

from __future__ import annotations

import msgspec

from hedger.domain.approval import Approved
from hedger.domain.vocabulary import Environment, Severity
from hedger.engine.records import Record


class _Effect(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="effect", tag=str.lower):
    pass


class Watch(_Effect, frozen=True):
    """The whole set of tickers and indices wanted from a venue, sorted; replaces the previous one."""

    venue: str
    instruments: tuple[str, ...]
    indices: tuple[str, ...]


class RequestSnapshot(_Effect, frozen=True):
    """Ask for positions, open orders, accounts, and every trade since `since_ms` (market time)."""

    venue: str
    since_ms: int


class Place(_Effect, frozen=True):
    """Send this order. Released by the outbox once it is durable."""

    approved: Approved


class Amend(_Effect, frozen=True):
    """Give an open order new terms: price, a total that only falls, validity. Released like a placement."""

    approved: Approved
    order_id: str


class Cancel(_Effect, frozen=True):
    """Cancel by order id where known, else by label."""

    venue: str
    instrument: str
    label: str
    order_id: str | None


class LookUp(_Effect, frozen=True):
    """Find out what became of a label: open orders, state by label, trades recent and historical."""

    venue: str
    instrument: str
    label: str
    since_ms: int


class RequestLog(_Effect, frozen=True):
    """Ask for the venue's own log of the account since a market time; answered by LogTold or LogFailed."""

    venue: str
    since_ms: int


class LoadJournal(_Effect, frozen=True):
    """Load what is known of this account and begin a new epoch; answered by JournalLoaded."""

    venue: str
    environment: Environment
    account_id: str


class Write(_Effect, frozen=True):
    """Make these records durable, then report Durable(sequence)."""

    sequence: int
    records: tuple[Record, ...]


class Note(_Effect, frozen=True):
    """A line for the log and the counters: a constant name and its fields."""

    severity: Severity
    name: str
    fields: dict[str, str | int | float | bool | None]


class Exit(_Effect, frozen=True):
    """Stop the process with this code; resting orders have been dealt with."""

    code: int
    reason: str


VenueEffect = Watch | RequestSnapshot | RequestLog | Place | Amend | Cancel | LookUp
Effect = VenueEffect | LoadJournal | Write | Note | Exit
