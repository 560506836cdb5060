"""Ticker to decided, in process: our typed decoding against the same pipeline on `json`."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Sequence

from hedger.domain.instrument import InstrumentState
from hedger.domain.quote import Quote
from hedger.engine import events as ev
from hedger.venues.deribit import decode
from tests.bench.frames import frames, hundred_option_rig
from tests.engine.rig import VENUE, Rig

BETWEEN_S = 0.001  # wire time between two tickers: a thousand a second

Decoder = Callable[[bytes, Rig], Sequence[ev.Event]]


def typed(frame: bytes, rig: Rig) -> Sequence[ev.Event]:
    """The daemon's own path."""
    return decode.notification(frame, decode.peek_channel(frame), decode.Source(VENUE, rig.wire_s))


def plain_json(frame: str | bytes, rig: Rig) -> Sequence[ev.Event]:
    """What a client on the standard library does: parse everything, pick what is needed."""
    data = json.loads(frame)["params"]["data"]
    greeks = data.get("greeks") or {}
    iv = data.get("mark_iv")
    return [
        ev.Quoted(
            Quote(
                venue=VENUE,
                instrument=data["instrument_name"],
                market_ms=data["timestamp"],
                received_wire_s=rig.wire_s,
                state=InstrumentState(data["state"]),
                mark=data["mark_price"],
                index_usd=data["index_price"],
                bid=data["best_bid_price"] or None,
                bid_amount=data["best_bid_amount"],
                ask=data["best_ask_price"] or None,
                ask_amount=data["best_ask_amount"],
                min_price=data["min_price"],
                max_price=data["max_price"],
                underlying_usd=data.get("underlying_price"),
                iv=None if iv is None else iv / 100,
                delta=greeks.get("delta"),
                gamma=greeks.get("gamma"),
                vega=greeks.get("vega"),
                theta=greeks.get("theta"),
            )
        )
    ]


def latencies_us(decoder: Decoder, count: int) -> list[float]:
    """Microseconds from frame to effects, one frame per step."""
    rig = hundred_option_rig()
    stream = frames(rig, count)
    step, took = rig.engine.step, []
    gc.disable()
    for frame in stream:
        rig.wire_s += BETWEEN_S
        now = rig.now
        began = time.perf_counter_ns()
        step(now, decoder(frame, rig))
        took.append((time.perf_counter_ns() - began) / 1000)
    gc.enable()
    return took


def quantile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    return sorted(values)[min(len(values) - 1, int(share * len(values)))]


def ticker_to_decided(count: int = 20_000) -> dict[str, float]:
    """p50 and p99 of both pipelines, interleaved in rounds so that noise meets both."""
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(3):
        ours += latencies_us(typed, count // 3)
        theirs += latencies_us(plain_json, count // 3)
    return {
        "typed_p50_us": statistics.median(ours),
        "typed_p99_us": quantile(ours, 0.99),
        "json_p50_us": statistics.median(theirs),
        "json_p99_us": quantile(theirs, 0.99),
        "ratio_p50": statistics.median(theirs) / statistics.median(ours),
    }


def decode_only(count: int = 20_000) -> dict[str, float]:
    """Decoding alone."""
    rig = hundred_option_rig()
    stream = frames(rig, count)
    figures = {}
    for name, decoder in (("typed", typed), ("json", plain_json)):
        began = time.perf_counter()
        for frame in stream:
            decoder(frame, rig)
        figures[f"{name}_us"] = (time.perf_counter() - began) / count * 1e6
    figures["ratio"] = figures["json_us"] / figures["typed_us"]
    return figures


def steps_per_second(count: int = 50_000) -> dict[str, float]:
    """Pre-decoded quotes, one per step, one decision each; by CPU time, since others use the machine, too."""
    rig = hundred_option_rig()
    batches, times, step = [], [], rig.engine.step
    for frame in frames(rig, count):
        rig.wire_s += BETWEEN_S
        times.append(rig.now)
        batches.append(typed(frame, rig))
    gc.disable()
    began = time.process_time()
    for now, batch in zip(times, batches, strict=True):
        step(now, batch)
    took = time.process_time() - began
    gc.enable()
    return {"steps_per_s": count / took, "step_us": took / count * 1e6}
