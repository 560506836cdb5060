"""A book that is stopped while its delta is beyond the hard limit: a person is paged until somebody acts."""

from __future__ import annotations

from hedger.domain.instants import utc
from hedger.domain.vocabulary import BreakerState, Severity
from hedger.engine import alarms, gates
from hedger.engine.hedging.hedge import Stopped
from hedger.engine.sight import Sight, interval_of
from hedger.engine.state import BookState, State, Step
from hedger.policies.inputs import Inputs

ALARM = "stopped_beyond_hard_limit"
_STOPPED = (BreakerState.PAUSED, BreakerState.HALTED)


def watch(state: State, book: BookState, sight: Sight, step: Step) -> None:
    """Say delta, what was lost since the stop, and the one command that ends it; every minute."""
    working, breaker = book.working, gates.breaker_of(state, book)
    if breaker not in _STOPPED:
        if working.stopped is not None:
            working.stopped = None
            alarms.tell(state, step, ALARM, "", book=book.name)
        return
    if working.stopped is None:
        working.stopped = Stopped(step.now.market_ms, None, None)
    if working.stopped.equity_usd is None:  # a daemon that starts stopped learns it a little later
        working.stopped.equity_coin = sight.exposure.equity_coin
        working.stopped.equity_usd = book.book.equity_usd()
    if sight.inputs is not None:
        detail = _detail(state, book, breaker, sight, sight.inputs, working.stopped)
        alarms.tell(state, step, ALARM, detail, book=book.name, severity=Severity.CRITICAL)


def _detail(
    state: State, book: BookState, breaker: BreakerState, sight: Sight, inputs: Inputs, stopped: Stopped
) -> str:
    """Empty while delta is within the hard limit; a limit that is not known is not exceeded."""
    interval, y = interval_of(book, inputs), inputs.delta_coin
    if interval is None or not (y < interval.hard_lower or y > interval.hard_upper):
        return ""
    coin = book.settings.underlying
    limit = f"hard limit {interval.hard_lower:+.4f} to {interval.hard_upper:+.4f}"
    return (
        f"{breaker} with delta {y:+.4f} {coin}, {limit}; {_loss(book, sight, stopped)}; "
        f"`{command(state, book, breaker)}` ends it"
    )


def _loss(book: BookState, sight: Sight, stopped: Stopped) -> str:
    since = f"{utc(stopped.since_ms):%H:%M:%S UTC}"
    now_coin, now_usd = sight.exposure.equity_coin, book.book.equity_usd()
    before_coin, before_usd = stopped.equity_coin, stopped.equity_usd
    if now_coin is None or now_usd is None or before_coin is None or before_usd is None:
        return f"equity since {since} not known"
    coin = f"{now_coin - before_coin:+.6f} {book.settings.underlying}"
    return f"equity {coin} ({now_usd - before_usd:+,.0f} USD) since {since}"


def command(state: State, book: BookState, breaker: BreakerState) -> str:
    """Neutralise from a pause, at the switch that binds, or at both; a halt needs a resume."""
    word = "resume" if breaker is BreakerState.HALTED else "neutralise"
    own, whole = f"hedger {word} --book {book.name}", f"hedger {word}"
    bind = [told for told, at in ((whole, state.breaker), (own, book.breaker)) if at is breaker]
    return " && ".join(bind)
