"""Pictures of a daemon built from the real structs: what web, metrics and CLI tests look at."""

from __future__ import annotations

from typing import Any

import msgspec

from hedger.domain.vocabulary import (
    Action,
    BreakerState,
    Environment,
    Mode,
    Neutral,
    Reason,
    State,
)
from hedger.engine.decision import Decision
from hedger.engine.records import HedgeDone, HedgeEnd
from hedger.engine.views.execution_view import EdgeView, HedgeView
from hedger.engine.views.view import (
    BandView,
    BookView,
    CountersView,
    DeltaView,
    HedgePositionView,
    OrdersView,
    OrderView,
    PositionView,
    StatusView,
    VenueView,
)

MARKET_MS = 1_770_000_000_123


def decision(**changes: Any) -> Decision:
    """A book inside its band."""
    base = Decision(
        market_ms=MARKET_MS,
        wire_s=12.5,
        book="btc_main",
        mode=Mode.LIVE,
        action=Action.HOLD,
        reason=Reason.WITHIN_BAND,
        detail="delta +0.0412 BTC is inside the band -0.1000 to +0.1000",
        config_hash="9f3c21ab",
        delta_coin=0.0412,
        target_delta_coin=0.0,
        lower_coin=-0.1,
        upper_coin=0.1,
        gamma_coin_per_usd=-0.000052,
        theta_usd_per_day=412.5,
        index_usd=64_250.0,
        iv=0.52,
        distance_coin=0.0588,
        distance_move_pct=1.76,
    )
    return msgspec.structs.replace(base, **changes)


def hedge(**changes: Any) -> Decision:
    """A hedge that was sent: 0.13 BTC sold, 840 contracts of 10 USD."""
    base = decision(
        market_ms=MARKET_MS - 340_000,
        action=Action.HEDGE,
        reason=Reason.OUTSIDE_BAND,
        detail="delta +0.1307 BTC left the band -0.1000 to +0.1000",
        delta_coin=0.1307,
        instrument="BTC-PERPETUAL",
        side="sell",
        label="h-btc_main-7-42",
        amount="8400",
        amount_coin=-0.1307,
        amount_usd=-8400.0,
        amount_contracts=-840.0,
        distance_coin=0.0,
        distance_move_pct=0.0,
    )
    return msgspec.structs.replace(base, **changes)


def positions() -> tuple[PositionView, ...]:
    """A short strangle and its hedge; the put's quote is old."""
    call = PositionView(
        instrument="BTC-27FEB26-70000-C",
        kind="option",
        size="-10",
        unit="coin",
        mark=0.0215,
        iv=0.512,
        delta_coin=-2.914,
        net_transaction_delta_coin=-2.699,
        gamma_coin_per_usd=-0.000031,
        theta_usd_per_day=221.4,
        vega_usd=-512.3,
        quote_age_s=0.4,
        missing="",
    )
    put = msgspec.structs.replace(
        call,
        instrument="BTC-27FEB26-58000-P",
        mark=0.0171,
        iv=0.561,
        delta_coin=2.101,
        net_transaction_delta_coin=2.272,
        quote_age_s=71.2,
        missing="stale: 71 s old, bound 60 s",
    )
    hedge_leg = PositionView(
        instrument="BTC-PERPETUAL",
        kind="perpetual",
        size="30060",
        unit="USD",
        mark=64_261.5,
        iv=None,
        delta_coin=0.4678,
        net_transaction_delta_coin=0.4678,
        gamma_coin_per_usd=None,
        theta_usd_per_day=None,
        vega_usd=None,
        quote_age_s=0.1,
        missing="",
    )
    return (call, put, hedge_leg)


def book(**changes: Any) -> BookView:
    base = BookView(
        name="btc_main",
        venue="deribit",
        underlying="BTC",
        hedge_instrument="BTC-PERPETUAL",
        neutral=Neutral.COIN,
        policy="band",
        state=BreakerState.RUNNING,
        delta=DeltaView(black=-0.3452, net_transaction=0.0412, with_equity=10.0412, used=0.0412),
        target=0.0,
        band=BandView(
            lower=-0.1,
            upper=0.1,
            hard_lower=-0.5,
            hard_upper=0.5,
            lower_index_usd=63_119.0,
            upper_index_usd=66_965.0,
        ),
        index_usd=64_250.0,
        equity_coin=10.0,
        options_value_coin=-0.85,
        gamma_coin_per_usd=-0.000052,
        theta_usd_per_day=412.5,
        vega_usd=-1012.7,
        hedge_position=HedgePositionView(coin=0.4678, usd=30_060.0),
        in_flight_coin=0.0,
        turnover_usd_24h=182_400.0,
        fees_usd_24h=91.2,
        hedges_24h=17,
        positions=positions(),
        last_decision=decision(),
        last_hedge=hedge(),
        missing=(),
    )
    return msgspec.structs.replace(base, **changes)


def venue(**changes: Any) -> VenueView:
    base = VenueView(
        name="deribit",
        environment=Environment.TESTNET,
        connected=True,
        data_age_s=0.2,
        credits=19_500.0,
        account_id="48213",
        clock_skew_ms=-12.0,
        round_trip_s=0.041,
        reconnects=1,
        locked=False,
    )
    return msgspec.structs.replace(base, **changes)


def orders() -> OrdersView:
    filled = OrderView(
        label="h-btc_main-7-42",
        instrument="BTC-PERPETUAL",
        side="sell",
        amount="8400",
        filled="8400",
        price="64190.5",
        average_price="64201.0",
        state="filled",
        detail="",
        created_ms=MARKET_MS - 340_000,
    )
    refused = msgspec.structs.replace(
        filled,
        label="h-btc_main-7-41",
        filled="0",
        average_price="0",
        state="rejected",
        detail="10041 settlement",
    )
    return OrdersView(open=0, unknown=0, foreign_open=1, recent=(filled, refused))


def counters() -> CountersView:
    return CountersView(
        steps=10_412,
        events=31_877,
        decisions={"hold|within_band": 9_800, "hedge|outside_band": 17, "blocked|stale_quote": 3},
        orders={"placed": 17, "filled": 16, "rejected": 1},
        reconnects={"deribit": 1},
        bad_data={"deribit": 2},
        mismatches={"deribit": 1},
    )


def status(**changes: Any) -> StatusView:
    """A live daemon on the testnet, inside its band."""
    base = StatusView(
        version="0.1.0",
        mode=Mode.LIVE,
        state=State.RUNNING,
        config_hash="9f3c21ab",
        settings_error="",
        market_ms=MARKET_MS,
        uptime_s=5_412.0,
        last_step_age_s=0.05,
        epoch=7,
        journal_ok=True,
        venues=(venue(),),
        books=(book(),),
        orders=orders(),
        counters=counters(),
        missing=(),
    )
    return msgspec.structs.replace(base, **changes)


def unknown_book(**changes: Any) -> BookView:
    """A book at start-up: nothing is known yet."""
    nothing = DeltaView(black=None, net_transaction=None, with_equity=None, used=None)
    base = book(
        delta=nothing,
        band=BandView(None, None, None, None, None, None),
        index_usd=None,
        equity_coin=None,
        options_value_coin=None,
        gamma_coin_per_usd=None,
        theta_usd_per_day=None,
        vega_usd=None,
        hedge_position=HedgePositionView(coin=None, usd=None),
        positions=(),
        last_decision=None,
        last_hedge=None,
        missing=("account of BTC", "index btc_usd"),
    )
    return msgspec.structs.replace(base, **changes)


def hedge_view() -> HedgeView:
    """A hedge in its second clip."""
    return HedgeView(
        instrument="BTC-PERPETUAL",
        side="buy",
        reason=Reason.OUTSIDE_BAND,
        detail="delta left the band",
        target_coin=-0.1,
        decided="356000",
        filled="100000",
        tries=0,
        crossing=False,
        started_ms=MARKET_MS - 2_000,
        age_s=2.0,
        reference_price=64_260.0,
        children=("h-btc_main-7-43", "h-btc_main-7-44"),
    )


def edge_view() -> EdgeView:
    return EdgeView("h-btc_main-7-45", "sell", "65100.5", "20000", "0", "open")


def hedge_done() -> HedgeDone:
    """A hedge that cost a little more than a basis point."""
    return HedgeDone(
        market_ms=MARKET_MS,
        venue="deribit",
        book="btc_main",
        instrument="BTC-PERPETUAL",
        side="buy",
        reason=Reason.OUTSIDE_BAND,
        end=HedgeEnd.REACHED,
        started_ms=MARKET_MS - 3_000,
        worked_s=3.0,
        children=("h-btc_main-7-42",),
        decided="100000",
        filled="100000",
        reference_price=64_260.0,
        average_price=64_262.0,
        fees_usd=3.5,
        shortfall_coin=0.0001945,
        shortfall_usd=12.5,
        shortfall_bps=1.25,
    )
