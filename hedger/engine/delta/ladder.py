"""The degradation ladder: a hedger that stops is a position too, so it comes down step by step.

    venue         the venue's greeks, fresh
    model         tickers too old: our model on the last good volatility and the live index
    last_resort   older still: only from beyond the hard limit back to it, in small clips
    blocked       too old to trade on; a person is paged

Each step down is an alarm. Without a live index or a live hedge quote the book is blocked at once (gates).
"""

from __future__ import annotations

from hedger.domain.vocabulary import Rung, Severity
from hedger.engine import alarms
from hedger.engine.settings import DeltaParams
from hedger.engine.state import BookState, State, Step
from hedger.portfolio.exposure import Exposure

_SEVERITY = {
    Rung.MODEL: Severity.ERROR,
    Rung.LAST_RESORT: Severity.CRITICAL,
    Rung.BLOCKED: Severity.CRITICAL,
}


def rung_of(exposure: Exposure, params: DeltaParams) -> Rung:
    """How far down the book is, by the oldest option ticker it holds."""
    if not exposure.by_model:
        return Rung.VENUE
    if exposure.oldest_option_s <= params.model_s:
        return Rung.MODEL
    return Rung.LAST_RESORT if exposure.oldest_option_s <= params.last_resort_s else Rung.BLOCKED


def describe(exposure: Exposure) -> str:
    """Which tickers are old, in words."""
    names = exposure.by_model
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    if exposure.oldest_option_s:
        return f"{names[0]}{more} without a good ticker, the oldest for {exposure.oldest_option_s:.0f} s"
    return f"{names[0]}{more} without greeks of the venue"


def last_resort_change_coin(y: float, lower: float, upper: float, clip_coin: float) -> float:
    """From beyond the hard limit back to it, at most a clip; 0 inside it."""
    beyond = min(upper - y, 0.0) + max(lower - y, 0.0)
    return max(-clip_coin, min(clip_coin, beyond))


def tell(state: State, book: BookState, exposure: Exposure, step: Step) -> None:
    """Raise or end the alarm of the step the book stands on."""
    rung = rung_of(exposure, book.settings.delta)
    detail = "" if rung is Rung.VENUE else f"{rung}: {describe(exposure)}"
    severity = _SEVERITY.get(rung, Severity.ERROR)
    alarms.tell(state, step, "greeks_degraded", detail, book=book.name, severity=severity)
