"""A held book's two halves: the lab's own figures, paths that nobody shares, the same on every executor."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from hedger.domain.errors import ConfigError
from hedger.engine.settings import BookSettings
from hedger.lab.book import Book, Leg, unit_of
from hedger.lab.chunks import market_of, prepared_of
from hedger.lab.executor import executor
from hedger.lab.experiment import Costs, Experiment
from hedger.lab.models import Bootstrap, Gbm
from hedger.lab.run import run
from hedger.lab.tune import Candidate, Objective, tune
from hedger.lab.tune_book import halves, realised_volatility, score, start_ms
from hedger.policies.partial import PartialParams
from hedger.policies.registry import policy_named

HOUR_S = 3_600
BOOK = Book(
    spot_usd=100_000.0,
    options=(Leg("call", 110_000.0, 10.0, -5.0, 0.55), Leg("put", 92_000.0, 3.0, -5.0, 0.6)),
    accounting="inverse",
    neutral="coin",
    equity_coin=5.0,
    hedge_coin=0.4,
)
SIGMA = Candidate("band", {"unit": "sigma", "below_sigmas": 0.8, "above_sigmas": 0.8})


def made(today: Candidate, **changes: Any) -> tuple[Experiment, Experiment]:
    params = policy_named(today.policy).numbers(today.params)
    parts = changes.pop("partial", PartialParams())
    settings = BookSettings("btc", "deribit", "BTC", "BTC-PERPETUAL", policy=today.policy, partial=parts)
    how: dict[str, Any] = {"paths": 300, "horizon_days": 2.0, "step_s": HOUR_S, "start_ms": 0, "seed": 1}
    model, costs = changes.pop("model", Gbm(0.5)), Costs(one_way=0.00045)
    return halves(
        changes.pop("book", BOOK), replace(settings, policy_params=params), model, costs, **{**how, **changes}
    )


LINEAR = replace(BOOK, accounting="linear", neutral="usd", equity_coin=0.0)


@pytest.mark.parametrize("held", [BOOK, replace(BOOK, neutral="usd"), LINEAR], ids=["coin", "usd", "linear"])
def test_a_score_is_the_labs_own_figures(held: Book) -> None:
    first, _ = made(SIGMA, book=held)
    told, figures = score(first, SIGMA), run(first).policies[0].figures
    assert told.mean == pytest.approx(figures["pnl_mean"].value, rel=1e-12)
    assert told.sd == pytest.approx(figures["pnl_sd"].value, rel=1e-12)
    assert told.trading_cost == pytest.approx(figures["cost_mean"].value, rel=1e-12)
    assert told.trades == pytest.approx(figures["trades_mean"].value, rel=1e-12)
    assert len(told.pnl) == 300


def test_the_second_half_is_drawn_afresh_and_no_other_seed_has_its_paths() -> None:
    drawn = [
        market_of(half, prepared_of(half), 0).ends[:50].copy()
        for seed in (1, 2)
        for half in made(SIGMA, seed=seed)
    ]
    assert len(np.unique(np.concatenate(drawn))) == 200


def test_the_horizon_ends_at_the_last_expiry_and_every_expiry_falls_on_a_step() -> None:
    first, _ = made(SIGMA, horizon_days=90.0)
    assert first.horizon_days == 10.0
    assert first.simulation.steps == 240


def test_every_candidate_is_hedged_in_parts_where_the_book_is() -> None:
    parts = PartialParams(first_share=0.75)
    whole, in_parts = (score(made(SIGMA, partial=each)[0], SIGMA) for each in (PartialParams(), parts))
    assert in_parts.trades > whole.trades


def test_a_wasteful_setting_is_improved_on_paths_the_search_never_saw_on_any_executor() -> None:
    today = Candidate("time", {"window_s": 43_200.0})
    first, second = made(today)

    def found(where: str) -> Any:
        with executor(where, 2) as place:
            return tune(
                partial(score, first),
                partial(score, second),
                today,
                objective=Objective.COST,
                trials=8,
                seed=3,
                run=place.map,
                policies=("band",),
                each="path",
            )

    serial = found("serial")
    assert serial == found("processes")
    assert serial.improves
    assert serial.best_second.trading_cost < serial.today_second.trading_cost
    assert serial.best_second == score(second, serial.best)


@pytest.mark.parametrize("minutes", [0.0, 7.0, 100.0])
def test_a_step_that_misses_eight_o_clock_is_refused(minutes: float) -> None:
    with pytest.raises(ConfigError, match=f"step = {minutes:g} minutes: must divide 480"):
        start_ms(0, round(minutes * 60))


def test_time_begins_at_the_step_under_way() -> None:
    assert start_ms(1_770_000_000_123, 300) == 1_770_000_000_000
    assert start_ms(1_770_000_000_123, HOUR_S) == 1_769_997_600_000


def test_more_steps_than_a_simulation_takes_are_refused_by_number() -> None:
    long = replace(BOOK, options=(Leg("call", 110_000.0, 300.0, -5.0, 0.55),))
    with pytest.raises(ConfigError, match="book btc: steps = 86400: must be at most 20000"):
        made(SIGMA, book=long, horizon_days=300.0, step_s=300)


def test_the_models_volatility_is_measured_on_its_paths() -> None:
    assert realised_volatility(made(SIGMA)[0]) == pytest.approx(0.5, rel=0.02)
    with pytest.raises(ConfigError, match=r"model: path = 'nowhere\.parquet': no such file"):
        realised_volatility(replace(made(SIGMA)[0], model=Bootstrap("nowhere.parquet")))


def test_money_is_counted_as_the_lab_counts_it() -> None:
    assert unit_of(BOOK) == "coin"
    assert unit_of(replace(BOOK, neutral="usd")) == "USD"
    assert unit_of(LINEAR) == "USD"
