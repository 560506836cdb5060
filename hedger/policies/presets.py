"""Named parameters as other hedgers run them, each with its source."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from hedger.policies import band, theta_offset


class Preset(NamedTuple):
    """Validated Params of a policy, and where they come from."""

    policy: str
    params: Any
    source: str


PRESETS: Mapping[str, Preset] = MappingProxyType(
    {
        "fmz": Preset(
            "band",
            band.Params(hard_lower=-1.0, hard_upper=1.0, step_coin=0.1),
            "FMZ dynamic delta hedging bot for Deribit: beyond a step of |delta| hedge to zero, size rounded "
            "down to the contract, at least one; the step is set by a button, 0.1 coin here",
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
