"""Metrics: readable by Prometheus, in base units, and silent about what is not known."""

from __future__ import annotations

import math
import re
import shutil
import subprocess

import pytest
from prometheus_client.metrics_core import Metric
from prometheus_client.parser import text_string_to_metric_families

from hedger.domain.vocabulary import BreakerState, State
from hedger.engine.views.view import StatusView
from hedger.engine.views.view_guard import CapView, GuardView, LossView, MarginView
from hedger.portfolio.attribution import LINES
from hedger.risk.tiers import Tier
from hedger.runtime.metrics import Metrics
from tests.rich_picture import rich_day, shadow_view
from tests.view_fixtures import book, status, unknown_book, venue

UNIX_S = 1_770_000_000.0


def rendered(view: StatusView) -> str:
    metrics = Metrics(lambda: view, lambda: UNIX_S)
    metrics.observe_decision(0.00031)
    metrics.observe_order_round_trip(0.042)
    metrics.observe_journal_durable(0.004)
    return metrics.render().decode()


def families(view: StatusView) -> dict[str, Metric]:
    return {f.name: f for f in text_string_to_metric_families(rendered(view))}


def value(view: StatusView, name: str, **labels: str) -> float | None:
    for family in families(view).values():
        for sample in family.samples:
            if sample.name == name and sample.labels == labels:
                return float(sample.value)
    return None


def test_every_metric_says_what_it_is_and_every_own_name_begins_with_hedger() -> None:
    for name, family in families(status()).items():
        assert family.documentation, name
        assert re.match(r"hedger_|process_", name), name


def test_names_carry_base_units_only() -> None:
    for name in families(status()):
        assert not re.search(r"_(ms|millis|milliseconds|minutes|percent|pct|s)(_|$)", name), name


def test_delta_is_told_in_every_convention() -> None:
    deltas = {
        c: value(status(), "hedger_net_delta_coin", book="btc_main", convention=c) for c in ("black", "used")
    }
    assert deltas == {"black": -0.3452, "used": 0.0412}


def test_the_band_and_its_target_are_told() -> None:
    assert value(status(), "hedger_target_delta_coin", book="btc_main") == 0.0
    assert value(status(), "hedger_band_lower_delta_coin", book="btc_main") == -0.1
    assert value(status(), "hedger_hard_upper_delta_coin", book="btc_main") == 0.5
    assert value(status(), "hedger_band_scale", book="btc_main") == 1.0


def test_decisions_are_counted_by_action_and_reason() -> None:
    found = value(status(), "hedger_decisions_total", action="blocked", reason="stale_quote")
    assert found == 3.0


def test_orders_reconnects_and_bad_data_are_counted() -> None:
    assert value(status(), "hedger_orders_total", outcome="filled") == 16.0
    assert value(status(), "hedger_reconnects_total", venue="deribit") == 1.0
    assert value(status(), "hedger_bad_data_total", venue="deribit") == 2.0
    assert value(status(), "hedger_mismatches_total", venue="deribit") == 1.0


def test_the_quote_age_of_a_book_is_that_of_its_oldest_quote() -> None:
    assert value(status(), "hedger_oldest_quote_age_seconds", book="btc_main") == 71.2


def test_clock_skew_is_in_seconds() -> None:
    assert value(status(), "hedger_venue_clock_skew_seconds", venue="deribit") == pytest.approx(-0.012)


def test_the_last_step_is_a_unix_time_so_that_an_alert_can_compare_it_with_now() -> None:
    found = value(status(last_step_age_s=2.5), "hedger_last_step_timestamp_seconds")
    assert found == pytest.approx(UNIX_S - 2.5)


def test_the_lease_the_wait_for_it_and_takeovers_are_told_by_venue() -> None:
    held = status(venues=(venue(lease_left_s=7.5, takeovers=1),))
    assert value(held, "hedger_lease_left_seconds", venue="deribit") == 7.5
    assert value(held, "hedger_takeovers_total", venue="deribit") == 1.0
    assert value(held, "hedger_standby", venue="deribit") == 0.0
    waits = status(venues=(venue(standby_of="desk1:4242:7f3a"),))
    assert value(waits, "hedger_standby", venue="deribit") == 1.0
    assert value(waits, "hedger_lease_left_seconds", venue="deribit") is None


def test_exactly_one_state_is_one() -> None:
    view = status(state=State.PAUSED, breaker=BreakerState.PAUSED, books=(book(state=BreakerState.HALTED),))
    samples = families(view)["hedger_state"].samples
    assert [s.labels["state"] for s in samples if s.value == 1.0] == ["paused"]
    assert value(view, "hedger_daemon_breaker", state="paused") == 1.0
    assert value(view, "hedger_breaker", book="btc_main", state="halted") == 1.0
    assert value(view, "hedger_breaker", book="btc_main", state="running") == 0.0


def test_the_config_hash_and_version_are_labels() -> None:
    assert value(status(), "hedger_config_info", hash="9f3c21ab", mode="live") == 1.0
    assert value(status(), "hedger_build_info", version="0.1.0") == 1.0


def test_what_is_not_known_has_no_sample_and_never_a_nan() -> None:
    view = status(
        books=(unknown_book(vega_usd=math.nan),),
        venues=(venue(data_age_s=None, credits=None, clock_skew_ms=None, round_trip_s=None),),
        last_step_age_s=math.inf,
    )
    text = rendered(view)
    assert "NaN" not in text
    assert "hedger_net_delta_coin{" not in text
    assert "hedger_vega_usd{" not in text
    assert "hedger_venue_clock_skew_seconds{" not in text
    assert "\nhedger_last_step_timestamp_seconds" not in text


def test_latencies_are_histograms_in_seconds() -> None:
    for name in ("tick_to_decision", "order_round_trip", "journal_durable"):
        assert value(status(), f"hedger_{name}_seconds_count") == 1.0


def test_the_most_that_waited_for_a_step_is_a_gauge() -> None:
    metrics = Metrics(status, lambda: UNIX_S)
    metrics.observe_largest_step(40)
    assert b"hedger_largest_step_events 40.0" in metrics.render()


def test_two_daemons_in_one_process_do_not_share_a_registry() -> None:
    first, second = (Metrics(status, lambda: UNIX_S) for _ in range(2))
    first.observe_decision(0.001)
    assert b"hedger_tick_to_decision_seconds_count 1.0" in first.render()
    assert b"hedger_tick_to_decision_seconds_count 0.0" in second.render()


def test_promtool_finds_nothing_to_complain_about() -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    done = subprocess.run(
        [promtool, "check", "metrics"], input=rendered(status()), text=True, capture_output=True
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_shadows_are_told_beside_the_live_hedge_by_policy() -> None:
    view = status(books=(book(shadows=(shadow_view("wide", "band", 1.874),)),))
    at = {"book": "btc_main", "shadow": "wide", "policy": "band"}
    assert value(view, "hedger_shadow_variance_ratio", interval_seconds="60", **at) == 1.874
    assert value(view, "hedger_shadow_variance_ratio", interval_seconds="3600", **at) == 1.669
    assert value(view, "hedger_shadow_intervals", interval_seconds="3600", **at) == 8.0
    assert value(view, "hedger_shadow_ahead_usd", **at) == -48.2
    assert value(view, "hedger_shadow_delta_coin", **at) == -0.2113
    assert value(view, "hedger_shadow_open_delta_coin", **at) == 0.1812
    hedges = {"shadow": (4.0, 34.6, 60_000.0), "live": (17.0, 99.6, 255_000.0)}
    for hedge, (trades, cost, turnover) in hedges.items():
        assert value(view, "hedger_shadow_trades_total", hedge=hedge, **at) == trades
        assert value(view, "hedger_shadow_cost_usd", hedge=hedge, **at) == pytest.approx(cost)
        assert value(view, "hedger_shadow_turnover_usd_total", hedge=hedge, **at) == turnover
    assert "hedger_shadow_trades_total{" not in rendered(status())


MARGIN = MarginView(
    model="segregated_sm",
    currency="BTC",
    balance=2.0,
    initial=1.2,
    maintenance=0.9,
    available=0.8,
    excess_fraction=0.4,
    maintenance_distance=0.55,
    hedge_coin=3.5,
    initial_after=1.3,
    maintenance_after=0.95,
    liquidation_up_pct=42.5,
    liquidation_down_pct=None,
    liquidation_ratio=None,
    projected_initial=None,
    projected_maintenance=None,
)


def test_caps_losses_margin_and_latch_are_told_by_book() -> None:
    guard = GuardView(
        caps=(CapView("max_turnover_day_usd", "USD", 850.0, 1_000.0, Tier.SOFT),),
        loss=LossView("coin", 0.25, 0.5, 0, 0, 0.0),
        margin=MARGIN,
        latch="trade 7",
    )
    view = status(books=(book(guard=guard),))
    at = {"book": "btc_main", "cap": "max_turnover_day_usd"}
    assert value(view, "hedger_cap_used", **at) == 850.0
    assert value(view, "hedger_cap_limit", **at) == 1_000.0
    assert [value(view, "hedger_cap_tier", **at, tier=tier) for tier in Tier] == [0.0, 1.0, 0.0]
    assert value(view, "hedger_loss_today", book="btc_main", unit="coin") == 0.25
    assert value(view, "hedger_latched", book="btc_main") == 1.0
    held = {"book": "btc_main", "currency": "BTC"}
    assert value(view, "hedger_margin_balance", **held) == 2.0
    assert value(view, "hedger_liquidation_up_fraction", **held) == pytest.approx(0.425)
    assert value(view, "hedger_liquidation_down_fraction", **held) is None


def test_the_attribution_is_told_line_by_line_in_both_units() -> None:
    """Its lines add up to the change beside them, as everywhere."""
    view = status(attribution=(rich_day("00:00"), rich_day("08:00")))
    day = {"venue": "deribit", "currency": "BTC", "day": "08:00"}
    for unit in ("", "_usd"):
        lines = [value(view, f"hedger_attribution_line{unit}", **day, line=line) for line in LINES]
        assert sum(told for told in lines if told is not None) == pytest.approx(
            value(view, f"hedger_attribution_change{unit}", **day)
        )
    assert value(view, "hedger_attribution_cash_gap", **day) == 0.0000031
