"""How hedges are worked against a real exchange: chases, edges, clips, one hedge only, a person's word."""

from __future__ import annotations

from decimal import ROUND_CEILING, Decimal
from typing import Any

import pytest

from tests.end_to_end.ledgers import assert_ledgers_agree, bodies
from tests.end_to_end.sides import PERPETUAL, Daemon, Exchange, inside
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard, as_words

CHASE = (
    "books.btc.execution.style='chase'",
    "books.btc.execution.chase_s=2.0",
    "books.btc.execution.repeg_s=0.2",
    "books.btc.band.hard_lower=-50.0",
    "books.btc.band.hard_upper=50.0",
)


def started(yard: Yard, *settings: str, book: str = "strangle", speed: int = 60) -> tuple[Exchange, Daemon]:
    exchange = yard.exchange("--seed", "3", "--speed", str(speed), "--book", book)
    return exchange, yard.daemon(exchange, overrides=(*BRISK, *settings))


def resting(exchange: Exchange) -> list[dict[str, Any]]:
    return [order for order in exchange.hedges() if order["order_state"] == "open"]


def test_a_chase_hedges_the_book_and_the_ledgers_agree(yard: Yard) -> None:
    exchange, daemon = started(yard, *CHASE)
    daemon.until_quiet()
    exchange.trade("buy", 100_000)
    until(lambda: len(exchange.hedges()) >= 2, "the trade worked")
    daemon.until_quiet()

    first = exchange.hedges()[0]
    assert (first["post_only"], first["time_in_force"]) == (True, "good_til_cancelled")
    exchange.pause()
    daemon.until_quiet()
    assert_ledgers_agree(exchange, daemon)
    done = bodies(daemon.journal, "hedges")
    assert done
    assert {row["end"] for row in done} <= {"reached", "changed"}


def test_a_chase_that_is_cut_off_leaves_nothing_behind_and_doubles_nothing(yard: Yard) -> None:
    exchange, daemon = started(yard, *CHASE)
    for _ in range(3):
        exchange.trade("buy", 50_000)
        until(lambda: resting(exchange), "an order that rests")
        exchange.fault("drop")
    daemon.until_quiet(within_s=40.0)

    exchange.pause()
    assert_ledgers_agree(exchange, daemon)


def test_a_killed_chase_is_cleaned_up_by_the_next_run(yard: Yard) -> None:
    exchange, daemon = started(yard, *CHASE)
    until(lambda: resting(exchange), "an order that rests")
    daemon.process.kill()
    again = yard.daemon(exchange, overrides=(*BRISK, *CHASE))
    again.until_quiet(within_s=40.0)

    exchange.pause()
    assert_ledgers_agree(exchange, again)


def test_a_long_gamma_book_rests_at_both_edges_and_earns_the_spread(yard: Yard) -> None:
    exchange, daemon = started(
        yard,
        "books.btc.execution.resting=true",
        "books.btc.execution.repeg_s=0.2",
        "books.btc.band.hard_lower=-50.0",
        "books.btc.band.hard_upper=50.0",
        book="long-straddle",
    )
    both = until(lambda: len(found := resting(exchange)) == 2 and found, "orders at both edges")
    sides = {order["direction"]: order["price"] for order in both}
    assert sides["buy"] < sides["sell"]
    until(lambda: [o for o in exchange.hedges() if o["post_only"] and o["filled_amount"]], "one that fills")

    assert daemon.process.stop() == 0, daemon.process.complained()
    assert resting(exchange) == [], "a stop takes back what rests"


def test_edges_left_by_a_killed_run_are_taken_back_before_new_ones_rest(yard: Yard) -> None:
    resting_at_edges = (
        "books.btc.execution.resting=true",
        "books.btc.execution.repeg_s=0.2",
        "books.btc.band.hard_lower=-50.0",
        "books.btc.band.hard_upper=50.0",
    )
    exchange, daemon = started(yard, *resting_at_edges, book="long-straddle")
    left = until(lambda: len(found := resting(exchange)) == 2 and found, "orders at both edges")
    daemon.process.kill()
    again = yard.daemon(exchange, overrides=(*BRISK, *resting_at_edges))
    until(lambda: len(resting(exchange)) == 2 and again.status()["orders"]["open"] == 2, "new ones")
    assert not {order["label"] for order in left} & {order["label"] for order in resting(exchange)}
    assert again.process.stop() == 0, again.process.complained()
    assert resting(exchange) == []


def test_hedging_once_works_one_hedge_to_its_end_and_stops(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    run = yard.run(
        *("run", "-c", str(DEMO_CONFIG), "--exchange", str(exchange.ready_file), "--port", "0", "--once"),
        *as_words("state_dir='once'", "books.btc.execution.min_clip_usd=0.0", *BRISK),
    )

    assert run.wait() == 0, run.complained()
    assert exchange.hedges()
    assert resting(exchange) == []
    (done,) = bodies(yard.folder / "once" / "journal.sqlite", "hedges")
    assert done["end"] == "reached"
    assert "reached" in run.said()


def test_hedging_once_where_a_person_is_waited_for_fails_as_halted(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    run = yard.run(
        *("run", "-c", str(DEMO_CONFIG), "--exchange", str(exchange.ready_file), "--port", "0", "--once"),
        *as_words("state_dir='once'", "books.btc.execution.confirm_above_coin=0.001", *BRISK),
    )

    assert run.wait() == 5, run.complained()
    assert exchange.hedges() == []
    assert "hedger confirm" in run.said()


def test_a_first_hedge_waits_for_its_confirmation(yard: Yard) -> None:
    exchange, daemon = started(yard, "books.btc.execution.confirm_above_coin=0.001", speed=1)
    daemon.until_reason("confirmation")
    assert "hedger confirm --book btc" in daemon.book()["working"]["awaits_confirmation"]
    assert exchange.hedges() == []

    assert daemon.command("confirm").status == 200
    daemon.until_quiet()
    assert exchange.hedges()
    assert daemon.command("confirm").status == 409, "nothing waits any more"


def test_neutralise_ends_at_the_target_and_in_a_pause_that_survives_a_restart(yard: Yard) -> None:
    exchange, daemon = started(yard, speed=1)
    daemon.until_quiet()
    assert daemon.command("neutralise").status == 200
    until(lambda: daemon.status()["breaker"] == "paused", "the pause after it")
    assert abs(daemon.book()["delta"]["used"]) < Decimal("0.01")

    assert daemon.process.stop() == 0
    again = yard.daemon(exchange)
    until(lambda: again.status()["state"] == "paused", "the latched pause")


def test_flatten_needs_the_word_where_it_leaves_a_naked_delta(yard: Yard) -> None:
    exchange, daemon = started(yard, speed=1)
    daemon.until_quiet()
    exchange.trade("sell", 100_000, PERPETUAL)
    until(lambda: abs(daemon.book()["hedge_position"]["coin"]) < Decimal("0.5"), "the trade hedged")
    daemon.until_quiet()
    refused = daemon.command("flatten")
    left = daemon.book()["working"]["naked_delta_coin"]
    if abs(left) > abs(daemon.book()["delta"]["used"]):
        assert refused.status == 409
        assert "--accept-naked-delta" in refused.json["error"]
    assert daemon.command("flatten", accept_naked_delta=True).status == 200
    until(lambda: daemon.book()["hedge_position"]["coin"] == 0, "the hedge closed")


def test_an_order_by_hand_is_placed_shown_and_cancelled(yard: Yard) -> None:
    exchange, daemon = started(yard, speed=1)
    status = daemon.until_quiet()
    price = round(float(status["books"][0]["index_usd"]) * 0.995 * 2) / 2
    order = {"instrument": PERPETUAL, "side": "buy", "amount": "100", "price": str(price), "post_only": True}
    placed = daemon.post("/v1/orders", **order)
    assert placed.status == 200, placed
    label = placed.json["label"]
    until(lambda: [o["label"] for o in resting(exchange)] == [label], "the order at the exchange")
    until(lambda: inside(daemon.book()), "no hedge because of it")

    assert daemon.post("/v1/orders/cancel", label=label).status == 200
    until(lambda: resting(exchange) == [], "its cancel")
    assert daemon.post("/v1/orders", **{**order, "amount": "15"}).status == 409
    assert daemon.post("/v1/orders", **{**order, "price": "1"}).status == 409


@pytest.mark.parametrize("allowed", [False, True])
def test_an_option_by_hand_only_where_the_book_lets_it(yard: Yard, allowed: bool) -> None:
    classes = ["perpetual", "option"] if allowed else ["perpetual"]
    exchange, daemon = started(yard, f"books.btc.envelope.asset_classes={classes!r}", speed=1)
    status = daemon.until_quiet()
    option = next(p for p in status["books"][0]["positions"] if p["kind"] == "option")
    step = Decimal("0.0005")  # quantize would round to four decimals, not to a multiple
    price = (option["mark"] * Decimal("1.1") / step).to_integral_value(ROUND_CEILING) * step
    order = {"instrument": option["instrument"], "side": "buy", "amount": "1", "price": str(price)}
    answer = daemon.post("/v1/orders", **order, ioc=True)

    assert answer.status == (200 if allowed else 409), answer
    if allowed:
        label = answer.json["label"]
        until(lambda: [o for o in exchange.hedges() if o["label"] == label], "the order at the exchange")
