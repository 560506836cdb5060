"""A row of get_instruments as a domain Instrument (deribit.md 6); fields, never names, decide."""

from __future__ import annotations

from decimal import Decimal

from hedger.domain.errors import BadDataError
from hedger.domain.instrument import Instrument, InstrumentState, Kind, Payoff, TickStep
from hedger.venues.deribit import wire
from hedger.venues.deribit.numbers import finite, plausible_ms, positive
from hedger.venues.deribit.texts import identifier, shown

_CHANNEL = "get_instruments"
_PAYOFFS = {"reversed": Payoff.INVERSE, "linear": Payoff.LINEAR}
_OPTION_SIGNS = {"call": 1, "put": -1}
_KINDS = {kind.value: kind for kind in Kind}
_STATES = {state.value: state for state in InstrumentState}

# Words of before 13.01.2026 and where they stand in today's life cycle (deribit.md 7 and 12).
_OLD_STATES = {
    "created": InstrumentState.INACTIVE,  # announced, not yet tradable
    "started": InstrumentState.OPEN,
    "settled": InstrumentState.SETTLEMENT,
    "closed": InstrumentState.DELIVERED,
    "deactivated": InstrumentState.INACTIVE,
    "terminated": InstrumentState.ARCHIVIZED,
}


def state_of(word: str) -> InstrumentState:
    """The life-cycle state a word of the venue means; UNKNOWN for one nobody has seen: do not trade."""
    return _OLD_STATES.get(word) or _STATES.get(word, InstrumentState.UNKNOWN)


def instrument_of(row: wire.InstrumentRow, venue: str) -> Instrument:
    """The instrument of a row. Raises BadDataError naming the field that does not fit."""
    kind = _kind(row)
    return Instrument(
        venue=venue,
        name=identifier(_CHANNEL, "instrument_name", row.instrument_name),
        kind=kind,
        payoff=_payoff(row, kind),
        base_currency=identifier(_CHANNEL, "base_currency", row.base_currency),
        quote_currency=identifier(_CHANNEL, "quote_currency", row.quote_currency),
        settlement_currency=_settlement(row, kind),
        price_index=shown(row.price_index),
        contract_size=positive(_CHANNEL, "contract_size", row.contract_size),
        min_trade_amount=positive(_CHANNEL, "min_trade_amount", row.min_trade_amount),
        tick_size=positive(_CHANNEL, "tick_size", row.tick_size),
        tick_steps=tuple(_tick_step(step) for step in row.tick_size_steps),
        state=_state(row),
        expiration_ms=_expiration_ms(row, kind),
        strike_usd=_strike(row, kind),
        option_sign=_option_sign(row, kind),
        maker_commission=finite(_CHANNEL, "maker_commission", row.maker_commission),
        taker_commission=finite(_CHANNEL, "taker_commission", row.taker_commission),
        settlement_period=shown(row.settlement_period or ""),
        max_leverage=finite(_CHANNEL, "max_leverage", row.max_leverage) if row.max_leverage else None,
    )


def _kind(row: wire.InstrumentRow) -> Kind:
    """Perpetuals are listed as futures whose settlement period is perpetual."""
    if row.kind == "future" and row.settlement_period == "perpetual":
        return Kind.PERPETUAL
    kind = _KINDS.get(row.kind)
    if kind is None:
        raise BadDataError(_CHANNEL, "kind", row.kind, "a kind of instrument")
    return kind


def _payoff(row: wire.InstrumentRow, kind: Kind) -> Payoff:
    """Where the type is not told, what it settles in tells: an inverse contract settles in its base coin."""
    payoff = _PAYOFFS.get(row.instrument_type)
    if payoff is None and kind is Kind.SPOT:
        return Payoff.LINEAR
    if not row.instrument_type and row.settlement_currency:
        return Payoff.INVERSE if row.settlement_currency == row.base_currency else Payoff.LINEAR
    if payoff is None:
        raise BadDataError(_CHANNEL, "instrument_type", row.instrument_type, "reversed or linear")
    return payoff


def _settlement(row: wire.InstrumentRow, kind: Kind) -> str:
    """Absent on spot only, which settles in what it is quoted in."""
    if row.settlement_currency:
        return identifier(_CHANNEL, "settlement_currency", row.settlement_currency)
    if kind is Kind.SPOT:
        return row.quote_currency
    raise BadDataError(_CHANNEL, "settlement_currency", row.settlement_currency, "a currency")


def _state(row: wire.InstrumentRow) -> InstrumentState:
    """Rows of before 2026 tell `is_active` only."""
    if row.state:
        return state_of(row.state)
    return InstrumentState.OPEN if row.is_active else InstrumentState.INACTIVE


def _expiration_ms(row: wire.InstrumentRow, kind: Kind) -> int | None:
    """None: perpetual or spot, whatever far future the venue writes there."""
    if kind in (Kind.PERPETUAL, Kind.SPOT) or row.expiration_timestamp is None:
        return None
    return plausible_ms(_CHANNEL, "expiration_timestamp", row.expiration_timestamp)


def _strike(row: wire.InstrumentRow, kind: Kind) -> Decimal | None:
    if kind is not Kind.OPTION:
        return None
    if row.strike is None or row.expiration_timestamp is None:
        raise BadDataError(_CHANNEL, "strike", row.strike, "a strike with an expiration_timestamp")
    return positive(_CHANNEL, "strike", row.strike)


def _option_sign(row: wire.InstrumentRow, kind: Kind) -> int:
    if kind is not Kind.OPTION:
        return 0
    sign = _OPTION_SIGNS.get(row.option_type or "")
    if sign is None:
        raise BadDataError(_CHANNEL, "option_type", row.option_type, "call or put")
    return sign


def _tick_step(step: wire.TickStep) -> TickStep:
    return TickStep(
        above_price=positive(_CHANNEL, "above_price", step.above_price),
        tick_size=positive(_CHANNEL, "tick_size", step.tick_size),
    )
