"""Starting books, and what a state file brings back."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from hedger.simulator import sim
from hedger.simulator.book_file import read_book_file
from hedger.simulator.books import choose_book
from hedger.simulator.launch import Launched, launch, parse_equity
from hedger.simulator.markets import Markets
from hedger.simulator.model import Listing
from hedger.simulator.options import Options
from hedger.simulator.orders import Ticket
from hedger.simulator.rpc import ApiError
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


def test_what_the_documentation_shows_is_a_valid_book_file(tmp_path: Path) -> None:
    text = (Path(__file__).parents[2] / "hedger" / "simulator" / "README.md").read_text(encoding="utf-8")
    file = tmp_path / "book.toml"
    file.write_text(text.split("```toml\n", 1)[1].split("```", 1)[0])
    read = read_book_file(file)
    assert read.equity == {"BTC": 5}
    assert read.market is not None


@pytest.mark.parametrize(
    ("content", "named"),
    [
        ('[{"instrument": "BTC-1JAN20", "size": 1}]', "BTC-1JAN20"),
        (f'[{{"instrument": "{CALL}", "size": "many"}}]', "many"),
        ('[{"name": "x"}]', "instrument and size"),
        ('{"rows": 3}', "list of positions"),
        ('{"positions": [], "extra": 1}', "'extra' is unknown"),
        ("{", "Expecting property name"),
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


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("DOGE=1", "the currency must be one of BTC, ETH, USDC"),
        ("BTC=x", "is not CURRENCY=AMOUNT, for example BTC=10"),
        ("BTC", "is not CURRENCY=AMOUNT, for example BTC=10"),
        ("BTC=nan", "the amount must be a number that is not negative"),
        ("BTC=1,ETH=-2", "'ETH=-2': the amount must be a number that is not negative"),
    ],
)
def test_equity_no_account_could_have_is_refused(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_equity(text)


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


EXAMPLE = """
[equity]
BTC = 5
USDC = 1000

[[positions]]
instrument = "BTC-1OCT26-105000-C"
size = -10

[market]
origin = 2026-09-01T08:00:00Z
index = 100000
iv = 0.55
hold_expiry = true
spread_usd = 0
future_fee = 0
moves = [{ after_s = 600, index = 99000 }, { after_s = 900, iv = 0.6 }]
"""


def with_file(tmp_path: Path, content: str = EXAMPLE, **options: object) -> Launched:
    path = tmp_path / "book.toml"
    path.write_text(content)
    return launch(Options(book=str(path), **options), lambda: WIRE_S)  # type: ignore[arg-type]


def seen(launched: Launched, after_s: float) -> tuple[float, float | None]:
    """Index and volatility so many market seconds after the start."""
    launched.exchange.tick(WIRE_S + after_s)
    market = launched.exchange.markets.market("BTC-1OCT26-105000-C")
    return market.index, market.iv


class TestFixedMarkets:
    def test_a_file_may_state_the_whole_market(self, tmp_path: Path) -> None:
        launched = with_file(tmp_path)
        exchange = launched.exchange
        assert exchange.world.origin_ms == 1_788_249_600_000  # 2026-09-01 08:00 UTC
        assert exchange.account.exact_equity("BTC", exchange.markets.exact_mark) == 5
        assert exchange.account.ledger("USDC").balance == 1_000
        assert exchange.markets.listing(PERPETUAL).taker_commission == 0
        assert exchange.timeline.strangers is None
        told = [seen(launched, after_s) for after_s in (0, 599, 600, 900)]
        assert told == [(100_000.0, 0.55), (100_000.0, 0.55), (99_000.0, 0.55), (99_000.0, 0.6)]

    def test_what_the_command_line_says_is_stronger(self, tmp_path: Path) -> None:
        asked = {"equity": {"BTC": D(7)}, "origin_ms": 1_788_249_600_000 + DAY_MS, "asked": ("equity",)}
        exchange = with_file(tmp_path, **asked).exchange
        assert exchange.account.exact_equity("BTC", exchange.markets.exact_mark) == 7
        assert exchange.world.origin_ms == 1_788_249_600_000 + DAY_MS

    def test_a_person_moves_it_and_it_stays_moved_after_a_restart(self, tmp_path: Path) -> None:
        launched = with_file(tmp_path, state_file=tmp_path / "state.sqlite")
        launched.remember_port(1)
        seen(launched, 1.0)
        sim.market(launched.exchange, {"index": 95_000, "iv": 0.7}, WIRE_S + 1.0)
        assert seen(launched, 1.0) == (95_000.0, 0.7)
        assert launched.journal is not None
        launched.journal.close()

        (tmp_path / "book.toml").unlink()  # the state file alone decides
        book = str(tmp_path / "book.toml")
        again = launch(Options(book=book, state_file=tmp_path / "state.sqlite"), lambda: WIRE_S)
        assert seen(again, 2.0) == (95_000.0, 0.7)
        assert seen(again, 600.0) == (99_000.0, 0.7)
        assert again.journal is not None
        again.journal.close()

    def test_resting_orders_trade_at_the_instant_of_the_move(self, tmp_path: Path) -> None:
        exchange = with_file(tmp_path).exchange
        listing = exchange.markets.listing(PERPETUAL)
        exchange.desk.place(Ticket(listing, "buy", D(10), D(99_000), "limit"), exchange.world.now_ms)
        sim.market(exchange, {"index": 98_000}, WIRE_S)
        assert exchange.account.size(PERPETUAL) == 10

    @pytest.mark.parametrize(
        ("body", "param"),
        [({}, "index"), ({"index": -1}, "index"), ({"index": 1, "underlying": "ETH"}, "underlying")],
    )
    def test_a_senseless_move_is_refused_by_name(
        self, tmp_path: Path, body: dict[str, object], param: str
    ) -> None:
        exchange = with_file(tmp_path).exchange
        with pytest.raises(ApiError) as refused:
            sim.market(exchange, body, WIRE_S)
        assert refused.value.data is not None
        assert param in str(refused.value.data)

    def test_a_market_that_is_drawn_cannot_be_moved(self) -> None:
        exchange = launch(Options(), lambda: WIRE_S, ScriptedWorld()).exchange
        with pytest.raises(ApiError, match="Invalid params"):
            sim.market(exchange, {"index": 1}, WIRE_S)

    @pytest.mark.parametrize(
        ("was", "becomes", "named"),
        [
            ("iv = 0.55\n", "", "iv is missing"),
            ("iv = 0.55", "iv = 0", "iv = 0: must be above 0"),
            ("hold_expiry = true", "hold_expiry = 3", "must be true or false"),
            ("hold_expiry", "hold_expiri", "'hold_expiri' is unknown"),
            ("2026-09-01T08:00:00Z", '"soon"', "soon"),
            ("after_s = 600, index", "after_s = 950, index", "order of after_s"),
            ("after_s = 600, ", "", "after_s and index or iv"),
            ("BTC-1OCT26-105000-C", "ETH-1OCT26-5000-C", "the market has BTC only"),
            ("BTC-1OCT26-105000-C", "BTC-1AUG26-105000-C", "has expired"),
            ("BTC = 5", 'BTC = "five"', "equity of BTC"),
            ("[market]", "[market]\nunderlying = 'SOL'", "must be one of BTC, ETH, BTC_USDC"),
        ],
    )
    def test_what_is_wrong_with_a_file_is_named(
        self, tmp_path: Path, was: str, becomes: str, named: str
    ) -> None:
        assert was in EXAMPLE
        with pytest.raises(ValueError, match=named):
            with_file(tmp_path, EXAMPLE.replace(was, becomes))

    def test_a_market_of_its_own_and_a_replay_do_not_go_together(self, tmp_path: Path) -> None:
        with pytest.raises(ValueError, match="leave --replay out"):
            with_file(tmp_path, replay=Path("chain.parquet"))

    def test_a_linear_book_earns_what_a_usd_hedged_inverse_one_does(self, tmp_path: Path) -> None:
        """Theory 1.5: short 10 linear calls with 4.08818632 coins: -122.9534 and -123.3334 USDC per cent."""
        content = EXAMPLE.replace('"BTC-', '"BTC_USDC-').replace("BTC = 5", "USDC = 100000")
        content = content.replace("[market]", '[market]\nunderlying = "BTC_USDC"').replace(
            "USDC = 1000\n", ""
        )
        content += '\n[[positions]]\ninstrument = "BTC_USDC-PERPETUAL"\nsize = 4.08818632\n'
        exchange = with_file(tmp_path, content).exchange
        marks = exchange.markets.exact_mark
        before = exchange.account.exact_equity("USDC", marks)
        for level, told in ((99_000, "-122.9534"), (101_000, "-123.3334")):
            sim.market(exchange, {"index": level}, WIRE_S)
            earned = exchange.account.exact_equity("USDC", marks) - before
            assert abs(earned - D(told)) < D("0.0001")
