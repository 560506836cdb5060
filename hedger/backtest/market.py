"""The market of an instant as the engine hears it: tickers of options and perpetual, and the index."""

from __future__ import annotations

from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Instant, Row, Touch
from hedger.backtest.delivery import IndexPath
from hedger.backtest.listings import VENUE, Listings
from hedger.domain.instrument import Instrument, InstrumentState
from hedger.domain.quote import IndexPrice, Quote
from hedger.domain.time_units import YEAR_DAYS
from hedger.engine.events import Now
from hedger.pricing.scalar import black76_one, years_to
from hedger.pricing.settlement import averaging_one, in_window

_OPEN = InstrumentState.OPEN


class Market:
    """`pass_to` goes on to an instant; everything else is as of that instant."""

    def __init__(self, listings: Listings, assumptions: Assumptions, first: Instant) -> None:
        self.instant = first
        self.perpetual = listings.perpetual
        self.options: dict[str, Instrument] = {}  # listed so far
        self._listings, self._assumptions = listings, assumptions
        self.path = IndexPath()
        self.path.passed(first.market_ms, first.index_usd)

    def pass_to(self, instant: Instant) -> None:
        """Time goes on."""
        self.instant = instant
        self.path.passed(instant.market_ms, instant.index_usd)

    def list_option(self, name: str) -> Instrument | None:
        """The listing of an option that was not listed yet."""
        if name in self.options:
            return None
        listed = self.options[name] = self._listings.option(name)
        return listed

    # -- options -------------------------------------------------------------------------------------

    def row(self, name: str) -> Row | None:
        """A listed option now; None where the instant does not tell it.

        Inside its settlement window a recorded mark is of the average already, a modelled one has to be made
        so (theory 1.7).
        """
        listed, now_ms = self.options[name], self.instant.market_ms
        row, expiration_ms = self.instant.row(name), listed.expiration_ms or 0
        if row is None or self.instant.recorded or not in_window(expiration_ms, now_ms):
            return row
        fixing, strike = self.path.fixing(expiration_ms), float(listed.strike_usd or 0)
        value = averaging_one(
            row.forward_usd, strike, expiration_ms, now_ms, row.iv, listed.option_sign, fixing
        )
        return row._replace(mark=value.price_usd / row.forward_usd)

    def without_quote(self, name: str, last: Row, before: Instant) -> Row:
        """An option nobody quotes now: its last volatility, its forward moved with the index."""
        listed = self.options[name]
        forward = last.forward_usd * self.instant.index_usd / before.index_usd
        tau = years_to(listed.expiration_ms or 0, self.instant.market_ms)
        value = black76_one(forward, float(listed.strike_usd or 0), tau, last.iv, listed.option_sign)
        return Row(forward, last.iv, value.price_usd / forward, None, None)

    def option_quote(self, name: str, now: Now) -> Quote | None:
        """The ticker; none where this instant has none, and the engine sees the last one age."""
        row, listed = self.row(name), self.options[name]
        if row is None:
            return None
        expiration_ms, strike = listed.expiration_ms or 0, float(listed.strike_usd or 0)
        tau = years_to(expiration_ms, self.instant.market_ms)
        value = black76_one(row.forward_usd, strike, tau, row.iv, listed.option_sign)
        return Quote(
            venue=VENUE,
            instrument=name,
            market_ms=now.market_ms,
            received_wire_s=now.wire_s,
            state=_OPEN,
            mark=row.mark,
            index_usd=self.instant.index_usd,
            bid=row.bid,
            ask=row.ask,
            underlying_usd=row.forward_usd,
            iv=row.iv,
            delta=value.delta,
            gamma=value.gamma_per_usd,
            vega=value.vega_usd / 100.0,
            theta=value.theta_usd_per_year / YEAR_DAYS,
            estimated_delivery_usd=self.path.fixing(expiration_ms).average_usd,
        )

    # -- index and perpetual -------------------------------------------------------------------------

    def index(self, now: Now) -> IndexPrice:
        return IndexPrice(
            venue=VENUE,
            index=self.perpetual.price_index,
            price_usd=self.instant.index_usd,
            market_ms=now.market_ms,
            received_wire_s=now.wire_s,
        )

    def perpetual_quote(self, now: Now) -> Quote:
        touch = self._touch()
        return Quote(
            venue=VENUE,
            instrument=self.perpetual.name,
            market_ms=now.market_ms,
            received_wire_s=now.wire_s,
            state=_OPEN,
            mark=self.instant.perpetual_usd,
            index_usd=self.instant.index_usd,
            bid=touch.bid,
            bid_amount=touch.bid_usd,
            ask=touch.ask,
            ask_amount=touch.ask_usd,
            funding_8h=self._assumptions.funding_8h,
        )

    def _touch(self) -> Touch:
        """As recorded, else the assumed spread around the mark, outwards to the tick."""
        if self.instant.touch is not None:
            return self.instant.touch
        mark, half = self.instant.perpetual_usd, self._assumptions.half_spread
        depth = self._assumptions.depth_usd
        bid = float(self.perpetual.round_price(mark * (1.0 - half), up=False))
        ask = float(self.perpetual.round_price(mark * (1.0 + half), up=True))
        return Touch(bid, depth, ask, depth)
