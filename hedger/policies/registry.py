"""Every policy under its name: what the engine, the backtest and the settings choose from."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from hedger.domain.keys import Key
from hedger.policies import band, band_params, partial, theta_offset, utility, windows
from hedger.policies.bounds import build, numbers
from hedger.policies.inputs import Inputs, Interval
from hedger.policies.reasons import Reason
from hedger.policies.rounding import Rounding


class Policy(NamedTuple):
    """A kernel and what belongs to it. Params and Memory are the policy's own NamedTuples."""

    name: str
    params_type: type
    doc: Mapping[str, Key]
    """Unit, meaning and bounds of each field of the Params."""
    initial_memory: Any
    decide: Callable[[Any, Any, Inputs], tuple[Any, float, int]]
    interval: Callable[[Any, Any, Inputs], Interval]
    validate: Callable[[Any, float], None]
    """Takes the Params and the target delta; ValueError names field, value and what is right."""
    roundings: Mapping[Reason, Rounding]
    live: bool = True
    """Whether it may trade; else lab and backtest only."""

    @property
    def defaults(self) -> dict[str, float]:
        """Of the Params, as the kernel reads them."""
        return dict(self.params_type._field_defaults)  # type: ignore[attr-defined]

    def rounding(self, reason: int) -> Rounding:
        """How an order asked for with `reason` is rounded; ValueError for a reason that asks for none."""
        found = self.roundings.get(Reason(reason))
        if found is None:
            known = ", ".join(each.name for each in self.roundings)
            raise ValueError(f"reason = {Reason(reason).name}: policy {self.name} trades only on {known}")
        return found

    def params(self, values: Mapping[str, float | str], target_delta_coin: float = 0.0) -> Any:
        """Validated Params from settings; absent keys keep their defaults, unknown keys are refused."""
        params = build(self.params_type, values, self.doc)
        self.validate(params, target_delta_coin)
        return params

    def numbers(self, values: Mapping[str, float | str]) -> dict[str, float]:
        """Some parameters as the kernel reads them; ValueError for one that is none."""
        return numbers(self.params_type, values, self.doc)


def policy_named(name: str) -> Policy:
    """The policy of that name; ValueError lists the known ones."""
    if name not in POLICIES:
        raise ValueError(f"policy = {name!r}: must be one of {', '.join(POLICIES)}")
    return POLICIES[name]


def live_policy(name: str) -> Policy:
    """The policy of that name if it may trade; ValueError lists those that may."""
    if name not in LIVE_POLICIES:
        told = "is for lab and backtest only; " if name in POLICIES else ""
        raise ValueError(f"policy = {name!r}: {told}must be one of {', '.join(LIVE_POLICIES)}")
    return LIVE_POLICIES[name]


def in_parts(policy: Policy, parts: partial.PartialParams) -> Policy:
    """The policy with its hedges divided; itself where they are not. Params stay the policy's own."""
    if parts.first_share == 1.0:
        return policy
    return policy._replace(
        initial_memory=partial.initial(policy.initial_memory),
        decide=partial.kernel(policy.decide, parts.first_share, parts.over_s, parts.slices),
        interval=partial.shown(policy.interval),
        roundings=MappingProxyType({**policy.roundings, Reason.SLICE: Rounding.NEAREST}),
    )


_ALL = (
    Policy(
        "band",
        band_params.Params,
        band_params.DOC,
        band.INITIAL_MEMORY,
        band.decide,
        band.interval,
        band_params.validate,
        band.ROUNDING,
    ),
    Policy(
        "time",
        windows.Params,
        windows.DOC,
        windows.INITIAL_MEMORY,
        windows.time,
        windows.time_interval,
        windows.validate,
        windows.ROUNDING,
    ),
    Policy(
        "theta_offset",
        theta_offset.Params,
        theta_offset.DOC,
        theta_offset.INITIAL_MEMORY,
        theta_offset.decide,
        theta_offset.interval,
        theta_offset.validate,
        theta_offset.ROUNDING,
    ),
    Policy(
        "whalley_wilmott",
        utility.Params,
        utility.DOC,
        utility.INITIAL_MEMORY,
        utility.whalley_wilmott,
        utility.whalley_wilmott_interval,
        utility.validate,
        utility.ROUNDING,
    ),
    Policy(
        "zakamouline",
        utility.Params,
        utility.DOC,
        utility.INITIAL_MEMORY,
        utility.zakamouline,
        utility.zakamouline_interval,
        utility.validate,
        utility.ROUNDING,
    ),
    Policy(
        "leland",
        windows.LelandParams,
        windows.LELAND_DOC,
        windows.INITIAL_MEMORY,
        windows.leland,
        windows.leland_interval,
        windows.validate,
        windows.ROUNDING,
        live=False,
    ),
)

POLICIES: Mapping[str, Policy] = MappingProxyType({policy.name: policy for policy in _ALL})

LIVE_POLICIES: Mapping[str, Policy] = MappingProxyType(
    {name: policy for name, policy in POLICIES.items() if policy.live}
)
"""Those that may trade."""
