"""Named parameters as other hedgers run them, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from hedger.policies import band_params, theta_offset


class Preset(NamedTuple):
    """Validated Params of a policy, and where they come from; sizes are examples for a target of 0."""

    policy: str
    params: Any
    source: str
    execution: Mapping[str, str | float] = MappingProxyType({})
    """Keys of the book's execution table that belong to the rule, as the file would write them."""


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "fmz": Preset(
            "band",
            band_params.Params(hard_lower=-1.0, hard_upper=1.0, step_coin=0.1),
            "FMZ dynamic delta hedging bot for Deribit: beyond a step of |delta| hedge to zero, size rounded "
            "down to the contract, at least one; the step is set by a button, 0.1 coin here",
        ),
        "thalex": Preset(
            "band",
            band_params.Params(hard_lower=-0.3, hard_upper=0.3, to_centre=1, dwell_s=60.0),
            "Thalex delta hedger bot: threshold around the target (lower, upper), tolerance that is never "
            "allowed (hard_lower, hard_upper), period of 1-3600 s outside before it hedges (dwell_s), to "
            "target_delta (target_delta_coin), max_slippage in per cent of the mark",
            MappingProxyType({"style": "limit_ioc", "max_slippage_fraction": 0.005}),
        ),
        "greeks_live": Preset(
            "band",
            band_params.Params(lower=-0.05, to_centre=1, cooldown_s=5.0),
            "Greeks.live advanced auto DDH: every 5 s, a threshold for each direction, hedges the ratio of "
            "the deviation from the target (hedge_ratio; above 100 % with to_centre = 0, where the "
            "opposite edge ends it)",
            MappingProxyType({"style": "market"}),
        ),
        "bybit": Preset(
            "band",
            band_params.Params(to_centre=1, cooldown_s=6.0, min_move_pct=1.0, move_window_s=3_600.0),
            "Bybit dynamic delta hedging: every 6 s, a safety range and a target, market orders, and no "
            "hedge while the underlying has moved less than 1 % within the hour (its advanced setting)",
            MappingProxyType({"style": "market"}),
        ),
        "hegic_1h": Preset(
            "theta_offset",
            theta_offset.Params(window_s=3_600.0),
            "Hegic, delta hedging with theta offset: one-hour observation window",
        ),
        "hegic_6h": Preset(
            "theta_offset",
            theta_offset.Params(window_s=21_600.0),
            "Hegic, delta hedging with theta offset: six-hour observation window",
        ),
        "hegic_24h": Preset(
            "theta_offset",
            theta_offset.Params(window_s=86_400.0),
            "Hegic, delta hedging with theta offset: one-day observation window",
        ),
    }
)
