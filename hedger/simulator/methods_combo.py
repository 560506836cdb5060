"""Combos (recorded May 2026): future spreads, with books of their own, and what was traded as one here."""

from __future__ import annotations

from hedger.simulator.combos import Combo
from hedger.simulator.methods import Call, method
from hedger.simulator.model import Listing
from hedger.simulator.rpc import ApiError

OPTION_COMBO, FUTURE_COMBO = "option_combo", "future_combo"


@method("public/get_combos")
def get_combos(call: Call) -> object:
    """Combos of a currency whose legs are all still listed."""
    return [combo.as_json() for combo in _live_combos(call, call.params.required_text("currency"))]


@method("public/get_combo_ids")
def get_combo_ids(call: Call) -> object:
    return [combo.id for combo in _live_combos(call, call.params.required_text("currency"))]


@method("public/get_combo_details")
def get_combo_details(call: Call) -> object:
    name = call.params.required_text("combo_id")
    spread = call.exchange.markets.spread(name)
    found = call.exchange.account.combos.get(name) or (None if spread is None else spread.as_combo())
    if found is None:
        raise ApiError(13020)
    return found.as_json()


def combo_instruments(call: Call, kind: str, currency: str) -> list[object]:
    """Rows of get_instruments for the kinds `option_combo` and `future_combo`; none for others."""
    rows: list[object] = []
    for combo in _live_combos(call, currency):
        legs = [call.exchange.markets.listings()[leg.instrument_name] for leg in combo.legs]
        if kind == _kind(legs):
            markets = call.exchange.markets
            state = "open" if markets.spread(combo.id) is None else markets.market(combo.id).state
            rows.append(combo_instrument(combo, legs, state))
    return rows


def _live_combos(call: Call, currency: str) -> list[Combo]:
    listed = call.exchange.markets.listings()
    spreads = {spread.listing.name: spread.as_combo() for spread in call.exchange.markets.spreads()}
    return [
        combo
        for combo in {**spreads, **call.exchange.account.combos}.values()
        if currency in ("any", combo.currency) and all(leg.instrument_name in listed for leg in combo.legs)
    ]


def _kind(legs: list[Listing]) -> str:
    return OPTION_COMBO if any(leg.is_option for leg in legs) else FUTURE_COMBO


def combo_instrument(combo: Combo, legs: list[Listing], state: str = "open") -> dict[str, object]:
    """A combo as an instrument: it has the units of its first kind of leg and ends with its first leg."""
    like = next((leg for leg in legs if leg.is_option), legs[0])
    ends = min(legs, key=lambda leg: leg.expiration_ms)
    return {
        "instrument_name": combo.id,
        "instrument_id": combo.instrument_id,
        "kind": _kind(legs),
        "state": state,
        "is_active": state == "open",
        "base_currency": like.base_currency,
        "quote_currency": like.quote_currency,
        "counter_currency": like.counter_currency,
        "settlement_currency": like.settlement_currency,
        "settlement_period": ends.settlement_period,
        "instrument_type": like.instrument_type,
        "price_index": like.price_index,
        "contract_size": float(like.contract_size),
        "min_trade_amount": float(like.min_trade_amount),
        "tick_size": float(min(leg.tick_size for leg in legs if leg.is_option is like.is_option)),
        "tick_size_steps": [],
        "maker_commission": 0.0,
        "taker_commission": 0.0,
        "creation_timestamp": combo.creation_ms // 1000 * 1000,
        "expiration_timestamp": ends.expiration_ms,
    }
