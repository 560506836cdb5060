"""A usd book in a market with dated futures: the perpetual pays nothing, the futures carry five per cent."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import msgspec

from hedger.domain.names import parse_name
from hedger.domain.order import OrderIntent, Purpose
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Mode, Neutral
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.decision import Decision
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.ownership.scope import Scope
from hedger.engine.settings import BookSettings
from hedger.engine.views.by_expiry_view import ByExpiryView
from hedger.execution.by_expiry_params import ByExpiryParams, Use
from hedger.risk.envelope import Envelope
from tests.engine import rig as rigs
from tests.engine.rig import CALL, PERP, Rig, settings

NEAR, FAR = "BTC-30JAN26", "BTC-27MAR26"
NEAR_PERP, FAR_PERP, FAR_NEAR = "BTC-FS-30JAN26_PERP", "BTC-FS-27MAR26_PERP", "BTC-FS-27MAR26_30JAN26"
YEAR_MS = 365 * 86_400_000
WIDE = Envelope(
    max_order_usd=1e6, max_turnover_hour_usd=1e9, max_turnover_day_usd=1e9, max_orders_per_minute=1000
)
BAND = {"lower": -0.4, "upper": 0.4, "hard_lower": -3.0, "hard_upper": 3.0}


class Dated(Rig):
    """Quotes both futures with everything else; `answer` fills what was placed and not answered yet."""

    def __init__(
        self,
        use: Use = Use.MOVE,
        *,
        mode: Mode = Mode.LIVE,
        by_expiry: dict[str, Any] | None = None,
        book: dict[str, Any] | None = None,
        **policy: float,
    ) -> None:
        chosen = {"clip_usd": 50_000.0, **(by_expiry or {})}
        params = ByExpiryParams(use=use, **chosen)
        made = settings(
            mode=mode, neutral=Neutral.USD, scope=Scope(settle_s=0.0), envelope=WIDE, **{**BAND, **policy}
        )
        one: BookSettings = replace(made.books[0], by_expiry=params, **(book or {}))
        super().__init__(replace(made, books=(one,)))
        self.yearly = 0.05  # basis
        self.funding_8h = 0.0
        self.silent: set[str] = set()  # futures without tickers
        self.answered = 0
        self.sums: tuple[LabelSum, ...] = ()  # what the journal knows of earlier runs' trades
        self.snapshots = 1  # the first is answered by `start`
        self.spreads: tuple[str, ...] = ()  # listed, and quoted

    def journal(self, *args: Any, **keywords: Any) -> ev.JournalLoaded:
        return msgspec.structs.replace(super().journal(*args, **keywords), sums=self.sums)

    def listed(self, *options: str) -> ev.InstrumentsListed:
        return super().listed(*dict.fromkeys((NEAR, FAR, *self.spreads, *options)))

    def quotes(self, *options: str) -> list[ev.Event]:
        futures = [name for name in (NEAR, FAR) if name not in self.silent]
        options = tuple(name for name in options if name not in (NEAR, FAR))
        spreads = [self.spread_quote(name) for name in self.spreads if name not in self.silent]
        return [*super().quotes(*options), *(self.future_quote(name) for name in futures), *spreads]

    def leg_quote(self, name: str) -> Quote:
        return (self.perp_quote() if name == PERP else self.future_quote(name)).quote

    def perp_quote(self, **changes: Any) -> ev.Quoted:
        return super().perp_quote(**{"funding_8h": self.funding_8h, **changes})

    def future_quote(self, name: str, **changes: Any) -> ev.Quoted:
        """Its basis runs off with the time it has left."""
        left_ms = (parse_name(name).expiration_ms or 0) - self.market_ms
        mark = self.index * (1.0 + self.yearly * left_ms / YEAR_MS)
        limits = {"min_price": mark * 0.985, "max_price": mark * 1.015}
        shown = {"bid": mark - 2.5, "ask": mark + 2.5, "bid_amount": 1e6, "ask_amount": 1e6}
        fields = {"instrument": name, "funding_8h": None, "mark": mark, **limits, **shown}
        return super().perp_quote(**{**fields, **changes})

    def live(self, **keywords: Any) -> None:
        """Started and hedged: ten short calls on ten coins of collateral. The first look is still to come."""
        self.start({CALL: "-10"}, **keywords)
        while self.answered < len(self.placed) and self.placed[-1].purpose is Purpose.HEDGE:
            self.answer()

    def pass_time(self, seconds: float, *, answers: bool = True) -> None:
        """Market data goes on and orders are filled, second by second."""
        for _ in range(int(seconds)):
            self.wait(0.99)
            self.step(*self.quotes(CALL), *self._told())
            if answers:
                self.answer()

    def _told(self) -> list[ev.Event]:
        """The answer to a question for a snapshot that was asked since the last look."""
        asked = len(self.of(fx.RequestSnapshot))
        if asked == self.snapshots:
            return []
        self.snapshots = asked
        held = {CALL: "-10"} | {name: str(self.own(name)) for name in (PERP, NEAR, FAR)}
        return [self.snapshot(held)]

    def until_leg(self, future: str = FAR, most_s: int = 200) -> OrderIntent:
        """Time passes until a first leg has been placed; it is not answered."""
        for _ in range(most_s):
            placed = self.placed[self.answered :]
            if placed and placed[-1].instrument == future:
                return placed[-1]
            self.answer()
            self.pass_time(1, answers=False)
        raise AssertionError(f"no leg in {future}: {self.by_expiry.held_back}")

    def answer(self, amount: Decimal | None = None) -> None:
        """The venue fills what has been placed so far, or the given amount of it, at the mark."""
        for intent in self.placed[self.answered :]:
            self.answered += 1
            self.step(*self.fill_of(intent, amount))

    @property
    def legs(self) -> list[OrderIntent]:
        return [intent for intent in self.placed if intent.purpose is Purpose.MOVE]

    @property
    def by_expiry(self) -> ByExpiryView:
        return self.engine.view(self.now).books[0].by_expiry

    @property
    def hedged(self) -> Decision:
        """The last decision that traded."""
        found = self.engine.view(self.now).books[0].last_hedge
        assert found is not None
        return found

    def own(self, name: str) -> Decimal:
        """The book's own hedge in an instrument, USD."""
        return self.engine._state.venues[rigs.VENUE].owned.own.get(("btc", name), Decimal(0))

    def target(self, name: str) -> float:
        allocation = self.by_expiry.allocation
        assert allocation is not None, self.by_expiry.waits
        return next(each.target_coin for each in allocation.placed if each.instrument == name)

    @property
    def watched(self) -> tuple[str, ...]:
        found: tuple[str, ...] = self.of(fx.Watch)[-1].instruments
        return found
