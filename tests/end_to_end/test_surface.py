"""The HTTP surface of a running daemon, as curl, a supervisor, Prometheus and an operator use it."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import pytest

from tests.end_to_end import web
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, Yard

ONE_COIN_USD = 100_000

STATUS: dict[str, Any] = {
    "mode": None,
    "state": None,
    "config_hash": None,
    "uptime_s": None,
    "venues": {"name": None, "connected": None, "data_age_s": None, "credits": None},
    "books": {
        "name": None,
        "underlying": None,
        "neutral": None,
        "delta": {"black": None, "net_transaction": None, "with_equity": None, "used": None},
        "target": None,
        "band": {"lower": None, "upper": None, "hard_lower": None, "hard_upper": None},
        "gamma_coin_per_usd": None,
        "theta_usd_per_day": None,
        "vega_usd": None,
        "hedge_position": {"coin": None, "usd": None},
        "in_flight_coin": None,
        "turnover_usd_24h": None,
        "fees_usd_24h": None,
        "last_decision": {
            "time": None,
            "action": None,
            "amount_coin": None,
            "amount_usd": None,
            "reason": None,
            "binding": None,
            "distance_coin": None,
            "distance_move_pct": None,
        },
    },
    "orders": {"open": None, "unknown": None},
}
METRICS = (
    "hedger_net_delta",
    "hedger_band",
    "tick_to_decision",
    "order_round_trip",
    "hedger_decisions_total",
    "hedger_orders_total",
    "reconnects",
    "unknown",
    "breaker",
    "config",
)


@pytest.fixture
def exchange(yard: Yard) -> Exchange:
    return yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")


@pytest.fixture
def daemon(yard: Yard, exchange: Exchange) -> Daemon:
    daemon = yard.daemon(exchange)
    daemon.until_quiet()
    return daemon


def test_health_status_and_metrics_of_a_hedging_daemon(daemon: Daemon) -> None:
    assert daemon.get("/healthz").status == 200
    assert daemon.get("/readyz").json == {"ok": True, "state": "running", "missing": []}
    _assert_has(daemon.status(), STATUS, "status")
    metrics = daemon.get("/metrics").body
    assert [name for name in METRICS if name not in metrics] == []
    _assert_serves_people(daemon)
    _assert_promtool_accepts(metrics)


def _assert_promtool_accepts(metrics: str) -> None:
    promtool = shutil.which("promtool")
    if promtool is None:
        pytest.skip("promtool is not installed")
    checked = subprocess.run(
        [promtool, "check", "metrics"],
        input=metrics,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    assert checked.stdout + checked.stderr == ""


def test_readiness_follows_the_data_and_health_the_loop(yard: Yard) -> None:
    """Not ready while nothing arrives, though the loop steps; ready once the exchange is there."""
    words = ("--seed", "3", "--book", "strangle", "--state", str(yard.folder / "exchange.db"))
    exchange = yard.exchange(*words)
    exchange.process.kill()
    daemon = yard.daemon(exchange)
    unready = daemon.get("/readyz")
    assert unready.status == 503
    assert "deribit: not connected" in unready.json["missing"]
    until(lambda: daemon.get("/healthz").status == 200, "a loop that steps")

    yard.exchange(*words).state()
    daemon.until_ready()
    assert daemon.get("/healthz").status == 200


def test_a_paused_daemon_does_not_hedge_until_it_is_resumed(exchange: Exchange, daemon: Daemon) -> None:
    hedges = len(exchange.hedges())
    _assert_commands_need_the_token(daemon)
    assert daemon.command("pause").json["state"] == "paused"
    assert daemon.get("/readyz").json == {"ok": True, "state": "paused", "missing": []}
    exchange.trade("buy", ONE_COIN_USD)
    until(lambda: daemon.book()["delta"]["used"] > daemon.book()["band"]["upper"], "delta outside the band")
    steps = daemon.status()["counters"]["steps"]
    until(lambda: daemon.status()["counters"]["steps"] > steps + 10, "ten steps outside the band")
    assert daemon.reason() == "paused"
    assert len(exchange.hedges()) == hedges

    assert daemon.command("resume").json["state"] == "running"
    daemon.until_quiet()
    assert len(exchange.hedges()) > hedges


def test_a_halt_outlives_the_daemon(yard: Yard, exchange: Exchange, daemon: Daemon) -> None:
    assert daemon.command("halt").json["state"] == "halted"
    daemon.process.kill()  # at once: what was answered was durable before it was
    exchange.trade("buy", ONE_COIN_USD)
    hedges = len(exchange.hedges())

    again = yard.daemon(exchange, overrides=BRISK)
    again.until_reason("halted")
    assert again.status()["state"] == "halted"
    steps = again.status()["counters"]["steps"]
    until(lambda: again.status()["counters"]["steps"] > steps + 10, "ten steps")
    assert len(exchange.hedges()) == hedges

    again.command("resume")
    again.until_quiet()
    assert len(exchange.hedges()) > hedges


def _assert_serves_people(daemon: Daemon) -> None:
    """The page, the decisions, and why not."""
    page = daemon.get("/")
    assert page.status == 200
    assert "<html" in page.body
    decisions = daemon.get("/v1/decisions?limit=5").json["decisions"]
    assert [row["market_ms"] for row in decisions] == sorted(
        (r["market_ms"] for r in decisions), reverse=True
    )
    assert "hedge" in {row["action"] for row in daemon.get("/v1/decisions").json["decisions"]}
    assert daemon.get("/v1/why").json["books"][0]["sentence"]


def _assert_commands_need_the_token(daemon: Daemon) -> None:
    for headers in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {daemon.token}"}):
        refused = web.post(f"{daemon.url}/v1/commands/halt", {"reason": "mischief"}, **headers)
        assert refused.status == 401
    assert daemon.status()["state"] == "running"


def _assert_has(value: Any, wanted: Any, where: str) -> None:
    """Every wanted field is there, in every row of a list."""
    if wanted is None:
        return
    for row in value if isinstance(value, list) else [value]:
        for name, inner in wanted.items():
            assert name in row, f"{where}.{name}"
            _assert_has(row[name], inner, f"{where}.{name}")
