"""What the shadows of a book hear of beside its decisions: live hedges that traded, and new settings."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from hedger.domain.account import Fill
from hedger.engine.shadow.shadow import Shadow, made
from hedger.engine.shadow.terms import ShadowSettings

if TYPE_CHECKING:  # both hold what this package defines
    from hedger.engine.settings import BookSettings
    from hedger.engine.state import BookState, State


def live_filled(state: State, book: BookState, fill: Fill) -> None:
    """A hedge of the book traded: held against the mark at its decision, or else against its own price."""
    name = book.settings.hedge_instrument
    venue = state.venues[book.settings.venue]
    listed, order = venue.instruments.get(name), state.orders.order_of(fill)
    if fill.instrument != name or listed is None:
        return
    reference = 0.0 if order is None else order.intent.reference_price
    mark = reference if reference > 0.0 else fill.mark_price or float(fill.price)
    for shadow in book.shadows:
        shadow.live_filled(listed, fill.side, fill.amount, fill.price, mark, fill.fee)


def alike(before: BookSettings, after: BookSettings) -> bool:
    """Whether two settings differ in their shadows at most: nothing live begins anew with those."""
    return replace(before, shadows=()) == replace(after, shadows=())


def install(book: BookState, settings: BookSettings) -> None:
    """Shadows as the new settings want them. One that is as it was goes on, unless what it is held against,
    the live policy, has changed.
    """
    same = live_of(book.settings) == live_of(settings)
    book.shadows = kept(book.shadows if same else (), settings.shadows)


def kept(before: Sequence[Shadow], wanted: Sequence[ShadowSettings]) -> list[Shadow]:
    """By name; what is new or other than it was has not begun."""
    known = {shadow.settings.name: shadow for shadow in before}
    found = [(new, known.get(new.name)) for new in wanted]
    return [old if old is not None and old.settings == new else made(new) for new, old in found]


def live_of(settings: BookSettings) -> tuple[object, ...]:
    """What a shadow is held against."""
    return (
        settings.policy,
        settings.policy_params,
        settings.partial,
        settings.hedge_instrument,
        settings.neutral,
        settings.target_delta_coin,
        settings.legs,
    )
