"""A wallet's attribution as it runs: what is booked, what closes an interval, what the next run takes up."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.account import LedgerEntry, Position
from hedger.domain.order import Side
from hedger.domain.vocabulary import Mode
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.attribution.intervals import INTERVAL_MS
from hedger.engine.records import Attributed, CashMoved
from hedger.engine.settings import AttributionParams, Timing
from hedger.portfolio.attribution import added
from hedger.pricing.scalar import black76_one, years_to
from tests.engine.rig import CALL, PERP, PUT, START_MS, VENUE, Rig, settings

WIDE = {"lower": -50.0, "upper": 50.0, "hard_lower": -99.0, "hard_upper": 99.0}
CASH = 10.0
LOOKS = Timing(reconcile_s=1.0)
EXPIRY_MS = START_MS + 29 * 86_400_000 + 8 * 3_600_000


class Wallet:
    """A venue's account kept apart from the engine: it tells the equity that it must come to."""

    def __init__(self, rig: Rig, calls: float = -10.0) -> None:
        self.rig, self.cash, self.calls, self.perp, self.entries = rig, CASH, calls, 0.0, 0.0

    def price(self) -> float:
        tau = years_to(EXPIRY_MS, self.rig.market_ms)
        return black76_one(self.rig.index, 105_000.0, tau, self.rig.iv, 1.0).price_usd / self.rig.index

    @property
    def equity(self) -> float:
        return self.cash + self.calls * self.price() + self.entries - self.perp / self.rig.index

    def told(self, **changes: Any) -> ev.AccountReported:
        """Cash is told as balance and realised result, the rest by its marks."""
        told = self.rig.account().account
        options = Decimal(repr(self.calls * self.price()))
        upl = Decimal(repr(self.entries - self.perp / self.rig.index))
        equity = Decimal(repr(self.cash)) + options + upl
        parts = {"balance": Decimal(repr(self.cash)), "options_value": options, "futures_session_upl": upl}
        return ev.AccountReported(msgspec.structs.replace(told, **{**parts, "equity": equity, **changes}))

    def buys(self, usd: int, price: float, **changes: Any) -> ev.Filled:
        """The perpetual, without a label: a person's trade."""
        fill = self.rig.fill(PERP, Side.BUY, Decimal(usd), Decimal(repr(price)))
        fill = msgspec.structs.replace(fill, mark_price=self.rig.index, **changes)
        self.perp, self.entries = self.perp + usd, self.entries + usd / price
        self.cash -= float(fill.fee)
        return ev.Filled(fill)


def started(**keywords: Any) -> tuple[Rig, Wallet]:
    rig = Rig(**WIDE, **keywords)
    wallet = Wallet(rig)
    rig.start()
    rig.step(*rig.quotes(CALL), wallet.told())
    return rig, wallet


def a_minute(rig: Rig, wallet: Wallet, index: float | None = None, minutes: float = 1.0) -> None:
    """Time passes, the market moves, the venue tells the equity last."""
    rig.wait(60.0 * minutes)
    rig.index = index or rig.index
    rig.step(*rig.quotes(CALL), wallet.told(), after_s=0.0)


def written(rig: Rig) -> list[Attributed]:
    return [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, Attributed)]


def test_a_quarter_of_an_hour_is_closed_at_the_equity_the_venue_tells() -> None:
    rig, wallet = started()
    for minute in range(1, 17):
        a_minute(rig, wallet, 100_000.0 + 50.0 * minute)
    (row,) = written(rig)
    assert row.market_ms // INTERVAL_MS > row.from_ms // INTERVAL_MS
    lines = added(row.lines.values())
    assert lines.total == pytest.approx(row.equity_after - row.equity_before, abs=1e-12)
    assert abs(lines.unexplained) < 1e-9, "marks and equity were told at the same instant"
    assert lines.delta < 0.0 < lines.theta
    assert lines.gamma < 0.0
    assert abs(lines.residual) < 1e-6
    assert set(row.lines) == {"", CALL}
    assert row.held[CALL].quantity == -10.0
    assert row.rate_after_usd == 100_750.0, "of the minute in which it ended"


def test_a_trade_is_booked_against_the_mark_at_its_decision() -> None:
    """The engine's own hedge, decided at 100,000 and filled three dollars above."""
    rig = Rig(lower=-0.1, upper=0.1, hard_lower=-50.0, hard_upper=50.0)
    wallet = Wallet(rig)
    rig.start()
    rig.step(*rig.quotes(CALL), wallet.told())
    intent = rig.placed[-1]
    assert intent.side is Side.BUY
    fill = msgspec.structs.replace(rig.trade(intent, intent.amount, Decimal(100_003)), mark_price=100_002.0)
    rig.step(rig.report_of(intent, "filled", intent.amount, Decimal(100_003)), ev.Filled(fill))
    wallet.perp, wallet.entries = float(intent.amount), float(intent.amount) / 100_003
    wallet.cash -= float(fill.fee)
    for _ in range(16):
        a_minute(rig, wallet)
    lines = written(rig)[0].lines[PERP]
    amount = float(intent.amount)
    assert lines.slippage == pytest.approx(amount * (1 / 100_003 - 1 / 100_000), abs=1e-12)
    assert lines.fees == -float(fill.fee)
    assert lines.future_delta + lines.future_gamma + lines.future_residual == pytest.approx(0.0, abs=1e-12)
    assert abs(written(rig)[0].lines[""].unexplained) < 1e-9


def test_days_are_cut_at_midnight_and_at_eight() -> None:
    rig, wallet = started()
    for _ in range(9 * 4 + 1):
        a_minute(rig, wallet, rig.index + 10.0, minutes=15.0)
    told = {view.cut: view for view in rig.engine.view(rig.now).attribution}
    assert set(told) == {"00:00", "08:00"}
    whole, session = told["00:00"], told["08:00"]
    assert whole.since_ms - START_MS < 60_000
    assert abs(session.since_ms - (START_MS + 8 * 3_600_000)) < INTERVAL_MS
    assert sum(whole.lines.values()) == pytest.approx(whole.change, abs=1e-12)
    assert sum(whole.lines_usd.values()) == pytest.approx(whole.change_usd, abs=1e-6)
    assert whole.change == pytest.approx(wallet.equity - whole.equity_before, abs=1e-9)
    assert session.theta < whole.theta
    assert whole.theta_kept == pytest.approx(whole.theta + whole.gamma_paid + whole.fees + whole.funding)


def test_a_restart_goes_on_where_the_last_run_stopped() -> None:
    """Moves and trades while nobody looked are attributed, not lost."""
    rig, wallet = started()
    for minute in range(1, 17):
        a_minute(rig, wallet, 100_000.0 + 50.0 * minute)
    rig.step(ev.StopRequested("maintenance"))
    rows = written(rig)
    assert rows[-1].market_ms == rig.market_ms, "the stop closes the interval"

    again = Rig(**WIDE)
    again.market_ms, again.wire_s, again.index = rig.market_ms + 30 * 60_000, 5_000.0, 101_000.0
    wallet.rig = again
    missed = wallet.buys(100_000, 100_900.0).fill
    again.step(again.listed(CALL), again.link_up())
    again.step(msgspec.structs.replace(again.journal(fills=[missed], epoch=2), attributed=tuple(rows)))
    again.step(again.snapshot({CALL: "-10", PERP: "100000"}, equity=repr(wallet.equity)))
    again.step(*again.quotes(CALL))
    for _ in range(20):
        a_minute(again, wallet)
    first = written(again)[0]
    lines = added(first.lines.values())
    assert first.from_ms == rows[-1].market_ms
    assert first.equity_before == rows[-1].equity_after
    assert first.lines[PERP].fees < 0.0
    assert first.lines[PERP].slippage == pytest.approx(100_000 * (1 / 100_900 - 1 / 101_000), abs=1e-12)
    assert abs(lines.unexplained) < 1e-9
    whole = next(view for view in again.engine.view(again.now).attribution if view.cut == "00:00")
    assert whole.since_ms == rows[0].from_ms, "the day goes on, too"


def test_funding_is_booked_as_the_venue_tells_it() -> None:
    """What accrued between the last telling and 08:00 UTC stands in the settlement's row of the log."""
    rig, wallet = started()
    rig.step(wallet.buys(100_000, rig.index))

    def funded(amount: str) -> None:
        position = Position(VENUE, PERP, Decimal(100_000), realized_funding=Decimal(amount))
        rig.step(ev.PositionReported(position))

    funded("0")
    rig.wait(7 * 3_600)
    funded("-0.0007")
    wallet.cash -= 0.0007
    a_minute(rig, wallet, minutes=15.0)
    rig.wait(8 * 3_600 - (rig.market_ms - START_MS) / 1000 + 90)
    rig.step(*rig.quotes(CALL))
    assert rig.of(fx.RequestLog), "the session's end is asked for"
    funded("-0.00001")
    row = LedgerEntry(
        venue=VENUE,
        number="1",
        kind="settlement",
        currency="BTC",
        market_ms=START_MS + 8 * 3_600_000,
        change=Decimal("-0.0008"),
        instrument=PERP,
        interest=Decimal("-0.0008"),
    )
    rig.step(ev.LogTold(venue=VENUE, since_ms=0, entries=(row,)))
    rig.step(ev.LogTold(venue=VENUE, since_ms=0, entries=(row,)))
    wallet.cash -= 0.0001 + 0.00001
    a_minute(rig, wallet, minutes=16.0)
    lines = [added(row.lines.values()) for row in written(rig)]
    assert sum(line.funding for line in lines) == pytest.approx(-0.00081, abs=1e-12)
    assert abs(lines[-1].unexplained) < 1e-9


def test_an_option_is_delivered_at_the_price_the_venue_tells() -> None:
    rig = Rig(**WIDE)
    rig.market_ms = EXPIRY_MS - 45 * 60_000
    rig.index = 106_000.0
    wallet = Wallet(rig)
    rig.start()
    rig.step(*rig.quotes(CALL), wallet.told())
    for _ in range(44):
        a_minute(rig, wallet)
    rig.wait(90.0)
    last = rig.option_quote(CALL, mark=round(1000 / 106_000, 4), estimated_delivery_usd=106_000.0, delta=0.0)
    rig.step(rig.indexed(), rig.perp_quote(), last)
    wallet.cash += -10 * 1000 / 106_000
    wallet.calls = 0.0
    rig.step(rig.position(CALL, "0"), wallet.told())
    for _ in range(20):
        rig.wait(60.0)
        rig.step(rig.indexed(), rig.perp_quote())
        rig.step(wallet.told(), after_s=0.0)
    rows = written(rig)
    assert CALL not in rows[-1].held
    total = added(line for row in rows for line in row.lines.values())
    assert total.settlement != 0.0
    assert abs(total.unexplained) < 1e-8


def checked(wallet: Wallet) -> ev.SnapshotTaken:
    """Positions and account of one moment, as the periodic look tells them."""
    rig = wallet.rig
    upl = Decimal(repr(wallet.entries - wallet.perp / rig.index))
    perp = Position(
        VENUE,
        PERP,
        Decimal(round(wallet.perp)),
        mark_price=Decimal(repr(rig.index)),
        floating_pnl=upl,
    )
    told = rig.snapshot({CALL: "-10"})
    positions = (*told.positions, *([perp] if wallet.perp else []))
    return msgspec.structs.replace(told, positions=positions, accounts=(wallet.told().account,))


def gap_alarms(rig: Rig) -> list[str]:
    return [alarm.detail for alarm in rig.engine.view(rig.now).alarms if alarm.name == "attribution_gap"]


def test_cash_that_adds_up_raises_no_alarm_whatever_the_marks_do() -> None:
    rig, wallet = started(timing=LOOKS)
    for step in range(6):
        rig.step(wallet.buys(10_000, rig.index + 3.0))
        a_minute(rig, wallet, rig.index + 500.0, minutes=15.0)
        rig.step(checked(wallet))
        assert step == 0 or rig.engine.view(rig.now).attribution[0].cash_gap == pytest.approx(0.0, abs=1e-12)
    assert gap_alarms(rig) == []


def test_a_fee_that_was_told_wrongly_is_an_alarm_beyond_rounding() -> None:
    """Ten satoshis in one trade: far below what a tick of the market moves, and still not rounding."""
    rig, wallet = started(timing=LOOKS)
    rig.step(wallet.buys(10_000, rig.index))
    a_minute(rig, wallet, minutes=15.0)
    rig.step(checked(wallet))
    wallet.cash -= 1e-7
    for _ in range(3):
        a_minute(rig, wallet, minutes=15.0)
        rig.step(checked(wallet))
    a_minute(rig, wallet, minutes=15.0)
    (detail,) = gap_alarms(rig)
    assert "BTC: -0.0000001000 of cash and realised result" in detail


def residual_alarms(rig: Rig) -> list[str]:
    return [a.detail for a in rig.engine.view(rig.now).alarms if a.name == "attribution_residual"]


def leaping(wallet: Wallet, index: float) -> None:
    """A quarter of an hour in which nothing was looked at, and the market is elsewhere."""
    a_minute(wallet.rig, wallet, index, minutes=15.0)


def test_what_greeks_leave_of_an_interval_is_an_alarm_until_they_explain_the_next() -> None:
    rig, wallet = started()
    leaping(wallet, rig.index + 300.0)
    assert residual_alarms(rig) == []
    leaping(wallet, rig.index * 1.2)  # up to the strike
    (detail,) = residual_alarms(rig)
    row, view = written(rig)[-1], rig.engine.view(rig.now).attribution[0]
    left = added(row.lines.values()).residual
    assert f"BTC: greeks leave {left:+.8f}, " in detail
    assert "5%, or 0.00050000 for the rounding of marks, is let pass" in detail  # ten calls, half a tick each
    assert view.taylor_residual == left
    assert view.taylor_share is not None
    assert view.taylor_share > 0.05
    assert view.taylor_tolerance == pytest.approx(0.05 * abs(left) / view.taylor_share)
    leaping(wallet, rig.index + 300.0)
    assert residual_alarms(rig) == []


def test_a_residual_that_rounding_makes_is_no_alarm_whatever_its_share() -> None:
    """Nothing moves but the last digit of a mark, which is then most of the result."""
    rig, wallet = started()
    for off in (0.0, 0.00004):
        rig.wait(15.0 * 60.0)
        mark = rig.option_quote(CALL).quote.mark + off
        rig.step(rig.option_quote(CALL, mark=mark), rig.perp_quote(), wallet.told(), after_s=0.0)
    view = rig.engine.view(rig.now).attribution[0]
    assert view.taylor_residual is not None
    assert view.taylor_tolerance is not None
    assert abs(view.taylor_residual) <= view.taylor_tolerance == pytest.approx(0.0005)
    assert residual_alarms(rig) == []


@pytest.mark.parametrize(("share", "alarms"), [(0.0, 0), (0.07, 1), (0.09, 0)])
def test_the_share_that_greeks_may_leave_is_a_setting(share: float, alarms: int) -> None:
    chosen = replace(settings(**WIDE), attribution=AttributionParams(residual_share=share))
    rig = Rig(chosen)
    wallet = Wallet(rig)
    rig.start()
    rig.step(*rig.quotes(CALL), wallet.told())
    leaping(wallet, rig.index * 1.2)
    assert len(residual_alarms(rig)) == alarms


def test_a_restart_remembers_what_greeks_left_of_the_last_interval() -> None:
    rig, wallet = started()
    leaping(wallet, rig.index * 1.2)
    before = rig.engine.view(rig.now).attribution[0]
    again = Rig(**WIDE)
    again.market_ms, again.wire_s, again.index = rig.market_ms + 60_000, 5_000.0, rig.index
    wallet.rig = again
    again.step(again.listed(CALL), again.link_up())
    again.step(msgspec.structs.replace(again.journal(epoch=2), attributed=tuple(written(rig))))
    again.step(again.snapshot({CALL: "-10"}, equity=repr(wallet.equity)), *again.quotes(CALL))
    after = again.engine.view(again.now).attribution[0]
    assert after.taylor_residual == before.taylor_residual
    assert after.taylor_tolerance == pytest.approx(before.taylor_tolerance)


def test_a_deposit_is_a_transfer_and_no_result() -> None:
    rig, wallet = started(timing=LOOKS)
    a_minute(rig, wallet, minutes=15.0)
    rig.step(checked(wallet))
    wallet.cash += 1.0
    rig.step(wallet.told())
    for _ in range(8):
        rig.wait(1.0)
        made = rig.step(*rig.quotes(CALL), after_s=0.0)
        if any(isinstance(effect, fx.RequestSnapshot) for effect in made):
            rig.step(checked(wallet), after_s=0.0)
    a_minute(rig, wallet, minutes=15.0)
    lines = added(written(rig)[-1].lines.values())
    assert lines.transfers == pytest.approx(1.0)
    assert abs(lines.unexplained) < 1e-9


def test_cash_told_before_a_deposit_is_recognised_is_no_beginning_of_its_check() -> None:
    """It holds the deposit already, which is booked a moment later: once more."""
    rig, wallet = started(timing=LOOKS)
    a_minute(rig, wallet, minutes=15.0)
    rig.step(checked(wallet))
    rig.engine._state.venues[VENUE].attribution["BTC"].cash.restart()  # as at 08:00 UTC, or after a restart
    wallet.cash += 1.0
    rig.step(wallet.told())
    for _ in range(8):
        made = rig.step(*rig.quotes(CALL), after_s=1.0)
        if any(isinstance(effect, fx.RequestSnapshot) for effect in made):
            rig.step(checked(wallet), after_s=0.0)
    assert any(isinstance(row, CashMoved) for write in rig.of(fx.Write) for row in write.records)
    for _ in range(2):
        rig.step(checked(wallet))
    assert rig.engine.view(rig.now).attribution[0].cash_gap == pytest.approx(0.0, abs=1e-9)


def test_a_position_nobody_traded_is_taken_over_at_its_mark_once_it_lasts() -> None:
    """A transfer between accounts, say: no line of ours, and from then on it is marked like the others."""
    rig, wallet = started(timing=LOOKS)
    a_minute(rig, wallet, minutes=15.0)
    wallet.perp, wallet.entries = 50_000.0, 50_000.0 / rig.index
    rig.step(checked(wallet))
    a_minute(rig, wallet, minutes=15.0)
    assert PERP not in written(rig)[-1].held, "its trade may still be told"
    rig.step(checked(wallet))
    a_minute(rig, wallet, rig.index + 1_000.0, minutes=15.0)
    last = written(rig)[-1]
    assert last.held[PERP].quantity == 50_000.0
    assert last.lines[PERP].future_delta == pytest.approx(50_000.0 / 100_000.0 * 0.01)
    assert abs(last.lines[""].unexplained) < 1e-12


def test_on_paper_equity_is_by_marks_because_the_account_knows_nothing_of_it() -> None:
    rig, wallet = started(mode=Mode.PAPER)
    rig.step(ev.Filled(wallet.buys(100_000, rig.index + 10.0).fill))
    wallet.perp = wallet.entries = 0.0  # the account never saw it
    a_minute(rig, wallet, rig.index + 1_000.0, minutes=15.0)
    (row,) = written(rig)
    assert row.paper
    lines = added(row.lines.values())
    assert lines.unexplained == pytest.approx(0.0, abs=1e-12)
    assert lines.total == pytest.approx(row.equity_after - row.equity_before, abs=1e-12)
    assert row.lines[PERP].future_delta > 0.0
    assert row.equity_after != pytest.approx(wallet.equity, abs=1e-4)


def lost_coin(rig: Rig) -> float:
    (book,) = rig.engine.view(rig.now).books
    assert book.guard is not None
    assert book.guard.loss is not None
    return book.guard.loss.today


def test_on_paper_a_book_has_the_equity_and_the_losses_that_its_paper_trades_make() -> None:
    """The real account, unhedged, loses what the paper hedge earns: no loss of the book on paper."""
    rig, wallet = started(mode=Mode.PAPER)
    before, lost = wallet.equity, lost_coin(rig)
    rig.step(ev.Filled(wallet.buys(400_000, rig.index).fill))
    a_minute(rig, wallet, rig.index + 1_000.0)
    hedged, wallet.perp, wallet.entries = wallet.equity, 0.0, 0.0  # the account never saw it
    assert wallet.equity < before - 0.03
    a_minute(rig, wallet)
    assert rig.engine.view(rig.now).books[0].equity_coin == pytest.approx(hedged, abs=1e-4)
    assert lost_coin(rig) - lost == pytest.approx(before - hedged, abs=1e-4)


def test_a_new_option_is_booked_once_its_ticker_tells_a_mark() -> None:
    """A person's trade comes before the ticker that is only then asked for."""
    rig, wallet = started()
    put = rig.fill(PUT, Side.SELL, Decimal(2), Decimal("0.02"))
    rig.step(rig.listed(CALL, PUT), ev.Filled(put))
    rig.wait(5.0)
    rig.step(*rig.quotes(CALL, PUT), wallet.told(), after_s=0.0)
    mark = rig.option_quote(PUT).quote.mark
    wallet.cash += 2 * 0.02 - float(put.fee) - 2 * mark
    a_minute(rig, wallet, minutes=15.0)
    (row,) = written(rig)
    assert row.lines[PUT].option_slippage == pytest.approx(-2 * (mark - 0.02), abs=1e-9)
    assert row.held[PUT].quantity == -2.0


def test_the_options_of_a_tag_have_lines_of_their_own() -> None:
    rig, wallet = started()
    rig.step(ev.Filled(rig.fill(CALL, Side.SELL, Decimal(10), Decimal("0.04"), label="strangle-7")))
    wallet.calls -= 10.0
    a_minute(rig, wallet, rig.index + 500.0, minutes=15.0)
    (row,) = written(rig)
    assert row.tags["strangle-7"].delta == pytest.approx(0.5 * row.lines[CALL].delta)
    assert added(row.tags.values()).total == pytest.approx(added(row.lines.values()).total, abs=1e-12)


def test_a_log_that_has_no_settlement_yet_is_asked_again_after_a_while() -> None:
    rig, wallet = started()
    rig.step(wallet.buys(100_000, rig.index))
    rig.step(ev.PositionReported(Position(VENUE, PERP, Decimal(100_000), realized_funding=Decimal(0))))

    def asked_after(seconds: float) -> int:
        before = len(rig.of(fx.RequestLog))
        rig.wait(seconds)
        rig.step(*rig.quotes(CALL))
        return len(rig.of(fx.RequestLog)) - before

    assert asked_after(8 * 3_600.0) == 0, "it has hardly begun"
    assert asked_after(90.0) == 1
    rig.step(ev.LogTold(venue=VENUE, since_ms=0, entries=()))
    assert asked_after(60.0) == 0
    assert asked_after(250.0) == 1
    rig.step(ev.LogFailed(venue=VENUE, reason="no answer"))
    assert asked_after(60.0) == 1, "a question without an answer is asked again at once"
    assert asked_after(3_600.0) == 0, "a venue that has not told by then does not"
