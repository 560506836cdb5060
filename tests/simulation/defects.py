"""Defects that traders have met, planted one at a time: the simulation is worth what it finds of these."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal
from functools import reduce
from typing import Any

import msgspec
import pytest

from hedger.backtest.simulate import disk
from hedger.domain import order as orders
from hedger.domain.approval import Approved
from hedger.domain.instrument import AmountUnit, Instrument
from hedger.domain.order import OrderEvent, OrderState
from hedger.domain.vocabulary import BreakerState, Mode, stricter
from hedger.engine import gates, lease, recover, work
from hedger.engine.effects import Place
from hedger.engine.guard import latch
from hedger.engine.hedging import blocked
from hedger.engine.outbox import Outbox
from hedger.execution.table import OrderTable
from hedger.risk import admit, counters
from hedger.risk.counters import Counters
from hedger.venues.deribit import encode

Plant = Callable[[pytest.MonkeyPatch], None]


def resend_on_timeout(patch: pytest.MonkeyPatch) -> None:
    """No answer in time: sent again under the same label."""
    real = work.time_outs

    def time_outs(state: Any, step: Any) -> None:
        for order in state.orders.overdue(step.now.wire_s, state.settings.timing.ack_timeout_s):
            if order.state is OrderState.IN_FLIGHT:
                step.ask(Place(approved=Approved(order.intent, Mode.LIVE)))
        real(state, step)

    patch.setattr(work, "time_outs", time_outs)


def forget_in_flight(patch: pytest.MonkeyPatch) -> None:
    """A hedge on its way neither counts nor stands in the way of the next."""
    patch.setattr(gates, "_live_gate", lambda state, book: None)
    patch.setattr(OrderTable, "in_flight", lambda self, *args, **named: Decimal(0))


def send_before_durable(patch: pytest.MonkeyPatch) -> None:
    """The order leaves in the step that records it."""
    real = work.submit

    def submit(state: Any, approved: Any, step: Any) -> None:
        real(state, approved, step)
        state.outbox.drop_where(lambda held: held is approved)
        work._send(state, Place(approved=approved), step)

    patch.setattr(work, "submit", submit)


def any_write_releases(patch: pytest.MonkeyPatch) -> None:
    """The journal's word on one write is taken for its word on all."""
    real = Outbox.release
    patch.setattr(Outbox, "release", lambda self, durable_sequence, now: real(self, self.sequence, now))


def fill_counted_twice(patch: pytest.MonkeyPatch) -> None:
    """The reply's trade and the notification's trade are two."""
    real = OrderTable.fill

    def fill(self: Any, fill: Any) -> bool:
        self._fills.pop(fill.key, None)
        return real(self, fill)

    patch.setattr(OrderTable, "fill", fill)


def labels_begin_anew(patch: pytest.MonkeyPatch) -> None:
    """Every run begins with the same epoch: its labels are those of the run before."""
    real = disk.Store.load
    patch.setattr(disk.Store, "load", lambda self, *args: msgspec.structs.replace(real(self, *args), epoch=1))


def stale_quote_accepted(patch: pytest.MonkeyPatch) -> None:
    """Old tickers are as good as new ones, at every door."""
    patch.setattr(gates, "hedge_gap", lambda *args: None)
    patch.setattr(admit, "_CHECKS", tuple(check for check in admit._CHECKS if check is not admit._data))
    patch.setattr(gates, "data_gap", lambda *args: None)


def unknown_taken_for_rejected(patch: pytest.MonkeyPatch) -> None:
    """An order of which nothing is heard was not placed."""
    lost = (OrderState.IN_FLIGHT, OrderEvent.LOST)
    patch.setitem(orders.TRANSITIONS, lost, OrderState.REJECTED)


def cancel_taken_for_done(patch: pytest.MonkeyPatch) -> None:
    """An order is gone as soon as it has been asked to go."""
    for state in (OrderState.OPEN, OrderState.AMENDING):
        patch.setitem(orders.TRANSITIONS, (state, OrderEvent.CANCEL_SENT), OrderState.CANCELLED)


def absence_believed_too_early(patch: pytest.MonkeyPatch) -> None:
    """One empty look-up proves that an order never was, though it may still arrive."""
    patch.setattr(
        OrderTable,
        "absence_proved",
        staticmethod(lambda order, server_ms, reports, fills: not reports and not fills),
    )


def validity_not_sent(patch: pytest.MonkeyPatch) -> None:
    """The venue is not told until when it may execute."""
    real = encode.place

    def place(intent: Any) -> Any:
        request = real(intent)
        return encode.Request(request.method, {k: v for k, v in request.params.items() if k != "valid_until"})

    patch.setattr(encode, "place", place)


def breakers_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A restart resumes what somebody has paused."""
    _loaded_without(patch, breakers={})


def orders_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A restart knows nothing of the orders of the run before."""
    _loaded_without(patch, orders=())


def _loaded_without(patch: pytest.MonkeyPatch, **lost: Any) -> None:
    real = recover.journal_loaded
    patch.setattr(
        recover,
        "journal_loaded",
        lambda state, event, step: real(state, msgspec.structs.replace(event, **lost), step),
    )


def turnover_forgotten(patch: pytest.MonkeyPatch) -> None:
    """A restart has its whole budget again."""
    patch.setattr(Counters, "seed", lambda self, fills: None)


def trades_by_hand_not_seen(patch: pytest.MonkeyPatch) -> None:
    """A person's trades are nobody's."""
    real = work.take_fill
    patch.setattr(work, "take_fill", lambda state, fill, step: bool(fill.label) and real(state, fill, step))


def trades_asked_since_the_newest(patch: pytest.MonkeyPatch) -> None:
    """A trade that was never told is older than the newest one heard of, and so never asked for."""
    real = recover.request_snapshot

    def request_snapshot(state: Any, venue: Any, step: Any) -> None:
        venue.trades_told_ms, venue.differences.baseline = venue.last_fill_ms, None
        real(state, venue, step)

    patch.setattr(recover, "request_snapshot", request_snapshot)


def liquidation_traded_against(patch: pytest.MonkeyPatch) -> None:
    """The exchange takes the account apart and the hedger answers."""
    patch.setattr(latch, "latch", lambda *args: None)


def epoch_not_checked(patch: pytest.MonkeyPatch) -> None:
    """A run that was frozen goes on, and so does its journal, as if nobody could have taken the account."""
    patch.setattr(lease, "usable_s", lambda *args: math.inf)
    patch.setattr(disk.Disk, "overtaken", property(lambda self: False))


def alarm_not_raised(patch: pytest.MonkeyPatch) -> None:
    """A book that is out and cannot trade keeps it to itself."""
    patch.setattr(blocked, "_detail", lambda *args: "")


def linear_taken_for_inverse(patch: pytest.MonkeyPatch) -> None:
    """Coins of a linear perpetual are divided by its price, as if they were dollars."""
    in_usd = property(lambda self: AmountUnit.COIN if self.is_option else AmountUnit.USD)
    patch.setattr(Instrument, "amount_unit", in_usd)


def coins_counted_as_dollars(patch: pytest.MonkeyPatch) -> None:
    """A restart counts the amounts of linear trades as turnover."""
    patch.setattr(counters, "fill_notional_usd", lambda fill: float(fill.amount))


def a_pause_is_everyones(patch: pytest.MonkeyPatch) -> None:
    """Whoever pauses one book pauses the other."""

    def breaker_of(state: Any, book: Any) -> BreakerState:
        return reduce(stricter, (each.breaker for each in state.books.values()), state.breaker)

    patch.setattr(gates, "breaker_of", breaker_of)


def liquidation_of_one_book_alone(patch: pytest.MonkeyPatch) -> None:
    """The same collateral answers for both books, and only the one whose position was taken stops."""
    patch.setattr(
        latch,
        "_hit",
        lambda state, venue, currency: [b for b in state.books.values() if currency in b.book.currencies],
    )


DEFECTS: dict[str, Plant] = {
    plant.__name__: plant
    for plant in (
        resend_on_timeout,
        forget_in_flight,
        send_before_durable,
        any_write_releases,
        fill_counted_twice,
        labels_begin_anew,
        stale_quote_accepted,
        unknown_taken_for_rejected,
        cancel_taken_for_done,
        absence_believed_too_early,
        validity_not_sent,
        breakers_forgotten,
        orders_forgotten,
        turnover_forgotten,
        trades_by_hand_not_seen,
        trades_asked_since_the_newest,
        liquidation_traded_against,
        epoch_not_checked,
        alarm_not_raised,
        linear_taken_for_inverse,
        coins_counted_as_dollars,
        a_pause_is_everyones,
        liquidation_of_one_book_alone,
    )
}
