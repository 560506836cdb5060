"""Wire shapes of positions and summaries with their margins: what clients get to see."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from hedger.simulator.funds import Funds
from hedger.simulator.margin import Margin
from hedger.simulator.margins import Cross, Margins
from hedger.simulator.markets import Markets
from hedger.simulator.numbers import ZERO, rounded
from hedger.simulator.positions import Position
from hedger.simulator.render_account import (
    PROFIT_PLACES,
    Json,
    Totals,
    render_position,
    render_summary,
    value_position,
)
from hedger.simulator.requirements import CROSS_SM, SEGREGATED_PM, SEGREGATED_SM, Requirement

RATIO_PLACES, RATIO_MAP_PLACES = 8, 16


def currency_summary(funds: Funds, currency: str) -> Json:
    """The per-currency object of get_account_summary and `user.portfolio`."""
    figures = funds.figures(currency)
    totals, margins = figures.totals, figures.margins
    row = {**render_summary(totals), **_margin_part(totals, margins), **_model_part(margins.model)}
    row["projected_delta_total"] = float(figures.projected_delta_total)
    if margins.model == SEGREGATED_SM:
        row.update(_ratio_part(figures.liquidation_ratios, totals))
    if margins.cross is not None:
        row.update(_cross_part(margins.cross))
    return row


def _margin_part(totals: Totals, margins: Margins) -> Json:
    free = max(ZERO, min(totals.balance, margins.available))
    return {
        "margin_balance": float(margins.margin_balance),
        "available_funds": float(margins.available),
        "available_withdrawal_funds": float(free),
        "initial_margin": float(margins.initial),
        "maintenance_margin": float(margins.maintenance),
        "projected_initial_margin": float(margins.projected_initial),
        "projected_maintenance_margin": float(margins.projected_maintenance),
    }


def _model_part(model: str) -> Json:
    return {
        "margin_model": model,
        "portfolio_margining_enabled": model == SEGREGATED_PM,
        "cross_collateral_enabled": model == CROSS_SM,
    }


def _ratio_part(ratios: Mapping[str, Decimal], totals: Totals) -> Json:
    """0 where no price liquidates; the one number is that of the index that is nearest to it."""
    reached = [ratio for ratio in ratios.values() if ratio]
    nearest = min(reached, key=lambda ratio: max(ratio, 1 / ratio), default=ZERO)
    return {
        "estimated_liquidation_ratio": float(rounded(nearest, RATIO_PLACES)),
        "estimated_liquidation_ratio_map": {
            name: float(rounded(ratios.get(name, ZERO), RATIO_MAP_PLACES)) for name in totals.deltas
        },
    }


def _cross_part(cross: Cross) -> Json:
    return {
        "total_equity_usd": float(cross.equity_usd),
        "total_margin_balance_usd": float(cross.margin_balance_usd),
        "total_initial_margin_usd": float(cross.initial_usd),
        "total_maintenance_margin_usd": float(cross.maintenance_usd),
        "total_delta_total_usd": float(cross.delta_usd),
    }


def position_rows(funds: Funds, markets: Markets, held: list[Position]) -> list[Json]:
    """Positions as get_positions tells them; margins are worked out once per settlement currency."""
    codes = dict.fromkeys(row.listing.settlement_currency for row in held)
    needs = {code: funds.requirement(code) for code in codes}
    ratios = {code: funds.figures(code).liquidation_ratios for code in codes}
    rows = []
    for position in held:
        code = position.listing.settlement_currency
        ratio = ratios[code].get(position.listing.price_index, ZERO)
        rows.append(_full_position(position, markets, needs[code], ratio))
    return rows


def _full_position(position: Position, markets: Markets, need: Requirement, ratio: Decimal) -> Json:
    listing, valued = position.listing, value_position(position, markets)
    price = None
    if ratio and position.size and not listing.is_option:
        price = round(float(ratio * valued.quoted.mark), 2)
    orders = need.orders.get(listing.name, ZERO)
    return {
        **render_position(valued),
        **_position_margins(need.positions.get(listing.name, Margin())),
        "open_orders_margin": float(rounded(orders, PROFIT_PLACES)),
        "estimated_liquidation_price": price,
    }


def changed_position(funds: Funds, markets: Markets, position: Position) -> Json:
    """A position as `user.changes` tells it: without what its open orders need, or its liquidation price."""
    need = funds.requirement(position.listing.settlement_currency)
    held = need.positions.get(position.listing.name, Margin())
    return {**render_position(value_position(position, markets)), **_position_margins(held)}


def _position_margins(held: Margin) -> Json:
    return {
        "initial_margin": float(rounded(held.initial, PROFIT_PLACES)),
        "maintenance_margin": float(rounded(held.maintenance, PROFIT_PLACES)),
    }
