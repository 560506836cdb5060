"""A daemon whose journal is on a server that goes and comes back, or on a disk without room."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import Yard, as_words
from tests.postgres import GUARDED, PASSWORD, NoPostgres, Postgres, running_postgres


@pytest.fixture
def server() -> Iterator[Postgres]:
    """A server that a test may stop."""
    try:
        with running_postgres() as made:
            yield made
    except NoPostgres as error:
        pytest.skip(str(error))


def alarms(daemon: Daemon) -> set[str]:
    return {alarm["name"] for alarm in daemon.status()["alarms"]}


def reason(daemon: Daemon) -> str:
    decision = daemon.book()["last_decision"]
    return "" if decision is None else str(decision["reason"])


def daemon_on(server: Postgres, url: str, yard: Yard, exchange: Exchange) -> Daemon:
    return yard.daemon(
        exchange,
        *as_words(f"journal.url={url!r}", "journal.slow_s=0.5"),
        environ={"HEDGER_JOURNAL__PASSWORD": PASSWORD},
    )


def test_a_lost_server_stops_orders_and_not_ticks_and_heals_by_itself(yard: Yard, server: Postgres) -> None:
    name = server.new_database().rpartition("/")[2]
    url = server.url(name, user=GUARDED)
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    daemon = daemon_on(server, url, yard, exchange)
    daemon.until_quiet()
    hedged = len(exchange.hedges())

    server.stop()
    exchange.trade("buy", 100_000)
    until(lambda: "journal_down" in alarms(daemon), "the lost server alarmed")
    until(lambda: reason(daemon) == "journal_down", "the decision says why")
    seen = daemon.status()["counters"]["events"]
    until(lambda: daemon.status()["counters"]["events"] > seen + 50, "ticks read on")
    assert len(exchange.hedges()) == hedged, "nothing is sent that is not written ahead"

    server.start()
    until(lambda: "journal_down" not in alarms(daemon), "the alarm's end")
    until(lambda: len(exchange.hedges()) > hedged, "the trade hedged")
    daemon.until_quiet()
    exchange.pause()
    assert daemon.process.stop() == 0, daemon.process.complained()

    checked = yard.run(
        *("journal", "verify"),
        environ={"HEDGER_JOURNAL__URL": url, "HEDGER_JOURNAL__PASSWORD": PASSWORD},
    )
    assert checked.wait() == 0, checked.said()
    assert " 0 problems" in checked.said()
    exchange.resume()
    again = daemon_on(server, url, yard, exchange)
    again.until_quiet()
    assert again.status()["epoch"] == 2
    leaks = [path for path in yard.files() if PASSWORD.encode() in path.read_bytes()]
    assert leaks == []


def test_without_room_nothing_is_sent_and_the_decision_says_so(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    daemon = yard.daemon(exchange, *as_words("journal.free_critical_mb=1e12"))
    until(lambda: reason(daemon) == "journal_down", "the decision says why")
    assert exchange.hedges() == []
    assert "journal_space" in alarms(daemon)
    told = daemon.book()["last_decision"]["detail"]
    assert told.startswith("no room for the journal: ")
    assert "free_critical_mb = 1e+12" in told
    metrics = daemon.get("/metrics").body
    for name in ("size_bytes", "free_bytes", "waiting_writes", "commit_seconds_count"):
        assert f"hedger_journal_{name} " in metrics
