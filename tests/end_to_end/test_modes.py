"""Observe and paper: everything is decided, nothing reaches the exchange."""

from __future__ import annotations

from pathlib import Path

from tests.end_to_end.ledgers import bodies
from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard

ONE_COIN_USD = 100_000


def test_observe_decides_and_sends_nothing(yard: Yard) -> None:
    exchange, daemon = _in_mode(yard, "observe")
    exchange.trade("buy", ONE_COIN_USD)

    until(lambda: _would_sell(daemon), "a hedge of that trade that would be sent")
    decision = daemon.book()["last_decision"]
    assert decision["target_delta_coin"] - decision["delta_coin"] < -0.5
    assert decision["amount_coin"] < 0.0  # the first clip of it
    until(lambda: _actions(daemon.journal).count("would_hedge") >= 1, "the decision in the journal")
    _assert_only_a_person_traded(exchange, daemon)


def test_paper_hedges_on_paper(yard: Yard) -> None:
    exchange, daemon = _in_mode(yard, "paper")
    exchange.trade("buy", ONE_COIN_USD)

    until(lambda: daemon.book()["hedges_24h"] >= 1, "a paper hedge")
    daemon.until_quiet()
    assert daemon.book()["last_hedge"]["mode"] == "paper"
    until(lambda: _actions(daemon.journal).count("hedge") >= 1, "the decision in the journal")
    _assert_only_a_person_traded(exchange, daemon)


def test_a_paper_daemon_that_restarts_keeps_its_hedge(yard: Yard) -> None:
    """What it holds on paper is known to its journal alone; forgotten, all of it would be hedged again."""
    exchange, daemon = _in_mode(yard, "paper")
    exchange.trade("buy", ONE_COIN_USD)
    until(lambda: daemon.book()["turnover_usd_24h"] > ONE_COIN_USD // 2, "that trade hedged on paper")
    daemon.until_quiet()
    held_usd, turnover_usd = _perpetual_usd(daemon), daemon.book()["turnover_usd_24h"]
    assert held_usd < ONE_COIN_USD // 2, "the exchange alone would say at least a coin"
    assert daemon.process.stop() == 0

    again = yard.daemon(exchange, overrides=(*BRISK, "mode='paper'"))
    again.until_quiet()
    assert abs(_perpetual_usd(again) - held_usd) < ONE_COIN_USD // 10
    assert again.book()["turnover_usd_24h"] < turnover_usd + ONE_COIN_USD // 10, "hedged a second time"
    _assert_only_a_person_traded(exchange, again)


def _would_sell(daemon: Daemon) -> bool:
    """The book alone may be outside its band before the trade is heard of, and would be bought for."""
    decision = daemon.book()["last_decision"]
    return bool((decision["action"], decision["side"]) == ("would_hedge", "sell"))


def _perpetual_usd(daemon: Daemon) -> float:
    sizes = {row["instrument"]: float(row["size"]) for row in daemon.book()["positions"]}
    return sizes[PERPETUAL]


def _in_mode(yard: Yard, mode: str) -> tuple[Exchange, Daemon]:
    """A file that says live, and one override that says otherwise."""
    assert 'mode = "live"' in DEMO_CONFIG.read_text()
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    daemon = yard.daemon(exchange, overrides=(*BRISK, f"mode={mode!r}"))
    daemon.until_ready()
    assert daemon.status()["mode"] == mode
    return exchange, daemon


def _assert_only_a_person_traded(exchange: Exchange, daemon: Daemon) -> None:
    assert daemon.process.stop() == 0
    state = exchange.state()
    assert [order["api"] for order in state["orders"]] == [False]
    assert [order["label"] for order in state["orders"]] == [""]


def _actions(journal: Path) -> list[str]:
    return [row["action"] for row in bodies(journal, "decisions")]
