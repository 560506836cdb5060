"""A run is recorded and repeats exactly from its record."""

from __future__ import annotations

import json

from tests.end_to_end.waiting import until
from tests.end_to_end.yard import DEMO_CONFIG, Yard, as_words


def test_a_recording_repeats_exactly(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "600", "--book", "strangle")
    record = yard.folder / "observed.jsonl"
    recorded = yard.run(
        *("record", "-c", str(DEMO_CONFIG), "--exchange", str(exchange.ready_file), "--out", str(record)),
        *("--duration", "1.5", *as_words(f"state_dir={str(yard.folder / 'state')!r}")),
    )

    assert recorded.wait() == 0, recorded.complained()
    assert exchange.state()["orders"] == []
    _assert_repeats(yard, str(record))


def test_a_live_run_repeats_exactly_from_its_record(yard: Yard) -> None:
    """With hedges, a lost link, a person's trade and a command in it."""
    exchange = yard.exchange("--seed", "3", "--speed", "600", "--book", "strangle")
    record = yard.folder / "flight.jsonl"
    daemon = yard.daemon(exchange, "--record", str(record))
    until(lambda: len(exchange.hedges()) >= 2, "two hedges")
    exchange.fault("drop")
    until(lambda: daemon.status()["venues"][0]["reconnects"] == 1, "a reconnect")
    daemon.command("pause")
    exchange.trade("buy", 100_000)
    hedges = len(exchange.hedges())
    daemon.command("resume")
    until(lambda: len(exchange.hedges()) > hedges, "the trade hedged")
    assert daemon.process.stop() == 0

    _assert_repeats(yard, str(record))


def _assert_repeats(yard: Yard, record: str) -> None:
    replayed = yard.run("replay", record)
    assert replayed.wait() == 0, replayed.said() + replayed.complained()
    assert "no difference" in replayed.said()
    assert "incomplete" not in replayed.said()


def test_a_shadow_beside_a_live_run_is_found_again_in_its_record(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "600", "--book", "strangle")
    record = yard.folder / "flight.jsonl"
    tight = as_words("books.btc.shadows.tight.policy='band'", "books.btc.shadows.tight.upper=0.03")
    daemon = yard.daemon(exchange, "--record", str(record), *tight)
    until(lambda: len(exchange.hedges()) >= 2, "two hedges")
    until(lambda: daemon.book()["shadows"][0]["own"]["trades"] >= 3, "three trades of the shadow")
    seen = daemon.book()["shadows"][0]
    assert daemon.process.stop() == 0

    _assert_repeats(yard, str(record))
    compared = yard.run("shadow", str(record), "--json")
    assert compared.wait() == 0, compared.complained()
    (found,) = json.loads(compared.said())
    assert (found["differs_at_step"], found["stopped"]) == (None, "")
    own, again = found["books"][0]["shadows"]
    assert (own["name"], again["name"], again["since_ms"]) == ("own", "tight", seen["since_ms"])
    assert again["own"]["trades"] >= seen["own"]["trades"]
    assert again["own"]["turnover_usd"] >= seen["own"]["turnover_usd"] > 0.0
