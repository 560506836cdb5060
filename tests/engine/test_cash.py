"""Cash that nobody has earned: recognised, noted, and for a book that keeps USD a matter for a person."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, BreakerState, Legs, Mode, Neutral, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.ownership import cash
from hedger.engine.ownership.owned import CashFlow
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import CashMoved, Commanded
from hedger.engine.settings import Timing
from tests.engine.rig import CALL, PERP, START_MS, VENUE, Rig, settings

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
SETTLEMENT_MS = START_MS + 8 * 3_600_000


def wallet(rig: Rig, balance: str, currency: str = "BTC", equity: str | None = None) -> ev.AccountReported:
    told = rig.account(balance).account
    changes = {"currency": currency, "equity": Decimal(equity or balance)}
    return ev.AccountReported(msgspec.structs.replace(told, **changes))


def rig_of(neutral: Neutral, legs: Legs = Legs.INVERSE, **scope: object) -> Rig:
    """Ten coins of cash, hedged."""
    keys = Scope(**{"settle_s": 0.0, **scope})  # type: ignore[arg-type]
    plain = settings(neutral=neutral, scope=keys, timing=Timing(reconcile_s=1.0), **BAND)
    rig = Rig(replace(plain, books=(replace(plain.books[0], legs=legs),)))
    rig.start({CALL: "0"})
    answered = 0
    while answered < len(rig.placed):
        rig.step(*rig.fill_of(rig.placed[answered]))
        answered += 1
    return rig


def look(rig: Rig, balance: str, positions: dict[str, str] | None = None, seconds: float = 3.0) -> None:
    """Time in which the engine asks for a snapshot and gets it."""
    held = {p.instrument: p.size for p in rig.engine.view(rig.now).books[0].positions}
    for _ in range(int(seconds * 2)):
        asked = len(rig.of(fx.RequestSnapshot))
        rig.wait(0.5)
        rig.step(*rig.quotes(CALL))
        if len(rig.of(fx.RequestSnapshot)) > asked:
            rig.step(rig.snapshot(positions or held, equity=balance))


def flows(rig: Rig) -> list[CashFlow]:
    return [r.flow for write in rig.of(fx.Write) for r in write.records if isinstance(r, CashMoved)]


def test_a_deposit_is_recognised_and_noted_by_a_book_that_keeps_coin() -> None:
    rig = rig_of(Neutral.COIN)
    rig.step(wallet(rig, "12"))
    assert rig.last.reason is Reason.WITHIN_BAND
    look(rig, "12")

    assert [(flow.currency, flow.amount) for flow in flows(rig)] == [("BTC", Decimal(2))]
    book = rig.engine.view(rig.now).books[0]
    assert book.state is BreakerState.RUNNING
    assert book.ownership.cash_flow_coin == 2.0
    assert book.ownership.wallets[0].flows == "2"


def test_a_deposit_that_moves_a_usd_book_beyond_its_band_waits_then_pauses_it_and_pages() -> None:
    rig = rig_of(Neutral.USD)
    sent = len(rig.placed)
    rig.step(wallet(rig, "12"))
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.CASH_FLOW)
    look(rig, "12")

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.PAUSED)
    assert len(rig.placed) == sent
    latched = [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, Commanded)]
    assert (latched[-1].book, latched[-1].state, latched[-1].by) == ("btc", BreakerState.PAUSED, "hedger")
    alarm = {a.name: a for a in rig.engine.view(rig.now).alarms}["cash_flow_pause"]
    assert alarm.severity is Severity.CRITICAL
    assert "`hedger resume --book btc` hedges it" in alarm.detail

    rig.step(ev.CommandGiven(command="resume", book="btc", by="ana", reason="hedge it"), *rig.quotes(CALL))
    assert len(rig.placed) == sent + 1


def test_a_withdrawal_that_leaves_delta_in_the_band_is_noted_only() -> None:
    rig = rig_of(Neutral.USD)
    rig.step(wallet(rig, "9.949993"))  # the fees of two hedges are in it
    assert rig.last.reason is Reason.WITHIN_BAND
    look(rig, "9.949993")

    assert [flow.amount for flow in flows(rig)] == [Decimal("-0.05")]
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING


def test_a_book_that_does_not_count_the_equity_does_not_care() -> None:
    rig = rig_of(Neutral.USD, counts_equity=False)
    rig.step(wallet(rig, "12"))
    look(rig, "12")
    assert rig.engine.view(rig.now).books[0].state is BreakerState.RUNNING


def test_premium_and_fee_of_a_trade_are_no_deposit_whichever_message_is_first() -> None:
    for wallet_first in (True, False):
        rig = rig_of(Neutral.COIN, adopt=(PERP,))
        fill = rig.fill(CALL, Side.SELL, Decimal(10), Decimal("0.05"))
        told = [ev.Filled(fill), wallet(rig, "10.4999965")]
        rig.step(*(reversed(told) if wallet_first else told))
        look(rig, "10.4999965")
        assert flows(rig) == []


def test_a_wallet_that_lags_a_trade_is_waited_for() -> None:
    """Until the snapshot tells the wallet nobody knows; the trade alone is no withdrawal."""
    rig = rig_of(Neutral.COIN)
    rig.step(ev.Filled(rig.fill(CALL, Side.SELL, Decimal(10), Decimal("0.05"))))
    look(rig, "10.4999965")
    assert flows(rig) == []


def test_the_daily_settlement_moves_the_session_into_cash_and_is_no_flow() -> None:
    rig = rig_of(Neutral.COIN)
    rig.market_ms = SETTLEMENT_MS + 2_000
    rig.step(wallet(rig, "11.5"))
    look(rig, "11.5")
    assert flows(rig) == []
    rig.market_ms = SETTLEMENT_MS + 600_000
    rig.step(wallet(rig, "12.5"))
    look(rig, "12.5")
    assert [flow.amount for flow in flows(rig)] == [Decimal(1)]


def test_flows_of_earlier_runs_count_in_the_day_they_were_made() -> None:
    rig = Rig(neutral=Neutral.COIN, scope=Scope(), **BAND)
    rig.market_ms += 3_600_000
    rig.step(rig.listed(CALL), rig.link_up())
    known = tuple(
        CashFlow(market_ms=START_MS + at_ms, venue=VENUE, currency=currency, amount=Decimal(amount))
        for at_ms, currency, amount in ((-1, "BTC", "7"), (60_000, "BTC", "2"), (60_000, "USDC", "5000"))
    )
    rig.step(msgspec.structs.replace(rig.journal(), cash_flows=known))
    owned = rig.engine.view(rig.now).books[0].ownership

    assert owned.cash_flow_coin == 2.0
    assert [(flow.amount, flow.currency) for flow in owned.cash_flows] == [("7", "BTC"), ("2", "BTC")]


def test_paper_trades_explain_no_cash_of_a_real_wallet() -> None:
    rig = Rig(mode=Mode.PAPER, scope=Scope(settle_s=0.0), **BAND)
    rig.start({CALL: "0"})
    fill = rig.fill(CALL, Side.SELL, Decimal(10), Decimal("0.05"))
    rig.step(ev.Filled(msgspec.structs.replace(fill, trade_id="paper-1")))
    look(rig, "10", {CALL: "-10"})
    assert flows(rig) == []


def test_what_moved_between_the_coins_wallet_and_the_dollars_is_shown_and_limited() -> None:
    """An inverse leg earned half a coin, the linear one lost as much: USD have moved, nobody gained."""
    rig = rig_of(Neutral.COIN, Legs.BOTH, max_wallet_drift_usd=40_000.0)
    rig.step(wallet(rig, "100000", "USDC"))
    rig.step(wallet(rig, "10", equity="10.5"), wallet(rig, "100000", "USDC", equity="50000"))
    rig.wait(1.1)
    rig.step(*rig.quotes(CALL))
    book = rig.engine.view(rig.now).books[0]

    assert book.ownership.wallet_drift_usd == pytest.approx(-50_000.0)
    assert [each.currency for each in book.ownership.wallets] == ["BTC", "USDC"]
    assert "wallet_drift" in {alarm.name for alarm in rig.engine.view(rig.now).alarms}


def test_the_result_of_a_book_in_coin_has_not_moved_to_a_wallet_that_happens_to_be_there() -> None:
    rig = rig_of(Neutral.COIN, max_wallet_drift_usd=40_000.0)
    rig.step(wallet(rig, "100000", "USDC"))
    rig.step(wallet(rig, "10", equity="11"))
    rig.wait(1.1)
    rig.step(*rig.quotes(CALL))
    view = rig.engine.view(rig.now)
    assert view.books[0].ownership.wallet_drift_usd is None
    assert "wallet_drift" not in {alarm.name for alarm in view.alarms}


def test_a_deposit_is_no_drift() -> None:
    rig = rig_of(Neutral.COIN, Legs.BOTH)
    rig.step(wallet(rig, "100000", "USDC"))
    rig.step(wallet(rig, "11"))
    look(rig, "11")
    assert rig.engine.view(rig.now).books[0].ownership.wallet_drift_usd == pytest.approx(0.0)


def test_flows_are_kept_for_two_days() -> None:
    rig = rig_of(Neutral.COIN)
    book = rig.engine._state.books["btc"]
    for day in range(4):
        at_ms = START_MS + day * 86_400_000
        cash.keep(book, CashFlow(market_ms=at_ms, venue=VENUE, currency="BTC", amount=Decimal(1)), at_ms)
    assert len(book.ownership.flows) == 2
    assert cash.cash_flow(book, START_MS + 3 * 86_400_000) == 1.0
