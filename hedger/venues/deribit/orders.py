"""Placements, amendments and cancels: all that changes the account, and only where trading is enabled."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import msgspec

from hedger.domain.errors import BadDataError, InvariantError
from hedger.domain.vocabulary import Mode
from hedger.engine.effects import Amend, Cancel, Place
from hedger.engine.events import (
    AmendLost,
    AmendRefused,
    CancelRefused,
    Event,
    Now,
    PlacementLost,
    PlacementRefused,
    PlacementUnsent,
    Reported,
)
from hedger.venues.deribit import encode, wire
from hedger.venues.deribit.combos import Combos
from hedger.venues.deribit.credits import Pool
from hedger.venues.deribit.decode import UNREADABLE, bad_data
from hedger.venues.deribit.errors import NOT_SENT, ORDER_NOT_FOUND, amend_refused, placement_refused
from hedger.venues.deribit.link import Link
from hedger.venues.deribit.private import fill_of, report_of
from hedger.venues.deribit.probe import Probe
from hedger.venues.deribit.rpc import Call, Failure, Reply

_PLACED = msgspec.json.Decoder(wire.Placed)
_ORDER = msgspec.json.Decoder(wire.Order)
_COUNT = msgspec.json.Decoder(int)


class Orders:
    """`trading` is true in live mode only; `cancel_reserve` credits are kept for cancels."""

    def __init__(
        self,
        link: Link,
        trading: bool,
        cancel_reserve: int,
        currency_of: Callable[[str], str],
        probe: Probe,
        combos: Combos,
    ) -> None:
        self._probe, self._combos = probe, combos
        self._link, self._trading, self._reserve = link, trading, cancel_reserve
        self._currency_of = currency_of

    def place(self, effect: Place, now: Now) -> list[Event]:
        """Send an approved order, behind a probe where the link is silent, or say why it was not sent.

        Raises InvariantError outside live mode.
        """
        label = effect.approved.intent.label
        self._may_trade(effect)
        self._combos.use([effect.approved.intent.instrument])
        if not self._link.usable:
            return self._unsent(label, "the link is down", now)
        if self._probe.needed(now):
            return self._probe.hold(label, partial(self._place, effect), partial(self._unsent, label), now)
        return self._place(effect, now)

    def _place(self, effect: Place, now: Now) -> list[Event]:
        intent = effect.approved.intent
        request = encode.place(intent)
        call = Call(
            request.method,
            request.params,
            partial(self._placed, intent.label),
            partial(self._not_placed, intent.label),
            Pool.MATCHING,
        )
        if self._link.calls.send_now(call, now, self._reserve):
            return []
        return self._unsent(intent.label, self._no_credits(now), now)

    def _may_trade(self, effect: Place | Amend) -> None:
        intent, mode = effect.approved.intent, effect.approved.mode
        if mode is not Mode.LIVE or not self._trading:
            raise InvariantError(
                f"{intent.label}: an order approved for mode {mode} reached {self._link.venue}, "
                f"where trading is {'enabled' if self._trading else 'not enabled'}: nothing was sent"
            )

    def _no_credits(self, now: Now) -> str:
        credits = self._link.calls.buckets[Pool.MATCHING].level(now.wire_s)
        return f"no credits: {credits:.1f} left, {self._reserve} kept for cancels"

    def amend(self, effect: Amend, now: Now) -> list[Event]:
        """Send new terms now or say that they did not go. Raises InvariantError outside live mode."""
        self._may_trade(effect)
        label = effect.approved.intent.label
        if not self._link.usable:
            return self._not_edited(label, "the link is down", now)
        if self._probe.needed(now):
            return self._probe.hold(
                label, partial(self._amend, effect), partial(self._not_edited, label), now
            )
        return self._amend(effect, now)

    def _amend(self, effect: Amend, now: Now) -> list[Event]:
        label = effect.approved.intent.label
        request = encode.edit(effect.order_id, effect.approved.intent)
        call = Call(
            request.method,
            request.params,
            partial(self._amended, label),
            partial(self._not_amended, label),
            Pool.MATCHING,
        )
        if self._link.calls.send_now(call, now, self._reserve):
            return []
        return self._not_edited(label, self._no_credits(now), now)

    def _not_edited(self, label: str, why: str, now: Now) -> list[Event]:
        return self._not_amended(label, Failure(NOT_SENT, why), now)

    def _amended(self, label: str, reply: Reply, now: Now) -> list[Event]:
        """The order at its new terms, or cancelled where a post-only price would have taken."""
        try:
            return self._told(reply)
        except (BadDataError, *UNREADABLE) as error:
            lost = AmendLost(venue=self._link.venue, label=label, reason=f"unreadable reply: {error}")
            return [bad_data(self._link.venue, "private/edit", "", error), lost]

    def _not_amended(self, label: str, failure: Failure, now: Now) -> list[Event]:
        venue = self._link.venue
        if failure.code == NOT_SENT or amend_refused(failure.code):
            return [AmendRefused(venue=venue, label=label, code=failure.code, message=failure.message)]
        return [AmendLost(venue=venue, label=label, reason=str(failure))]

    def _unsent(self, label: str, reason: str, now: Now) -> list[Event]:
        return [PlacementUnsent(venue=self._link.venue, label=label, reason=reason)]

    def _placed(self, label: str, reply: Reply, now: Now) -> list[Event]:
        try:
            return self._told(reply)
        except (BadDataError, *UNREADABLE) as error:
            return self._unreadable(label, error)

    def _told(self, reply: Reply) -> list[Event]:
        """Trades first, then the order as they left it."""
        placed = _PLACED.decode(reply.result)
        report = report_of(placed.order, self._link.venue)
        fills = [fill_of(trade, self._link.venue) for trade in placed.trades]
        told = [self._combos.answered(fill, report.label, report.order_id) for fill in fills]
        return [*(event for events in told for event in events), Reported(report=report)]

    def _unreadable(self, label: str, error: Exception) -> list[Event]:
        """The venue said yes in words we cannot read: whatever it did, it is unknown."""
        lost = PlacementLost(venue=self._link.venue, label=label, reason=f"unreadable reply: {error}")
        return [bad_data(self._link.venue, "private/buy|sell", "", error), lost]

    def _not_placed(self, label: str, failure: Failure, now: Now) -> list[Event]:
        """A definite refusal only where the code proves it (errors.PLACEMENT_REFUSED)."""
        venue = self._link.venue
        if placement_refused(failure.code):
            return [PlacementRefused(venue=venue, label=label, code=failure.code, message=failure.message)]
        return [PlacementLost(venue=venue, label=label, reason=str(failure))]

    def cancel(self, effect: Cancel, now: Now) -> list[Event]:
        """Cancel by order id where known, else by label in the instrument's currency; waits for a credit.

        What is held behind a probe would leave behind the cancel: it does not leave at all.
        """
        if not self._trading:
            return self._not_cancelled(effect.label, Failure(NOT_SENT, "trading is not enabled"), now)
        if not self._link.usable:
            return self._not_cancelled(effect.label, Failure(NOT_SENT, "the link is down"), now)
        withdrawn = self._probe.withdraw(effect.label, "cancelled before it was sent", now)
        if withdrawn and effect.order_id is None:
            return withdrawn
        failed = partial(self._not_cancelled, effect.label)
        if effect.order_id is not None:
            request = encode.cancel(effect.order_id)
            self._link.ask(request, now, partial(self._cancelled, effect.label), failed, Pool.MATCHING)
        else:
            request = encode.cancel_by_label(effect.label, self._currency_of(effect.instrument))
            self._link.ask(request, now, partial(self._counted, effect.label), failed, Pool.MATCHING)
        return withdrawn

    def _cancelled(self, label: str, reply: Reply, now: Now) -> list[Event]:
        """The answer is the order itself."""
        try:
            return [Reported(report=report_of(_ORDER.decode(reply.result), self._link.venue))]
        except BadDataError as error:
            return [bad_data(self._link.venue, "private/cancel", "", error)]
        except UNREADABLE as error:
            return [bad_data(self._link.venue, "private/cancel", "", error)]

    def _counted(self, label: str, reply: Reply, now: Now) -> list[Event]:
        """The answer is how many were cancelled; none means that its state is to be fetched."""
        try:
            count = _COUNT.decode(reply.result)
        except UNREADABLE as error:
            return [bad_data(self._link.venue, "private/cancel_by_label", "", error)]
        if count:
            return []
        return self._not_cancelled(label, Failure(ORDER_NOT_FOUND, "no open order with this label"), now)

    def _not_cancelled(self, label: str, failure: Failure, now: Now) -> list[Event]:
        """Refused, or without an answer: either way the order's state is to be fetched."""
        return [
            CancelRefused(venue=self._link.venue, label=label, code=failure.code, message=failure.message)
        ]
