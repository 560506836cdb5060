"""Policies over the recorded months: how fast, loading apart, and where the time goes.

The engine is told what it asks for, a handful of tickers an instant, and looks at each in full: six hours
after the last look nothing can be repeated. `rows_per_s` is the recorded chain that passes by meanwhile.
"""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from hedger.backtest import run as module
from hedger.backtest.assumptions import Assumptions
from hedger.backtest.chain import Chain
from hedger.backtest.contenders import Contender, book_of, default_book, default_contenders
from hedger.backtest.outcome import Outcome
from hedger.backtest.sources import load_chain
from hedger.backtest.strategy import Strategy, load_strategy
from hedger.engine.effects import Effect
from hedger.engine.engine import Engine
from hedger.engine.events import Event, Now
from tests.shared_data import shared_data

STRATEGY = Path(__file__).resolve().parents[2] / "config" / "strategies" / "short-strangle.toml"
_NAMES = ("none", "time 6 h", "theta_offset 6 h", "whalley_wilmott")


class _Timed(Engine):
    """Adds up the CPU time of its steps."""

    spent_s = 0.0

    def step(self, now: Now, events: list[Event]) -> list[Effect]:  # type: ignore[override]
        began_s = time.process_time()
        made = super().step(now, events)
        _Timed.spent_s += time.process_time() - began_s
        return made


def backtest(rounds: int) -> dict[str, float]:
    """CPU figures per policy, the best of `rounds`; none where the recorded data is not present."""
    try:
        path = shared_data("deribit_options")
    except pytest.skip.Exception:
        return {}
    began_s = time.process_time()
    chain = load_chain(path, "BTC")
    figures = {"loading_s": time.process_time() - began_s, "rows": float(chain.rows)}
    strategy, assumed = load_strategy(STRATEGY)
    for contender in default_contenders(assumed):
        if contender.name in _NAMES:
            took_s, outcome = min(
                (_once(chain, strategy, assumed, contender) for _ in range(rounds)), key=lambda each: each[0]
            )
            figures[f"{contender.name}, s"] = took_s
            figures[f"{contender.name}, rows_per_s"] = chain.rows / took_s
            figures[f"{contender.name}, events_per_s"] = outcome.events / took_s
    figures["share of the time in Engine.step"] = _share_of_engine(chain, strategy, assumed)
    return figures


def _once(
    chain: Chain, strategy: Strategy, assumed: Assumptions, contender: Contender
) -> tuple[float, Outcome]:
    began_s = time.process_time()
    book = book_of(contender, default_book("BTC"))
    outcome = module.run(chain, strategy, book, assumed, hedged=contender.hedged)
    return time.process_time() - began_s, outcome


def _share_of_engine(chain: Chain, strategy: Strategy, assumed: Assumptions) -> float:
    _Timed.spent_s, module.Engine = 0.0, _Timed  # type: ignore[misc]
    try:
        took_s, _ = _once(chain, strategy, assumed, Contender("time", "time", {}))
    finally:
        module.Engine = Engine  # type: ignore[misc]
    return _Timed.spent_s / took_s
