"""A rig whose book has shadows, and whose venue fills every hedge at the touch, as a shadow is filled."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from typing import Any

from hedger.domain.account import Fill
from hedger.domain.order import OrderIntent, Side
from hedger.engine import events as ev
from hedger.engine.settings import EngineSettings
from hedger.engine.shadow.shadow import Shadow
from hedger.engine.shadow.terms import ShadowSettings
from hedger.execution.params import ExecutionParams, Style
from hedger.policies.registry import POLICIES
from hedger.risk.envelope import Envelope
from tests.engine.rig import CALL, PERP, PUT, Rig, settings

HELD = {CALL: "-10", PUT: "-10", PERP: "200000"}
WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -5.0, "hard_upper": 5.0}
ROOMY = Envelope(
    max_order_usd=5e6,
    max_order_coin=50.0,
    max_hedge_position_coin=100.0,
    max_orders_per_minute=600,
    max_turnover_hour_usd=1e9,
    max_turnover_day_usd=1e9,
)
MARKET = ExecutionParams(style=Style.MARKET)


def shadow(name: str, policy: str = "band", **params: float) -> ShadowSettings:
    """With the policy's own defaults for what is left out."""
    return ShadowSettings(name, policy, POLICIES[policy].params(params)._asdict())


def shaded(*shadows: ShadowSettings, **keywords: Any) -> EngineSettings:
    """The rig's settings with these shadows."""
    plain = settings(**{"execution": MARKET, "envelope": ROOMY, **keywords})
    return replace(plain, books=(replace(plain.books[0], shadows=shadows),))


class ShadedRig(Rig):
    """The venue fills at the touch at once, for the taker's fee of the listing."""

    answered = 0
    fees = Decimal(0)

    def trade(self, intent: OrderIntent, amount: Decimal, price: Decimal) -> Fill:
        quote = self.perp_quote().quote
        touch = quote.ask if intent.side is Side.BUY else quote.bid
        assert touch is not None
        made = super().trade(intent, amount, Decimal(repr(touch)))
        fee = Decimal(repr(0.00035 * float(amount) / touch))
        self.fees += fee
        return Fill(**{name: getattr(made, name) for name in made.__struct_fields__} | {"fee": fee})

    def filled(self) -> None:
        """The venue answers whatever was placed and not yet answered."""
        while intents := self.placed[self.answered :]:
            self.answered += len(intents)
            for intent in intents:
                self.step(*self.fill_of(intent), self.account(str(10 - self.fees)), after_s=0.0)

    def play(self, market: Iterator[list[ev.Event]]) -> None:
        for events in market:
            self.step(*events, after_s=0.0)
            self.filled()

    @property
    def shadows(self) -> dict[str, Shadow]:
        return {each.settings.name: each for each in self.engine._state.books["btc"].shadows}


def begun(*shadows: ShadowSettings, **keywords: Any) -> ShadedRig:
    """Running, and the first hedge done."""
    rig = ShadedRig(shaded(*shadows, **keywords))
    rig.start(HELD)
    rig.filled()
    return rig
