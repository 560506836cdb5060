"""What status shows of a book's guard: caps, losses, margin, latch. None means not known."""

from __future__ import annotations

import msgspec

from hedger.risk.tiers import Tier


class CapView(msgspec.Struct, frozen=True):
    """One limit of the envelope: FREE, SOFT (band doubled, alarm) or HARD (stopped, paged)."""

    name: str  # the key that sets it
    unit: str  # USD, coin or orders
    used: float  # in the unit
    limit: float  # in the unit
    tier: Tier  # how far it is used up


class LossView(msgspec.Struct, frozen=True):
    """What the book's equity, options at mark, has lost; profits are negative. `unit`: coin or USD."""

    unit: str
    today: float  # since 00:00 UTC, market time
    since_start: float  # since the book was first run, or resumed after a loss stop
    day_from_ms: int  # market time of the figures that are compared with
    start_from_ms: int  # market time
    cash_flow_coin: float  # net deposits of this run; they are no profit


class MarginView(msgspec.Struct, frozen=True):
    """The account behind a hedge, in `currency`; of a cross account the whole of it, converted."""

    model: str  # the account's rules, deribit.md 9
    currency: str
    balance: float  # margin balance
    initial: float  # asked for by the venue now
    maintenance: float  # below it the venue liquidates
    available: float  # balance less initial margin
    excess_fraction: float | None  # what initial margin leaves free; None without a balance
    maintenance_distance: float | None  # what maintenance margin leaves, over the balance
    hedge_coin: float | None  # the way to the target now, and what it would leave:
    initial_after: float | None  # after that hedge
    maintenance_after: float | None  # after that hedge
    liquidation_up_pct: float | None  # index move at which balance meets maintenance margin
    liquidation_down_pct: float | None  # None: not within a twentieth to four times the index
    liquidation_ratio: float | None  # the venue's own estimate
    projected_initial: float | None  # the venue's own, after the next expiry
    projected_maintenance: float | None  # the venue's own, after the next expiry


class GuardView(msgspec.Struct, frozen=True):
    """What stands around the book's hedging."""

    caps: tuple[CapView, ...] = ()  # as of the last look
    band_scale: float = 1.0  # 2 while a cap is in its soft tier or beyond
    loss: LossView | None = None  # None: not known yet
    margin: MarginView | None = None  # None: the account is not known
    latch: str = ""  # what was seen of a liquidation; no order until a person resumes
    latched_ms: int = 0  # market time
    account_locked: str = ""  # how the venue locked the account
    unexplained: str = ""  # a position that is not what trades have made it
    ended: str = ""  # what the last resume ended besides the breaker
