"""A picture in which everything is filled, for page and `hedger status` to show without a cut figure."""

from __future__ import annotations

import msgspec

from hedger.domain.vocabulary import Rung, Severity
from hedger.engine.profile import ProfileView
from hedger.engine.views.by_expiry_view import ByExpiryView
from hedger.engine.views.chain import Expiry, Side, Strike
from hedger.engine.views.outlook import MOVES, SHIFTS, Cell, NextOrder, Outlook
from hedger.engine.views.owned_view import CashFlowView, FutureView, OwnershipView, TagView, WalletView
from hedger.engine.views.shadow_view import GridView, LedgerView, ShadowView
from hedger.engine.views.view import AlarmView, BookView, EditView, ExpiringView, StatusView, TickerView
from hedger.engine.views.view_attribution import AttributionView
from hedger.engine.views.view_guard import CapView, GuardView, LossView, MarginView
from hedger.engine.views.working_view import WorkingView
from hedger.execution.allocate import Allocation, Choice, Placed
from hedger.execution.by_expiry_params import Use
from hedger.execution.carry import Cost
from hedger.portfolio.attribution import LINES
from hedger.portfolio.breakdown import Cut
from hedger.portfolio.moved import Moved
from hedger.risk.tiers import Tier
from tests.view_fixtures import MARKET_MS, book, edge_view, hedge_done, hedge_view, status

HOUR_MS = 3_600_000


def rich_status() -> StatusView:
    """Two alarms, an edited key, and a book with every part of it filled."""
    latched = AlarmView(
        name="liquidation",
        book="btc_main",
        severity=Severity.CRITICAL,
        detail="trade 77 is flagged as a liquidation; no order until `hedger resume --book btc_main`",
        since_ms=MARKET_MS - 130_000,
    )
    parted = AlarmView(
        name="delta_sources_part",
        book="btc_main",
        severity=Severity.ERROR,
        detail="exchange +0.0412 and model +0.4412 BTC are 0.4000 apart, tolerance 0.1000",
        since_ms=MARKET_MS - 5_000,
    )
    edit = EditView(key="books.btc_main.params.upper", value="0.2", since_ms=MARKET_MS - HOUR_MS, by="anna")
    return status(
        alarms=(parted, latched),
        edits=(edit,),
        books=(rich_book(),),
        attribution=(rich_day("00:00"), rich_day("08:00")),
    )


def rich_day(cut: str) -> AttributionView:
    """A wallet's day in which every line earned or lost something."""
    coins = {name: 0.001 * place * (-1) ** place for place, name in enumerate(LINES, 1)}
    coins["collateral"] = 0.0
    change = sum(coins.values())
    return AttributionView(
        venue="deribit",
        currency="BTC",
        cut=cut,
        since_ms=MARKET_MS - 7 * HOUR_MS,
        equity_before=10.0,
        equity=10.0 + change,
        change=change,
        change_usd=change * 64_250.0,
        lines=coins,
        lines_usd={name: value * 64_250.0 for name, value in coins.items()},
        theta=0.0123,
        gamma_paid=-0.0101,
        fees=-0.0011,
        funding=-0.0002,
        theta_kept=0.0009,
        theta_kept_per_day=0.0031,
        realised_vol=0.47,
        implied_vol=0.52,
        realised_less_implied=0.0022,
        bookings=41,
        cash_gap=0.0000031,
        cash_tolerance=0.00000042,
        taylor_residual=-0.0007,
        taylor_share=0.153,
        taylor_tolerance=0.0004,
    )


def rich_book() -> BookView:
    plain = book()
    delta = msgspec.structs.replace(
        plain.delta, source="exchange", model=0.4412, account=0.0398, kept_coin=0.25, rung=Rung.MODEL
    )
    return book(
        delta=delta,
        expiries=(cut("2026-02-03", 2), cut("2026-02-27", 2, 10.0), cut("perpetual", 1)),
        tags=(cut("covered", 2), cut("", 1)),
        expiring=(
            ExpiringView("BTC-3FEB26-64000-C", -12.5, 0.6, -0.21),
            ExpiringView("BTC-3FEB26-70000-C", 5.0, 18.2, 2.84),
        ),
        moved=Moved(
            since_ms=MARKET_MS - 9 * HOUR_MS,
            then_coin=-0.0120,
            now_coin=0.0412,
            spot=1.2310,
            vol=-0.1820,
            time=0.0911,
            trades=-0.5000,
            hedges=-0.6307,
            settlement=0.0200,
            other=0.0238,
        ),
        profile=profile(),
        guard=guard(),
        working=WorkingView(
            hedge=hedge_view(),
            last=hedge_done(),
            hedges_done=17,
            shortfall_usd=212.4,
            fees_usd=91.2,
            awaits_confirmation="first hedge of 1.2000 BTC, above confirm_above_coin = 1; `hedger confirm`",
            resting=(edge_view(),),
            naked_delta_coin=-0.4266,
        ),
        ownership=ownership(),
        shadows=(shadow_view(), shadow_view("windows", "theta_offset", 0.412)),
        by_expiry=by_expiry(),
        ticker=TickerView(64_261.0, 182_400.0, 64_261.5, 92_010.0, 64_261.3, 0.000042, 0.1),
    )


def shadow_view(name: str = "wide", policy: str = "band", ratio: float = 1.874) -> ShadowView:
    """A shadow that has traded less than the live hedge for nine hours."""
    live = ledger_view("8400", 17, 91.2, 8.4, -0.0021)
    return ShadowView(
        name=name,
        policy=policy,
        params={"lower": -0.3, "upper": 0.3},
        since_ms=MARKET_MS - 9 * HOUR_MS,
        says="delta is inside the band",
        failed=False,
        delta_coin=-0.2113,
        hedge_apart="-16230",
        ahead_usd=-48.2,
        own=ledger_view("-7830", 4, 31.7, 2.9, -0.00285),
        live=live,
        minutes=GridView(60, "coin", 538, 0.000_412_3, 0.000_564_4, ratio, 0.000_301, 0.0521, 0.1812),
        hours=GridView(3_600, "coin", 8, 0.003_112, 0.004_021, 1.669, 0.002_2, 0.0498, 0.1799),
    )


def ledger_view(amount: str, trades: int, fees: float, spread: float, gain_coin: float) -> LedgerView:
    return LedgerView(
        amount=amount,
        trades=trades,
        turnover_usd=trades * 15_000.0,
        fees_usd=fees,
        spread_usd=spread,
        cost_usd=fees + spread,
        funding_usd=0.4,
        gain_coin=gain_coin,
        gain_usd=gain_coin * 64_250.0,
    )


def by_expiry() -> ByExpiryView:
    """A usd book's collateral on its way to March."""
    costs = (
        Cost("BTC-PERPETUAL", 0.00036, 0.00036, -0.0009, 0.0, 0.0001, -0.00008),
        Cost("BTC-27MAR26", 0.00037, 0.00037, -0.0041, 0.0, 0.0001, -0.00326),
    )
    why = "leaves BTC-PERPETUAL: BTC-27MAR26 saves +25.0 bp over 30.0 days, both legs paid"
    choice = Choice("collateral", -3.25, 30.0, "BTC-PERPETUAL", "BTC-27MAR26", 522.4, why, costs)
    return ByExpiryView(
        use=Use.MOVE,
        funding_8h=0.00001,
        allocation=Allocation(
            hedge_coin=-5.5,
            standing_coin=-4.75,
            placed=(Placed("BTC-PERPETUAL", -4.0, -0.75), Placed("BTC-27MAR26", -1.5, -4.75)),
            choices=(choice,),
            offset_coin=0.0,
            saving_usd=522.4,
        ),
        through="BTC-FS-27MAR26_PERP",
        held_back="max_turnover_hour_usd is kept for hedges",
        steps=14,
        moved_usd=192_400.0,
        fees_usd=67.4,
        basis_coin=-0.000412,
    )


def cut(name: str, positions: int, scale: float = 1.0) -> Cut:
    return Cut(
        name=name,
        positions=positions,
        black=-0.2452 * scale,
        model=-0.2391 * scale,
        net_transaction=0.0412 * scale,
        gamma_coin_per_usd=-0.000052 * scale,
        theta_usd_per_day=412.5 * scale,
        vega_usd=None if name == "perpetual" else -1012.7 * scale,
        value_coin=-0.85 * scale,
    )


def profile() -> ProfileView:
    return ProfileView(
        name="weekend",
        window="weekend sat 00:00 to mon 00:00",
        available=("weekend",),
        blackout="fomc",
        centre_before_ms=MARKET_MS + HOUR_MS,
        next_change_ms=MARKET_MS + 5 * HOUR_MS,
        next_change="weekend ends",
        band_scale=4.0,
        soft_scale=2.0,
        override_factor=2.0,
        override_until_ms=MARKET_MS + 4 * HOUR_MS,
        override_by="anna",
        override_reason="before the print",
    )


def guard() -> GuardView:
    return GuardView(
        caps=(
            CapView("max_turnover_hour_usd", "USD", 182_400.0, 5_000_000.0, Tier.FREE),
            CapView("max_hedge_position_coin", "coin", 17.2, 20.0, Tier.SOFT),
            CapView("max_orders_per_minute", "orders", 60.0, 60.0, Tier.HARD),
        ),
        band_scale=2.0,
        loss=LossView("coin", 0.0123, -0.5, MARKET_MS - 2 * HOUR_MS, MARKET_MS - 99 * HOUR_MS, 1.0),
        margin=MarginView(
            model="segregated_pm",
            currency="BTC",
            balance=10.85,
            initial=3.1,
            maintenance=2.4,
            available=7.75,
            excess_fraction=0.714,
            maintenance_distance=0.779,
            hedge_coin=-1.2,
            initial_after=3.34,
            maintenance_after=2.52,
            liquidation_up_pct=38.2,
            liquidation_down_pct=None,
            liquidation_ratio=0.34,
            projected_initial=2.9,
            projected_maintenance=2.2,
        ),
        latch="trade 77 is flagged as a liquidation",
        latched_ms=MARKET_MS - 130_000,
    )


def ownership() -> OwnershipView:
    perpetual = FutureView("BTC-PERPETUAL", "USD", "1030060", "30060", "30060", "900000", "100000", False)
    arrived = FutureView("BTC-3FEB26", "USD", "-64000", "0", "0", "0", "0", True)
    return OwnershipView(
        scope="kinds option, expiries 2026-02-03 2026-02-27",
        external_delta_coin=-2.5,
        external_owner="treasury",
        external_until="2026-03-31",
        futures=(perpetual, arrived),
        outside={"BTC-26JUN26-90000-C": "3"},
        tags=(
            TagView("covered", "BTC-27FEB26-70000-C", "-6", 0.6),
            TagView("", "BTC-27FEB26-70000-C", "-4", 0.4),
        ),
        wallets=(
            WalletView("BTC", "10.85012345", "10.00012345", "-0.85", "0.01230000", "1"),
            WalletView("USDC", "250000.12", "249100.5", "0", "-899.62", "0"),
        ),
        wallet_drift_usd=-12_400.0,
        cash_flow_coin=1.0,
        cash_flows=(CashFlowView(MARKET_MS - HOUR_MS, "BTC", "1"),),
        waits_for=("block 1234 of BTC-27FEB26-70000-C",),
        hold_until_ms=MARKET_MS + 60_000,
        hold_by="cli:anna",
    )


def rich_outlook(book_name: str) -> Outlook:
    """A short strangle: losses on both sides, delta against the move, a liquidation far up."""
    index, ladder = 64_250.0, []
    for step in (-3, -2, -1, 1, 2, 3):
        move = 1.75 * step
        before = -0.1 if step > 0 else 0.1
        ladder.append(NextOrder(index * (1 + move / 100), move, 1.31 * before, -0.31 * before, before))
    cells = [cell(move, shift) for move in MOVES for shift in SHIFTS]
    return Outlook(book_name, index, 0.0412, tuple(ladder), tuple(cells), "BTC")


def cell(move: float, shift: float) -> Cell:
    pnl = -42.0 * move * move - 4.0 * shift
    return Cell(
        move_pct=100.0 * move,
        vol_shift_points=100.0 * shift,
        pnl_coin=pnl,
        pnl_usd=pnl * 64_250.0 * (1 + move),
        delta_coin=0.0412 - 22.0 * move,
        margin_balance=10.85,
        maintenance_margin=2.4 + 60.0 * max(move, 0.0),
        margin_left=1.0 - (2.4 + 60.0 * max(move, 0.0)) / 10.85,
    )


def rich_chain(underlying: str) -> tuple[Expiry, ...]:
    return tuple(
        expiry(underlying, date, hours) for date, hours in (("2026-02-03", 18.2), ("2026-02-27", 590.0))
    )


def expiry(underlying: str, date: str, hours: float) -> Expiry:
    strikes = tuple(
        Strike(k * 1000.0, side(underlying, date, k, "P"), side(underlying, date, k, "C"))
        for k in range(52, 78)
    )
    return Expiry("deribit", date, underlying, hours, 64_310.0, 0.523, strikes)


def side(underlying: str, date: str, strike: int, letter: str) -> Side | None:
    if strike == 53:
        return None
    away = abs(64 - strike) / 64
    quoted = strike != 54
    held = {(70, "C"): "-10", (58, "P"): "-10"}.get((strike, letter), "0") if hours_long(date) else "0"
    return Side(
        instrument=f"{underlying}-{date}-{strike}000-{letter}",
        bid=0.0211 * (1 - away) if quoted else None,
        ask=0.0219 * (1 - away) if quoted else None,
        mark=0.0215 * (1 - away) if quoted else None,
        iv=0.52 + away if quoted else None,
        delta=(0.5 if letter == "C" else -0.5) * (1 - away) if quoted else None,
        age_s=0.4 if quoted else None,
        size=held,
    )


def hours_long(date: str) -> bool:
    return date == "2026-02-27"
