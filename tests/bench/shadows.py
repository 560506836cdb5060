"""What shadows cost a step: nothing where there are none, about the live policy's own look for each."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Sequence

from hedger.engine import events as ev
from hedger.engine.shadow.terms import ShadowSettings
from hedger.policies.registry import LIVE_POLICIES
from tests.bench.frames import BAND, frames, hundred_option_rig
from tests.bench.pipeline import BETWEEN_S, typed
from tests.engine.rig import Rig

Stream = Sequence[tuple[ev.Now, Sequence[ev.Event]]]


def _three() -> tuple[ShadowSettings, ...]:
    """Policies that hold, as the live one does: a band never left, one far hedge, a long window."""
    wanted = {
        "band": BAND,
        "theta_offset": {"window_s": 604_800.0, "cap_sigmas": 10.0},
        "time": {"window_s": 604_800.0},
    }
    return tuple(
        ShadowSettings(name, name, LIVE_POLICIES[name].params(params)._asdict())
        for name, params in wanted.items()
    )


def _rig(shadows: tuple[ShadowSettings, ...], count: int) -> tuple[Rig, Stream]:
    rig = hundred_option_rig()
    rig.engine.shade({"btc": shadows})
    stream = []
    for frame in frames(rig, count):
        rig.wire_s += BETWEEN_S
        stream.append((rig.now, typed(frame, rig)))
    return rig, stream


def shadows(count: int = 30_000) -> dict[str, float]:
    """Median CPU of a step with 0, 1 and 3 shadows, in blocks that take turns, and the multiples."""
    three = _three()
    rigs = {n: _rig(three[:n], count) for n in (0, 1, 3)}
    took: dict[int, list[float]] = {n: [] for n in rigs}
    block = max(1, count // 20)
    for start in range(0, count, block):
        for n, (rig, stream) in rigs.items():
            took[n].append(_block_us(rig, stream[start : start + block]))
    step_us = {n: statistics.median(blocks) for n, blocks in took.items()}
    return {
        **{f"step_us_{n}_shadows": value for n, value in step_us.items()},
        "ratio_1_to_none": step_us[1] / step_us[0],
        "ratio_3_to_none": step_us[3] / step_us[0],
    }


def _block_us(rig: Rig, stream: Stream) -> float:
    gc.disable()
    began_s = time.process_time()
    for now, events in stream:
        rig.engine.step(now, events)
    took_s = time.process_time() - began_s
    gc.enable()
    return took_s / len(stream) * 1e6
