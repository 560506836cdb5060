"""One look at a book's smiles per full step: fit what is due, sample what is due."""

from __future__ import annotations

from hedger.domain.vocabulary import SmileRule
from hedger.engine.delta.smile import correction, evidence, memory, surface
from hedger.engine.state import BookState, State, Step
from hedger.pricing.smile.variance_ratio import CLOSED


def tend(state: State, book: BookState, step: Step) -> None:
    """Nothing while the rule is off. A new rule keeps what was measured and must pass the gate itself."""
    rule = book.settings.delta.smile
    if rule is SmileRule.OFF:
        if book.smile is not None:
            book.smile, book.smile_coin = None, 0.0
        return
    if not book.warm:
        return  # tickers are still coming in
    smile = memory.begin(book)
    gate = smile.gate
    if smile.rule is not rule:
        smile.rule, smile.gate = rule, CLOSED
        evidence.judge_gate(book, smile, step)
    surface.fit_next(state, book, smile, step.now)
    if smile.fits:
        evidence.sample(book, smile, step)
    if smile.gate.open != gate.open:
        correction.correct(book, step.now)  # at once, not with the next refresh


def told(book: BookState) -> str:
    """What a decision's reason says of it; empty while Black's delta counts."""
    return "" if book.smile is None or not book.smile_coin else f", delta by the smile ({book.smile.rule})"
