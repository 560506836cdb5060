"""What happened while the daemon was down: explained and shown, or a matter for a person."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.account import Fill, LedgerEntry
from hedger.domain.order import Side
from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Action, Mode, Neutral, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.attribution.funding import session_of
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.ownership.scope import Scope
from hedger.engine.reconcile.positions import EXPLAIN_S
from hedger.engine.records import (
    Accepted,
    Adjusted,
    Attributed,
    CashMoved,
    FundedAt,
    LossReferenced,
    Snapshot,
    Traded,
)
from hedger.engine.settings import Timing
from hedger.engine.views.difference_view import DifferenceView
from tests.engine.guarded import GuardedRig
from tests.engine.rig import CALL, PERP, PUT, VENUE

EXPIRED = "BTC-1JAN26-90000-C"  # at 08:00 on the day on which the tests begin


class NextRun(GuardedRig):
    """A daemon that finds the journal of another: its last snapshot, its trades and their sums."""

    def __init__(self, before: GuardedRig, down_s: float = 600.0, **keywords: Any) -> None:
        super().__init__(**keywords)
        self.market_ms, self.index = before.market_ms + int(down_s * 1000), before.index
        self.trade_number = before.trade_number + 100
        self.balance = before.balance
        self.references = tuple(before.records(LossReferenced))
        self.baseline: Snapshot | None = before.records(Snapshot)[-1]
        self.known = [record.fill for record in before.records(Traded)]
        self.attributed: tuple[Attributed, ...] = ()

    def journal(self, *given: Any, **named: Any) -> ev.JournalLoaded:
        told = super().journal((), self.known, None, 2)
        own = [fill for fill in self.known if fill.label]
        sums = tuple(LabelSum("h-btc", fill.instrument, fill.signed_amount) for fill in own)
        return msgspec.structs.replace(told, baseline=self.baseline, sums=sums, attributed=self.attributed)

    def begin(self, held: dict[str, str], fills: Sequence[Fill] = (), equity: str = "10") -> None:
        """Link, journal, snapshot, quotes."""
        live = [name for name in held if name not in (PERP, EXPIRED)] or [CALL]
        self.step(self.listed(*live), self.link_up())
        self.step(self.journal())
        self.step(self.snapshot(held, fills=fills, equity=equity))
        self.step(*self.quotes(*live))

    @property
    def shown(self) -> dict[str, DifferenceView]:
        return {row.instrument: row for row in self.engine.view(self.now).books[0].differences}

    def log(self, *entries: LedgerEntry) -> None:
        self.step(ev.LogTold(VENUE, self.market_ms - 3_600_000, entries), *self.quotes(CALL))

    def row(self, kind: str, change: str = "0", instrument: str = "", amount: str = "0") -> LedgerEntry:
        at_ms, number = self.market_ms - 60_000, str(len(self.effects))
        return LedgerEntry(VENUE, number, kind, "BTC", at_ms, Decimal(change), instrument, Decimal(amount))


def first_run(held: dict[str, str] | None = None, **keywords: Any) -> GuardedRig:
    """Hedged, and looked at once more afterwards: what it leaves behind is understood."""
    rig = GuardedRig(timing=Timing(reconcile_s=5.0), **keywords)
    rig.start(held)
    while len(rig.of(fx.Place)) > len(rig.records(Traded)):
        rig.step(*rig.fill_of(rig.placed[-1]))
    rig.quiet(6)
    left = {row.instrument: row.size for row in rig.engine.view(rig.now).books[0].positions}
    rig.balance -= sum((record.fill.fee for record in rig.records(Traded)), Decimal(0))
    rig.step(rig.snapshot(left), *rig.quotes(CALL))
    rig.quiet(3)
    return rig


def hedge_of(rig: GuardedRig) -> str:
    return rig.records(Snapshot)[-1].positions[PERP]


def test_a_snapshot_keeps_the_venues_time_and_the_cash_that_is_understood() -> None:
    before = first_run()
    kept = before.records(Snapshot)[-1]
    assert (kept.venue, kept.paper) == (VENUE, False)
    assert before.market_ms - 10_000 < kept.told_ms <= before.market_ms
    assert kept.cash == {"BTC": str(before.balance)}


def test_where_nothing_happened_nothing_is_shown_and_hedging_goes_on() -> None:
    before = first_run()
    rig = NextRun(before)
    rig.begin({CALL: "-10", PERP: hedge_of(before)})

    assert rig.shown == {}
    assert rig.last.reason is Reason.WITHIN_BAND
    assert rig.of(fx.RequestLog) == []


def test_a_trade_journalled_after_the_last_snapshot_is_expected() -> None:
    before = first_run()
    before.move(103_000.0)
    before.step(*before.fill_of(before.placed[-1]))
    rig = NextRun(before)
    held = sum((fill.signed_amount for fill in rig.known if fill.instrument == PERP), Decimal(0))
    rig.begin({CALL: "-10", PERP: str(held)})
    assert rig.shown == {}


def test_a_persons_trade_meanwhile_is_explained_shown_and_hedged() -> None:
    before = first_run()
    rig = NextRun(before)
    bought = rig.fill(CALL, Side.BUY, Decimal(4), Decimal("0.05"))
    rig.begin({CALL: "-6", PERP: hedge_of(before)}, [bought])

    row = rig.shown[CALL]
    assert (row.expected, row.observed, row.difference, row.unexplained) == ("-10", "-6", "4", "0")
    assert row.explained == ("trades of others: +4",)
    assert "position_changed_while_away" in rig.notes()
    assert rig.last.reason is not Reason.UNEXPLAINED_POSITION


def test_an_order_of_ours_that_filled_meanwhile_is_named_as_such() -> None:
    before = first_run()
    before.move(104_000.0)
    late = before.trade(before.placed[-1], before.placed[-1].amount, Decimal(104_000))
    rig = NextRun(before)
    late = msgspec.structs.replace(late, market_ms=rig.market_ms - 1_000)
    held = Decimal(hedge_of(before)) + late.signed_amount
    rig.begin({CALL: "-10", PERP: str(held)}, [late])
    assert rig.shown[PERP].explained == (f"orders of ours: +{late.amount}",)


def test_a_forced_trade_meanwhile_is_explained_and_latches() -> None:
    before = first_run()
    rig = NextRun(before)
    forced = rig.forced(Side.SELL, "100000").fill
    rig.begin({CALL: "-10", PERP: str(Decimal(hedge_of(before)) - 100_000)}, [forced])

    assert rig.shown[PERP].explained == ("trades forced by the venue: -100000",)
    assert rig.last.reason is Reason.LIQUIDATION


def test_an_option_that_expired_meanwhile_is_explained_by_its_expiry() -> None:
    before = first_run({CALL: "-10", EXPIRED: "3"})
    before.step(before.snapshot({CALL: "-10", EXPIRED: "3", PERP: hedge_of(before)}))
    rig = NextRun(before, down_s=9 * 3600)
    rig.begin({CALL: "-10", PERP: hedge_of(before)})

    assert rig.shown[EXPIRED].explained == ("expiry: -3",)
    assert rig.last.reason is not Reason.UNEXPLAINED_POSITION


def test_a_future_born_of_an_exercise_meanwhile_is_in_transit_and_no_mystery() -> None:
    before = first_run()
    rig = NextRun(before, down_s=8 * 3600 + 60)
    rig.step(rig.listed(CALL, "BTC-1JAN26"), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10", PERP: hedge_of(before), "BTC-1JAN26": "30000"}))
    assert rig.shown["BTC-1JAN26"].explained == ("expiry: +30000",)
    assert "unexplained_position" not in rig.alarms


def lost_hedge() -> NextRun:
    """Half of the hedge is gone and no trade says why."""
    before = first_run()
    rig = NextRun(before)
    rig.begin({CALL: "-10", PERP: str(Decimal(hedge_of(before)) - 100_000)})
    return rig


def test_what_nothing_explains_blocks_and_asks_the_venues_log() -> None:
    rig = lost_hedge()
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNEXPLAINED_POSITION)
    assert rig.shown[PERP].unexplained == "-100000"
    (asked,) = rig.of(fx.RequestLog)
    assert rig.baseline is not None
    assert asked.since_ms == rig.baseline.told_ms
    assert rig.placed == []


def test_the_log_explains_what_was_moved_away() -> None:
    rig = lost_hedge()
    rig.log(rig.row("transfer", instrument=PERP, amount="-100000"))
    assert rig.shown[PERP].explained == ("transfer of -100000 in the venue's log",)
    assert rig.last.reason is not Reason.UNEXPLAINED_POSITION


def test_until_it_is_accepted_every_restart_finds_it_again() -> None:
    rig = lost_hedge()
    rig.log()
    rig.quiet(EXPLAIN_S + 1)
    assert rig.alarms["unexplained_position"].severity is Severity.CRITICAL
    assert rig.records(Snapshot) == []  # what the first run left is what counts

    again = NextRun(first_run(), scope=Scope(settle_s=0.0))
    again.baseline, again.known = rig.baseline, rig.known
    again.market_ms = rig.market_ms + 60_000
    again.begin({CALL: "-10", PERP: str(Decimal(rig.baseline.positions[PERP]) - 100_000)})
    assert again.shown[PERP].unexplained == "-100000"
    again.step(ev.AcceptGiven(book="btc", by="anna", reason="given up"))
    assert [record.reason for record in again.records(Accepted)] == ["given up"]
    assert again.records(Snapshot)[-1].positions[PERP] == again.shown[PERP].observed
    (adjusted,) = again.records(Adjusted)
    assert (adjusted.sum.label, adjusted.sum.size) == ("h-btc", Decimal(-100_000))
    again.step(*again.quotes(CALL))
    assert again.placed  # the hedge that is missing is made anew


def test_a_new_position_of_options_nobody_traded_is_unexplained() -> None:
    before = first_run()
    rig = NextRun(before)
    rig.begin({CALL: "-10", PUT: "5", PERP: hedge_of(before)})
    assert rig.shown[PUT].unexplained == "5"
    assert rig.last.reason is Reason.UNEXPLAINED_POSITION


def test_a_snapshot_told_before_the_journal_was_read_is_held_against_it_afterwards() -> None:
    before = first_run()
    rig = NextRun(before)
    held = {CALL: "-10", PERP: str(Decimal(hedge_of(before)) - 100_000)}
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.snapshot(held))
    rig.step(rig.journal())
    rig.step(rig.snapshot(held), *rig.quotes(CALL))
    assert rig.shown[PERP].unexplained == "-100000"


def test_positions_on_paper_say_nothing_of_the_real_account() -> None:
    before = first_run(mode=Mode.PAPER)
    rig = NextRun(before)
    rig.begin({CALL: "-10"})
    assert rig.shown == {}


@pytest.mark.parametrize("neutral", [Neutral.COIN, Neutral.USD])
def test_a_deposit_made_meanwhile_is_recognised_by_the_venues_log(neutral: Neutral) -> None:
    before = first_run(neutral=neutral)
    rig = NextRun(before, neutral=neutral)
    rig.balance += 2
    rig.begin({CALL: "-10", PERP: hedge_of(before)}, equity="12")
    assert len(rig.of(fx.RequestLog)) == 1
    at_ms = rig.market_ms - 60_000
    rig.log(rig.row("deposit", "2"))

    (moved,) = rig.records(CashMoved)
    assert (moved.flow.kind, moved.flow.amount, moved.flow.market_ms) == ("deposit", Decimal(2), at_ms)
    rig.quiet(2)
    expected = Reason.PAUSED if neutral is Neutral.USD else Reason.WITHIN_BAND
    assert rig.last.reason is expected
    assert rig.guard.loss is not None
    assert rig.guard.loss.today == pytest.approx(0.0, abs=1e-6)


def test_a_deposit_before_a_settlement_meanwhile_is_recognised_by_the_one_answer_that_tells_of_both() -> None:
    """Minutes after 08:00 UTC the log is asked for the settlement's funding, too, before cash is told."""
    before = first_run()
    rig = NextRun(before, down_s=(8 * 3_600_000 + 150_000 - before.market_ms % DAY_MS) / 1000)
    rig.attributed = (_with_funding(before),)
    rig.balance += Decimal("1.9999")
    rig.begin({CALL: "-10", PERP: hedge_of(before)}, equity="12")
    settled = msgspec.structs.replace(
        rig.row("settlement", "-0.0001", PERP, hedge_of(before)), interest=Decimal("-0.0001")
    )
    deposit = msgspec.structs.replace(rig.row("deposit", "2"), market_ms=rig.market_ms - 3_600_000)
    rows = (deposit, settled)
    (asked,) = rig.of(fx.RequestLog)
    rig.step(ev.LogTold(VENUE, asked.since_ms, tuple(row for row in rows if row.market_ms >= asked.since_ms)))
    assert [(r.flow.kind, r.flow.amount) for r in rig.records(CashMoved)] == [("deposit", 2)]


def _with_funding(before: GuardedRig) -> Attributed:
    """The last interval of a run whose perpetual has paid funding in its session."""
    at_ms, rate = before.market_ms, before.index
    paid = FundedAt(0.0, session_of(at_ms), at_ms)
    ends = (at_ms - 900_000, 10.0, 10.0, rate, rate)
    return Attributed(at_ms, VENUE, "BTC", *ends, {}, {}, 0, at_ms, 0.0, 1e-6, funding={PERP: paid})


def test_a_settlement_meanwhile_is_no_deposit() -> None:
    before = first_run()
    rig = NextRun(before, down_s=9 * 3600)
    rig.balance += Decimal("0.5")
    rig.begin({CALL: "-10", PERP: hedge_of(before)}, equity="10.5")
    rig.log(rig.row("settlement", "0.5", PERP, hedge_of(before)))
    rig.quiet(5)
    assert rig.records(CashMoved) == []
    assert rig.records(Snapshot)  # all is understood


def test_premium_and_fees_of_trades_meanwhile_are_no_deposit() -> None:
    before = first_run()
    rig = NextRun(before)
    sold = rig.fill(CALL, Side.SELL, Decimal(1), Decimal("0.05"))
    rig.balance += Decimal("0.05") - sold.fee
    rig.begin({CALL: "-11", PERP: hedge_of(before)}, [sold])
    rig.quiet(5)
    assert rig.of(fx.RequestLog) == []
    assert rig.records(CashMoved) == []


def test_cash_the_log_does_not_explain_is_a_flow_of_unknown_kind() -> None:
    before = first_run()
    rig = NextRun(before, timing=Timing(reconcile_s=1.0))
    rig.balance += 3
    rig.begin({CALL: "-10", PERP: hedge_of(before)}, equity="13")
    rig.log(rig.row("deposit", "2"))
    for _ in range(6):
        rig.quiet(1)
        rig.step(rig.snapshot({CALL: "-10", PERP: hedge_of(before)}, equity="13"))
    assert [(r.flow.kind, r.flow.amount) for r in rig.records(CashMoved)] == [("deposit", 2), ("", 1)]
