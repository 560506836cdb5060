"""Three opinions on one number: one is obeyed; where another parts only what both ask for is sent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.instrument import Instrument, Payoff
from hedger.domain.names import parse_name
from hedger.domain.vocabulary import Action, Legs, Mode, Neutral, Reason
from hedger.engine import events as ev
from hedger.engine.settings import DeltaParams, EngineSettings
from hedger.portfolio.exposure import Source
from hedger.pricing.scalar import black76_one, years_to
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, START_MS, VENUE, Rig, option, perpetual, settings

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
_MODEL = black76_one(100_000.0, 105_000.0, years_to(parse_name(CALL).expiration_ms or 0, START_MS), 0.55, 1.0)
BLACK, NET = 10 * _MODEL.delta, 10 * (_MODEL.delta - _MODEL.price_usd / 100_000)  # of ten calls, coin


def rig_with(source: Source = Source.EXCHANGE, **keywords: Any) -> Rig:
    return Rig(delta=DeltaParams(source=source), **{**WIDE, **keywords})


def quotes_with_delta(rig: Rig, delta: float) -> list[ev.Event]:
    return [rig.indexed(), rig.perp_quote(), rig.option_quote(CALL, delta=delta)]


def alarmed(rig: Rig) -> bool:
    return any(a.name == "delta_sources_part" for a in rig.engine.view(rig.now).alarms)


def test_sources_that_agree_raise_nothing() -> None:
    rig = rig_with()
    rig.start()

    assert not alarmed(rig)
    assert len(rig.placed) == 1


def test_where_sources_part_the_smaller_hedge_of_the_two_is_sent() -> None:
    """The venue says .50 a call, the model .4088: both ask to buy, so the model's smaller size goes."""
    rig = rig_with()
    rig.start(quotes=False)
    rig.step(*quotes_with_delta(rig, 0.50))

    assert alarmed(rig)
    assert float(rig.placed[0].amount) / 100_000 == pytest.approx(NET - 0.1, abs=2e-3)


def test_where_one_source_asks_for_nothing_nothing_is_sent() -> None:
    rig = rig_with(lower=-4.0, upper=4.0)
    rig.start(quotes=False)
    rig.step(*quotes_with_delta(rig, 0.50))  # the venue's -4.6 is outside, the model's -3.66 inside

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.SOURCES_PART)
    assert "model" in rig.last.detail
    assert not rig.placed


def test_the_model_may_be_the_source() -> None:
    rig = rig_with(Source.MODEL)
    rig.start(quotes=False)
    rig.step(*quotes_with_delta(rig, 0.4089))

    used = rig.engine.view(rig.now).books[0].delta.used
    assert used == pytest.approx(-NET, abs=1e-3)


def account(rig: Rig, delta_total: float, wire_s: float | None = None) -> ev.AccountReported:
    told = rig.account().account
    heard = rig.wire_s if wire_s is None else wire_s
    return ev.AccountReported(msgspec.structs.replace(told, delta_total=delta_total, received_wire_s=heard))


def test_the_account_total_counts_where_it_is_the_source_and_fresh() -> None:
    rig = rig_with(Source.ACCOUNT, lower=-5.0, upper=5.0)
    rig.start()
    rig.step(account(rig, -3.70))
    assert rig.delta == pytest.approx(-3.70)

    rig.wait(20.0)
    rig.step(*rig.quotes(CALL))
    assert rig.delta == pytest.approx(-NET, abs=2e-3), "too old: the tickers stand in"


def test_an_account_total_from_before_our_last_fill_is_never_used() -> None:
    """The fill moves the tickers' sum at once; the account's total would have us hedge it again."""
    rig = rig_with(Source.ACCOUNT)
    rig.start()
    rig.step(account(rig, -3.6635))
    heard = rig.wire_s
    rig.step(*rig.fill_of(rig.placed[0]))
    assert -0.11 < rig.delta < -0.09

    rig.step(account(rig, -3.6635, wire_s=heard))
    assert -0.11 < rig.delta < -0.09
    assert len(rig.placed) == 1


@pytest.mark.parametrize("source", [Source.EXCHANGE, Source.ACCOUNT])
def test_on_paper_the_account_total_is_no_opinion_since_no_hedge_is_in_it(source: Source) -> None:
    """The venue knows nothing of what was filled on paper: its total stays where the first hedge began."""
    rig = rig_with(source, mode=Mode.PAPER)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(account(rig, -3.6635, wire_s=rig.wire_s + 0.01))
    rig.step(*rig.quotes(CALL))

    assert not alarmed(rig)
    assert -0.11 < rig.delta < -0.09
    assert rig.engine.view(rig.now).books[0].delta.account is None


def test_an_account_total_of_a_new_connection_waits_for_its_positions() -> None:
    """A person traded while the link was down: the total knows it, our positions are from before."""
    rig = rig_with()
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    rig.step(ev.LinkDown(venue=VENUE, reason="gone"), rig.link_up())
    rig.step(*rig.quotes(CALL), account(rig, 2.0))
    assert not alarmed(rig)

    rig.step(rig.snapshot({CALL: "-10", PERP: "300000"}))
    rig.step(*rig.quotes(CALL), account(rig, 2.0))
    assert alarmed(rig), "the two are of the same connection now, and part"


def test_a_usd_book_adds_its_equity_to_the_account_total() -> None:
    rig = rig_with(Source.ACCOUNT, neutral=Neutral.USD, lower=-50.0, upper=50.0)
    rig.start(equity="5")
    told = msgspec.structs.replace(
        rig.account("5").account, delta_total=-3.70, received_wire_s=rig.wire_s + 0.01
    )
    rig.step(ev.AccountReported(told))
    assert rig.delta == pytest.approx(1.30)


LINEAR_CALL = "BTC_USDC-30JAN26-105000-C"
LINEAR_PERP = "BTC_USDC-PERPETUAL"


def linear(instrument: Instrument, name: str) -> Instrument:
    """The dollar-settled twin of an instrument."""
    changes: dict[str, Any] = {
        "name": name,
        "payoff": Payoff.LINEAR,
        "quote_currency": "USDC",
        "settlement_currency": "USDC",
        "price_index": "btc_usdc",
    }
    if instrument.is_future:
        changes |= {"contract_size": Decimal("0.0001"), "min_trade_amount": Decimal("0.0001")}
    return msgspec.structs.replace(instrument, **changes)


def both_legs(margin_model: str, **params: float) -> Rig:
    """Short ten inverse calls and five linear ones, hedged as one sum in the inverse perpetual."""
    plain = settings(**{**WIDE, **params})
    big = Envelope(max_order_usd=2e6, max_order_coin=50.0)
    rig = Rig(with_book(plain, legs=Legs.BOTH, envelope=big))
    listed = (perpetual(), option(CALL), linear(option(CALL), LINEAR_CALL), linear(perpetual(), LINEAR_PERP))
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=listed, complete=True), rig.link_up())
    rig.step(rig.journal())
    told = rig.snapshot({CALL: "-10", LINEAR_CALL: "-5"})
    coin = msgspec.structs.replace(told.accounts[0], margin_model=margin_model)
    dollars = msgspec.structs.replace(coin, currency="USDC", equity=Decimal(50_000))
    rig.step(msgspec.structs.replace(told, accounts=(coin, dollars)))
    twin = rig.option_quote(CALL).quote
    linear_quote = msgspec.structs.replace(twin, instrument=LINEAR_CALL, mark=twin.mark * rig.index)
    rig.step(*rig.quotes(CALL), ev.Quoted(linear_quote))
    return rig


def with_book(plain: EngineSettings, **changes: Any) -> EngineSettings:
    return replace(plain, books=(replace(plain.books[0], **changes),))


def test_inverse_and_linear_legs_are_summed_where_one_collateral_carries_both() -> None:
    """y = inverse DeltaTotal + linear n D: 10 x NTD and 5 x D of a short call."""
    rig = both_legs("cross_pm")
    assert float(rig.placed[0].amount) / 100_000 == pytest.approx(NET + BLACK / 2 - 0.1, abs=2e-3)


def test_a_band_in_equity_counts_coin_and_dollars_at_the_index() -> None:
    """Ten coin and 50,000 USDC at 100,000 are 10.5 coin; one per cent of it is the band."""
    rig = both_legs("cross_pm", unit=1)
    assert (rig.last.lower_coin, rig.last.upper_coin) == pytest.approx((-0.105, 0.105))


def test_legs_in_separate_collateral_do_not_hedge_each_other() -> None:
    rig = both_legs("segregated_sm")
    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.CROSS_MARGIN_NEEDED)
    assert not rig.placed


def test_a_coin_book_leaves_the_dollar_legs_to_their_own_book() -> None:
    rig = Rig(**WIDE)
    listed = (perpetual(), option(CALL), linear(option(CALL), LINEAR_CALL))
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=listed, complete=True), rig.link_up())
    rig.step(rig.journal())
    rig.step(rig.snapshot({CALL: "-10", LINEAR_CALL: "-5"}))
    rig.step(*rig.quotes(CALL))

    assert float(rig.placed[0].amount) / 100_000 == pytest.approx(NET - 0.1, abs=2e-3)
    assert rig.placed[0].instrument == PERP


def test_an_operators_neutralise_goes_only_as_far_as_every_source_asks() -> None:
    rig = rig_with(lower=-9.0, upper=9.0)
    rig.start(quotes=False)
    rig.step(*quotes_with_delta(rig, 0.50))
    rig.step(ev.CommandGiven(command="neutralise", book="btc", by="test", reason="drill"))

    assert float(rig.placed[0].amount) / 100_000 == pytest.approx(NET, abs=2e-3), (
        "the model's, not the venue's"
    )
