"""What of a book's delta is not in its rows: what is held elsewhere, and equity another book counts."""

from __future__ import annotations

import msgspec

from hedger.engine.state import BookState
from hedger.portfolio.exposure import Exposure


def completed(book: BookState, exposure: Exposure) -> Exposure:
    """The exposure with `external_delta_coin` in every convention, and with equity only where it counts."""
    scope = book.settings.scope
    external, counts = scope.external_delta_coin, scope.counts_equity is not False
    if counts and not external:
        return exposure
    equity = exposure.equity_coin if counts else _zero(exposure.equity_coin)
    net = _plus(exposure.net_transaction, external)
    value = exposure.options_value_coin
    return msgspec.structs.replace(
        exposure,
        black=_plus(exposure.black, external),
        net_transaction=net,
        with_equity=None if equity is None or net is None else equity + net,
        equity_coin=equity,
        non_option_cash=None if equity is None or value is None else equity - value,
    )


def _plus(delta: float | None, external: float) -> float | None:
    return None if delta is None else delta + external


def _zero(equity: float | None) -> float | None:
    """The wallet is known, and another book's."""
    return None if equity is None else 0.0
