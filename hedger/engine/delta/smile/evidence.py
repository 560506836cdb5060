"""What each rule's delta would have been worth to this very book, sample by sample, and the gate on it.

At a sample the book is imagined hedged by Black's delta and by each rule's, as learned up to then; at the
next one the errors are known: sum n (dV - delta dF) over its options. An interval in which the daemon was
blind for longer than a sample is none.
"""

from __future__ import annotations

import math

import numpy as np

from hedger.domain.time_units import DAY_MS
from hedger.domain.vocabulary import Severity, SmileRule
from hedger.engine.delta.smile import memory
from hedger.engine.delta.smile.state import Hedged, SmileState, Squared
from hedger.engine.delta.smile.surface import rows_by_expiry
from hedger.engine.settings import DeltaParams
from hedger.engine.state import BookState, Step
from hedger.pricing.smile.lesson import interval, lesson
from hedger.pricing.smile.variance_ratio import CLOSED, Gate, judge, variance_ratio

BLOCK_MS = DAY_MS  # errors of different days count as independent
_RULES = ("sticky_delta", "fitted", "minimum_variance")


def sample(book: BookState, smile: SmileState, step: Step) -> None:
    """Once per sample period: measure what has passed, learn from it, and begin the next interval."""
    params, now_ms = book.settings.delta, step.now.market_ms
    period_ms = params.smile_sample_s * 1000
    if now_ms - smile.sampled_ms < period_ms:
        return
    if now_ms - smile.sampled_ms < 2 * period_ms:
        _measure(book, smile, step)
    smile.track.window_ms = params.smile_window_days * DAY_MS
    while smile.measured and smile.measured[0].market_ms < now_ms - smile.track.window_ms:
        smile.measured.popleft()
    _begin(book, smile, step)
    judge_gate(book, smile, step)


def _measure(book: BookState, smile: SmileState, step: Step) -> None:
    now_ms = step.now.market_ms
    pairs = [
        (hedged, smile.fits[expiry])
        for expiry, hedged in smile.hedged.items()
        if expiry in smile.fits and smile.fits[expiry].strip.market_ms > hedged.fitted.strip.market_ms
    ]
    gross, errors = 0.0, np.zeros(1 + len(_RULES))
    for hedged, after in pairs:
        over, strip = interval(hedged.fitted, after), hedged.fitted.strip
        at = over.places[0]
        sizes, delta = hedged.sizes[at], strip.greeks().delta[at]
        shifts = [np.zeros_like(delta), *(getattr(hedged.shifts, rule)[at] for rule in _RULES)]
        errors += [float(sizes @ over.errors(delta + shift, strip.forward_usd)) for shift in shifts]
        gross += float(np.abs(sizes).sum())
    squared = None
    if gross > 0.0:
        squared = Squared(now_ms, *(float(error / gross) ** 2 for error in errors))
        smile.measured.append(squared)
    learned = lesson(now_ms, [(hedged.fitted, after) for hedged, after in pairs])
    smile.track.learn(learned)
    memory.write(book, squared, learned, step)


def _begin(book: BookState, smile: SmileState, step: Step) -> None:
    smile.sampled_ms, smile.hedged = step.now.market_ms, {}
    for expiry, rows in rows_by_expiry(book, step.now).items():
        fitted = smile.fits.get(expiry)
        if fitted is None or not len(fitted.strip.iv):
            continue
        held: dict[float, float] = {}
        for row in rows:
            key = float(row.instrument.strike_usd or 0) * (row.instrument.option_sign or 0)
            held[key] = held.get(key, 0.0) + float(row.size)
        sizes = np.array([held.get(float(key), 0.0) for key in fitted.strip.keys])
        smile.hedged[expiry] = Hedged(fitted, smile.track.shifts(fitted), sizes)


def judge_gate(book: BookState, smile: SmileState, step: Step) -> None:
    """The gate on what has been measured of the rule in the settings; told when it opens or closes."""
    before, smile.gate = smile.gate, _gate(smile, book.settings.delta)
    if smile.gate.open != before.open:
        step.note(
            Severity.WARNING,
            "smile_gate",
            book=book.name,
            rule=smile.rule,
            open=smile.gate.open,
            why=smile.gate.why,
        )


def _gate(smile: SmileState, params: DeltaParams) -> Gate:
    if smile.rule is SmileRule.STICKY_STRIKE:
        return CLOSED._replace(why="sticky strike is Black's delta: nothing to add")
    mine = np.array([getattr(each, smile.rule) for each in smile.measured])
    black = np.array([each.black for each in smile.measured])
    block = max(1, math.ceil(BLOCK_MS / (params.smile_sample_s * 1000)))
    found = variance_ratio(mine, black, block)
    return judge(smile.gate, found, params.smile_least_samples, params.smile_opens_at, params.smile_closes_at)
