"""What paper mode believes: real positions of the account plus the fills of orders that were never sent.

Pure. An order trades at once against the touch of the last quote, up to the amount shown there; what is left
of an immediate order is cancelled. One that rests fills at its own price as soon as a quote's other side
comes to it, up to the amount shown there: nobody stands before it in a queue, which flatters it.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_DOWN, Decimal

import msgspec

from hedger.domain.account import PAPER_TRADE, Fill, Position
from hedger.domain.errors import InvariantError
from hedger.domain.instrument import Instrument, InstrumentState, Payoff
from hedger.domain.order import OrderIntent, OrderReport, OrderType, Side, TimeInForce
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.effects import Amend, Cancel, LookUp, Place
from hedger.engine.events import Event, Now

MAX_ORDERS = 10_000  # remembered for look-ups
REFUSED = 0  # the code of paper's own refusals
FEE_DIGITS = Decimal("1e-8")
OPTION_FEE_CAP = Decimal("0.125")  # of the option's price (deribit.md 11)
_ENDED = (InstrumentState.DELIVERED, InstrumentState.INACTIVE, InstrumentState.ARCHIVIZED)


class PaperAccount:
    """One venue's paper fills on top of what the venue reports."""

    def __init__(self, venue: str) -> None:
        self._venue = venue
        self._instruments: dict[str, Instrument] = {}
        self._quotes: dict[str, Quote] = {}
        self._real: dict[str, Position] = {}
        self._paper: dict[str, Decimal] = {}
        self._reports: dict[str, OrderReport] = {}
        self._fills: dict[str, list[Fill]] = {}
        self._resting: dict[str, OrderIntent] = {}  # at the terms they stand at now
        self._connected = False

    def adopt(self, positions: Mapping[str, Decimal]) -> None:
        """Signed amounts that earlier runs hold on paper, by instrument; before this run's first order."""
        self._paper = dict(positions)

    # -- the venue's events ------------------------------------------------------------------------

    def seen(self, event: Event) -> Event:
        """Learn from a venue's event; returns it with our paper positions added where it tells positions."""
        match event:
            case ev.LinkUp():
                self._connected = True
                return msgspec.structs.replace(event, account_id=f"{event.account_id}-paper")
            case ev.LinkDown():
                self._connected = False
                self._cancel_on_disconnect()
            case ev.InstrumentsListed():
                self._list(event)
            case ev.InstrumentStateChanged():
                self._set_state(event)
            case ev.Quoted():
                self._quotes[event.quote.instrument] = event.quote
            case ev.PositionReported():
                self._real[event.position.instrument] = event.position
                return ev.PositionReported(position=self._combined(event.position.instrument))
            case ev.SnapshotTaken():
                return self._snapshot(event)
            case _:
                pass
        return event

    def _list(self, event: ev.InstrumentsListed) -> None:
        if event.complete:
            self._instruments.clear()
        self._instruments.update({one.name: one for one in event.instruments})

    def _set_state(self, event: ev.InstrumentStateChanged) -> None:
        known = self._instruments.get(event.instrument)
        if known is not None:
            self._instruments[known.name] = msgspec.structs.replace(known, state=event.state)

    def _snapshot(self, event: ev.SnapshotTaken) -> ev.SnapshotTaken:
        self._real = {position.instrument: position for position in event.positions}
        names = sorted(set(self._real) | set(self._paper))
        return msgspec.structs.replace(
            event,
            positions=tuple(self._combined(name) for name in names),
            fills=(*event.fills, *(fill for fills in self._fills.values() for fill in fills)),
            open_orders=(*event.open_orders, *(self._reports[label] for label in self._resting)),
        )

    def _cancel_on_disconnect(self) -> None:
        """As the venue would: what rested is cancelled with the connection, and a look-up tells so."""
        for label in tuple(self._resting):
            self._end(label, "cancel_on_disconnect", self._reports[label].updated_ms)

    def _combined(self, name: str) -> Position:
        """The real position with the paper one on top; figures of the venue are true of its own part only."""
        paper = self._paper.get(name, Decimal(0)) if self._lives(name) else Decimal(0)
        real = self._real.get(name) or Position(venue=self._venue, instrument=name, size=Decimal(0))
        if not paper:
            return real
        return Position(venue=self._venue, instrument=name, size=real.size + paper)

    def _lives(self, name: str) -> bool:
        """A paper position ends with its instrument, like a real one."""
        instrument = self._instruments.get(name)
        return instrument is not None and instrument.state not in _ENDED

    # -- effects -----------------------------------------------------------------------------------

    def place(self, effect: Place, now: Now) -> list[Event]:
        """Fill an approved paper order or say why not. Raises InvariantError for any other mode."""
        intent = effect.approved.intent
        _only_paper(effect)
        if not self._connected:
            return [ev.PlacementUnsent(venue=self._venue, label=intent.label, reason="the link is down")]
        instrument = self._instruments.get(intent.instrument)
        why = _unacceptable(intent, instrument, now)
        if why or instrument is None:
            return [ev.PlacementRefused(venue=self._venue, label=intent.label, code=REFUSED, message=why)]
        if intent.post_only and self._would_take(intent):
            message = "post_only_reject"
            return [ev.PlacementRefused(venue=self._venue, label=intent.label, code=11054, message=message)]
        return self._trade(intent, instrument, now)

    def _would_take(self, intent: OrderIntent) -> bool:
        price, _ = _touch(intent, self._quotes.get(intent.instrument))
        return price is not None

    def _trade(self, intent: OrderIntent, instrument: Instrument, now: Now) -> list[Event]:
        quote = self._quotes.get(intent.instrument)
        price, shown = _touch(intent, quote)
        amount = self._reducing(intent, _fillable(intent, instrument, price, shown))
        self._remember(_report(intent, self._venue, "open", now))
        if intent.time_in_force is TimeInForce.GTC:
            self._resting[intent.label] = intent
        events: list[Event] = []
        if quote is not None and price is not None and amount > 0:
            events = self._fill(intent, instrument, quote, price, amount, now, maker=False)
        if self._reports[intent.label].state == "open" and intent.label not in self._resting:
            self._end(intent.label, "paper_residual", now.market_ms)
        told = ev.Reported(report=self._reports[intent.label])
        return [*events[:1], told, *events[1:]]

    def _fill(
        self,
        intent: OrderIntent,
        instrument: Instrument,
        quote: Quote,
        price: Decimal,
        amount: Decimal,
        now: Now,
        *,
        maker: bool,
    ) -> list[Event]:
        """Trade part of an order: the fill, and the position after it."""
        fill = self._filled(intent, instrument, quote, price, amount, now, maker)
        self._fills.setdefault(intent.label, []).append(fill)
        report = self._reports[intent.label]
        filled = report.filled_amount + amount
        value = report.average_price * report.filled_amount + price * amount
        done = filled == intent.amount
        self._reports[intent.label] = msgspec.structs.replace(
            report,
            filled_amount=filled,
            average_price=value / filled,
            state="filled" if done else report.state,
            updated_ms=now.market_ms,
        )
        if done:
            self._resting.pop(intent.label, None)
        return [ev.Filled(fill=fill), ev.PositionReported(position=self._combined(instrument.name))]

    def matched(self, event: Event, now: Now) -> list[Event]:
        """What a quote fills of the orders that rest; nothing for any other event."""
        if not self._resting or not isinstance(event, ev.Quoted):
            return []
        events: list[Event] = []
        for intent in tuple(self._resting.values()):
            if intent.instrument == event.quote.instrument:
                events += self._met(intent, now)
        return events

    def _met(self, intent: OrderIntent, now: Now) -> list[Event]:
        instrument, quote = self._instruments.get(intent.instrument), self._quotes.get(intent.instrument)
        if instrument is None or quote is None or intent.price is None:
            return []
        touch, shown = _touch(intent, quote)
        left = intent.amount - self._reports[intent.label].filled_amount
        rest = msgspec.structs.replace(intent, amount=left)
        amount = self._reducing(intent, _fillable(rest, instrument, touch, shown))
        if amount <= 0:
            return []
        fill, position = self._fill(intent, instrument, quote, intent.price, amount, now, maker=True)
        return [fill, ev.Reported(report=self._reports[intent.label]), position]

    def _reducing(self, intent: OrderIntent, amount: Decimal) -> Decimal:
        """A reduce-only order is trimmed to the position it reduces."""
        if not intent.reduce_only:
            return amount
        held = self._combined(intent.instrument).size
        return min(amount, max(Decimal(0), -held * intent.side.sign))

    def _filled(
        self,
        intent: OrderIntent,
        instrument: Instrument,
        quote: Quote,
        price: Decimal,
        amount: Decimal,
        now: Now,
        maker: bool,
    ) -> Fill:
        self._paper[instrument.name] = (
            self._paper.get(instrument.name, Decimal(0)) + amount * intent.side.sign
        )
        self._quotes[instrument.name] = _less(quote, intent.side, amount)
        return Fill(
            venue=self._venue,
            trade_id=self._trade_id(intent.label),
            order_id=_order_id(intent.label),
            label=intent.label,
            instrument=instrument.name,
            side=intent.side,
            amount=amount,
            price=price,
            fee=paper_fee(instrument, price, amount, quote.index_usd, maker=maker),
            fee_currency=instrument.settlement_currency,
            market_ms=now.market_ms,
            mark_price=quote.mark,
            index_usd=quote.index_usd,
            liquidity="M" if maker else "T",
        )

    def _trade_id(self, label: str) -> str:
        """The first trade of an order is named by its label alone."""
        before = len(self._fills.get(label, ()))
        return f"{PAPER_TRADE}{label}" + (f"-{before + 1}" if before else "")

    def _remember(self, report: OrderReport) -> None:
        self._reports[report.label] = report
        while len(self._reports) > MAX_ORDERS:
            oldest = next(label for label in self._reports if label not in self._resting)
            del self._reports[oldest]
            self._fills.pop(oldest, None)

    def amend(self, effect: Amend, now: Now) -> list[Event]:
        """New terms of an order that rests. Raises InvariantError for any other mode."""
        intent = effect.approved.intent
        _only_paper(effect)
        standing = self._resting.get(intent.label)
        if standing is None or not self._connected:
            reason = "nothing of this label rests"
            return [ev.AmendLost(venue=self._venue, label=intent.label, reason=reason)]
        why = _unacceptable(intent, self._instruments.get(intent.instrument), now)
        if why:
            return [ev.AmendRefused(venue=self._venue, label=intent.label, code=REFUSED, message=why)]
        if intent.amount <= self._reports[intent.label].filled_amount:
            return [ev.AmendLost(venue=self._venue, label=intent.label, reason="already_filled")]
        if intent.post_only and self._would_take(intent):
            return [self._end(intent.label, "edit_post_only_reject", now.market_ms)]
        self._resting[intent.label] = msgspec.structs.replace(
            standing, price=intent.price, amount=intent.amount
        )
        self._reports[intent.label] = msgspec.structs.replace(
            self._reports[intent.label],
            price=intent.price,
            amount=intent.amount,
            updated_ms=now.market_ms,
        )
        return [ev.Reported(report=self._reports[intent.label])]

    def cancel(self, effect: Cancel, now: Now) -> list[Event]:
        """Cancel what rests on paper; real orders are not ours to touch."""
        if effect.label in self._resting:
            return [self._end(effect.label, "user_request", now.market_ms)]
        message = "paper mode: nothing of ours rests at the venue"
        return [ev.CancelRefused(venue=self._venue, label=effect.label, code=REFUSED, message=message)]

    def _end(self, label: str, reason: str, market_ms: int) -> ev.Reported:
        self._resting.pop(label, None)
        self._reports[label] = msgspec.structs.replace(
            self._reports[label], state="cancelled", cancel_reason=reason, updated_ms=market_ms
        )
        return ev.Reported(report=self._reports[label])

    def look_up(self, effect: LookUp, now: Now) -> list[Event]:
        """What became of a label, from our own memory."""
        report = self._reports.get(effect.label)
        return [
            ev.LookedUp(
                venue=self._venue,
                label=effect.label,
                server_ms=now.market_ms,
                reports=() if report is None else (report,),
                fills=tuple(self._fills.get(effect.label, ())),
            )
        ]


def _only_paper(effect: Place | Amend) -> None:
    intent, mode = effect.approved.intent, effect.approved.mode
    if mode is not Mode.PAPER:
        raise InvariantError(f"{intent.label}: an order approved for mode {mode} reached the paper venue")


def paper_fee(
    instrument: Instrument, price: Decimal, amount: Decimal, index_usd: float, *, maker: bool = False
) -> Decimal:
    """Fee in the settlement currency, to 8 digits (deribit.md 11: rate of the notional, options capped)."""
    rate = instrument.maker_commission if maker else instrument.taker_commission
    inverse = instrument.payoff is Payoff.INVERSE
    if instrument.is_option:
        basis = Decimal(1) if inverse else Decimal(repr(index_usd))
        fee = min(rate * basis, OPTION_FEE_CAP * price) * amount
    else:
        fee = rate * amount / price if inverse else rate * amount * price
    return fee.quantize(FEE_DIGITS, ROUND_DOWN)


def _unacceptable(intent: OrderIntent, instrument: Instrument | None, now: Now) -> str:
    """Why a venue would refuse this order outright; empty where it would not."""
    if instrument is None:
        return f"{intent.instrument} is not listed"
    if instrument.state is not InstrumentState.OPEN:
        return f"{intent.instrument} is {instrument.state}"
    if not instrument.legal_amount(intent.amount):
        return f"amount {intent.amount} is no multiple of {instrument.amount_step}"
    if intent.price is not None and not instrument.legal_price(intent.price):
        return f"price {intent.price} is off the tick {instrument.tick_at(intent.price)}"
    if now.market_ms > intent.valid_until_ms:
        return f"valid_until {intent.valid_until_ms} has passed"
    return ""


def _touch(intent: OrderIntent, quote: Quote | None) -> tuple[Decimal | None, Decimal]:
    """Price and amount shown on the side the order takes from; None where nothing acceptable is shown."""
    if quote is None:
        return None, Decimal(0)
    buys = intent.side is Side.BUY
    price, amount = (quote.ask, quote.ask_amount) if buys else (quote.bid, quote.bid_amount)
    if price is None:
        return None, Decimal(0)
    exact = Decimal(repr(price))
    limit = None if intent.order_type is OrderType.MARKET else intent.price
    if limit is not None and (exact - limit) * intent.side.sign > 0:
        return None, Decimal(0)
    return exact, Decimal(repr(amount))


def _fillable(intent: OrderIntent, instrument: Instrument, price: Decimal | None, shown: Decimal) -> Decimal:
    if price is None:
        return Decimal(0)
    steps = (min(intent.amount, shown) / instrument.amount_step).to_integral_value(ROUND_DOWN)
    amount = steps * instrument.amount_step
    return Decimal(0) if intent.time_in_force is TimeInForce.FOK and amount < intent.amount else amount


def _less(quote: Quote, side: Side, amount: Decimal) -> Quote:
    """The quote with what we took away: one quote does not fill twice."""
    if side is Side.BUY:
        return msgspec.structs.replace(quote, ask_amount=max(0.0, quote.ask_amount - float(amount)))
    return msgspec.structs.replace(quote, bid_amount=max(0.0, quote.bid_amount - float(amount)))


def _order_id(label: str) -> str:
    return f"paper-{label}"


def _report(intent: OrderIntent, venue: str, state: str, now: Now) -> OrderReport:
    return OrderReport(
        venue=venue,
        order_id=_order_id(intent.label),
        label=intent.label,
        instrument=intent.instrument,
        side=intent.side,
        state=state,
        amount=intent.amount,
        filled_amount=Decimal(0),
        price=intent.price,
        order_type=intent.order_type.value,
        reduce_only=intent.reduce_only,
        updated_ms=now.market_ms,
    )
