"""The hedge on which every source of delta agrees."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hedger.policies.inputs import Inputs
from hedger.policies.reasons import ACTS, Reason
from hedger.policies.registry import Policy


def agreed_coin(
    policy: Policy, params: Any, memory: Any, inputs: Inputs, apart_coin: Iterable[float], change_coin: float
) -> float:
    """The smallest change every source asks for, where all ask for the same sign; 0 where one asks for none.

    `apart_coin`: by how much the delta of each other source lies above that of `inputs`.
    """
    for apart in apart_coin:
        theirs = inputs._replace(delta_coin=inputs.delta_coin + apart)
        _, target, code = policy.decide(params, memory, theirs)
        wanted = target - theirs.delta_coin if Reason(code) in ACTS else 0.0
        if wanted * change_coin <= 0.0:
            return 0.0
        change_coin = min(change_coin, wanted, key=abs)
    return change_coin
