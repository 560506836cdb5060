"""Starting books, and what a state file brings back."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from hedger.simulator.books import choose_book
from hedger.simulator.launch import launch, parse_equity
from hedger.simulator.markets import Markets
from hedger.simulator.model import Listing
from hedger.simulator.options import Options
from hedger.simulator.orders import Ticket
from tests.simulator.scripted_world import (
    CALL,
    DAY_MS,
    ORIGIN_MS,
    PERPETUAL,
    PUT,
    WIRE_S,
    D,
    ScriptedWorld,
)


def chosen(book: str) -> dict[str, Decimal]:
    return {listing.name: size for listing, size in choose_book(book, Markets(ScriptedWorld()))}


def test_a_strangle_is_short_a_call_and_a_put_about_a_month_out() -> None:
    assert chosen("strangle") == {CALL: D(-10), PUT: D(-10)}


def test_straddles_come_short_and_long() -> None:
    assert set(chosen("straddle").values()) == {D(-10)}
    assert set(chosen("long-straddle").values()) == {D(10)}
    assert chosen("empty") == {}


def test_a_book_outlives_recorded_data() -> None:
    world = ScriptedWorld(end_ms=ORIGIN_MS + 5 * DAY_MS)
    rows: list[tuple[Listing, Decimal]] = choose_book("straddle", Markets(world))
    assert all(listing.expiration_ms > ORIGIN_MS + 7 * DAY_MS for listing, _ in rows)


def test_a_file_may_be_toml_or_json(tmp_path: Path) -> None:
    toml = tmp_path / "book.toml"
    toml.write_text(f'[[positions]]\ninstrument = "{CALL}"\nsize = -2.5\n')
    assert chosen(str(toml)) == {CALL: D("-2.5")}
    file = tmp_path / "book.json"
    file.write_text(json.dumps([{"instrument": PERPETUAL, "size": 100}]))
    assert chosen(str(file)) == {PERPETUAL: D(100)}


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[{"instrument": "BTC-1JAN20", "size": 1}]', "BTC-1JAN20"),
        (f'[{{"instrument": "{CALL}", "size": "many"}}]', "many"),
        ('[{"name": "x"}]', "instrument and size"),
        ('{"rows": 3}', "list of positions"),
    ],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, content: str, named: str) -> None:
    path = tmp_path / "book.json"
    path.write_text(content)
    with pytest.raises(ValueError, match=named):
        chosen(str(path))


def test_equity_is_what_was_asked_for_whatever_the_book() -> None:
    options = Options(book="strangle", equity=parse_equity("BTC=7.5,ETH=2"))
    exchange = launch(options, lambda: WIRE_S, ScriptedWorld()).exchange
    assert exchange.account.exact_equity("BTC", exchange.markets.mark) == D("7.5")
    assert exchange.account.ledger("ETH").balance == 2
    assert exchange.desk.trades == []


def test_a_state_file_brings_everything_back(tmp_path: Path) -> None:
    options = Options(book="strangle", speed=60.0, state_file=tmp_path / "state.sqlite")
    first = launch(options, lambda: WIRE_S, ScriptedWorld())
    first.remember_port(4321)
    listing = ScriptedWorld().listed[PERPETUAL]
    first.exchange.desk.place(Ticket(listing, "buy", D(100), None, "market", label="m"), ORIGIN_MS)
    first.exchange.desk.place(Ticket(listing, "buy", D(10), D(99_000), "limit", label="r"), ORIGIN_MS)
    first.exchange.publish(WIRE_S)
    assert first.journal is not None
    first.journal.close()

    second = launch(options, lambda: WIRE_S + 60, ScriptedWorld())
    assert second.origin == first.origin
    assert second.origin.port == 4321
    assert "client_secret" not in repr(second.origin)
    assert second.exchange.account == first.exchange.account
    assert second.exchange.desk.trades == first.exchange.desk.trades
    assert [order.label for order in second.exchange.desk.open_orders()] == ["r"]
    assert second.exchange.clock == first.exchange.clock
    assert second.journal is not None
    second.journal.close()
