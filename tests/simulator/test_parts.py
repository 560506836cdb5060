"""The small parts: clock, numbers, liquidity, wire text, parameters."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest

from hedger.simulator.clock import MarketClock
from hedger.simulator.liquidity import REFILL_MS, Liquidity, takes
from hedger.simulator.numbers import rounded, truncated
from hedger.simulator.params import Params
from hedger.simulator.render_market import grouped
from hedger.simulator.rpc import ApiError
from hedger.simulator.timeline import next_settlement
from hedger.simulator.wire import WirePrinter
from tests.simulator.scripted_world import (
    DAY_MS,
    EXPIRY_MS,
    PERPETUAL,
    D,
    future,
    levels,
)

PERP = future(PERPETUAL, 32_503_708_800_000, "perpetual")
ASKS = levels(("101", "30"), ("102", "50"), ("103", "20"))


class TestClock:
    def test_market_time_is_linear_in_wire_time(self) -> None:
        clock = MarketClock(1_000_000, 60.0, 5_000.0)
        assert clock.market_ms(5.0) == 1_000_000
        assert clock.market_ms(7.5) == 1_000_000 + 150_000

    def test_a_pause_freezes_it_and_a_resume_goes_on_without_a_jump(self) -> None:
        clock = MarketClock(0, 10.0, 0.0)
        clock.pause(2.0)
        clock.pause(3.0)
        assert (clock.market_ms(50.0), clock.paused) == (20_000, True)
        clock.resume(100.0)
        clock.resume(200.0)
        assert (clock.market_ms(100.0), clock.market_ms(101.0), clock.paused) == (20_000, 30_000, False)

    def test_settlement_is_the_next_eight_oclock(self) -> None:
        assert next_settlement(EXPIRY_MS - 1) == EXPIRY_MS
        assert next_settlement(EXPIRY_MS) == EXPIRY_MS + DAY_MS


class TestNumbers:
    def test_fees_are_cut_not_rounded(self) -> None:
        assert truncated(D("0.000000019")) == D("1E-8")
        assert rounded(D("0.000000019")) == D("2E-8")
        assert rounded(0.1 + 0.2, 4) == D("0.3000")


class TestLiquidity:
    def test_a_limit_order_takes_best_levels_first_and_stops_at_its_limit(self) -> None:
        assert takes(ASKS, "buy", D(102), D(60)) == [(D(101), D(30)), (D(102), D(30))]
        assert takes(ASKS, "buy", D(100), D(60)) == []
        assert takes(tuple(reversed(ASKS)), "sell", D(102), D(60)) == [(D(103), D(20)), (D(102), D(40))]

    def test_what_was_taken_comes_back_linearly_and_in_whole_lots(self) -> None:
        book = Liquidity()
        book.consume(PERP, "asks", D(50), ASKS, 0)
        assert book.ladder(PERP, "asks", ASKS, 0) == [(D(102), D(30)), (D(103), D(20))]
        assert book.ladder(PERP, "asks", ASKS, REFILL_MS // 4) == [(D(102), D(50)), (D(103), D(20))]
        assert book.ladder(PERP, "asks", ASKS, REFILL_MS // 2) == list(ASKS)

    def test_the_other_side_is_untouched(self) -> None:
        book = Liquidity()
        book.consume(PERP, "asks", D(50), ASKS, 0)
        assert book.ladder(PERP, "bids", ASKS, 0) == list(ASKS)

    def test_levels_are_gathered_downwards_for_bids_and_upwards_for_asks(self) -> None:
        side = list(levels(("99.5", "1"), ("95", "2"), ("94.5", "4")))
        assert grouped(side, D(5), up=False) == [(D(95), D(3)), (D(90), D(4))]
        assert grouped(side[::-1], D(5), up=True) == [(D(95), D(6)), (D(100), D(1))]


class TestWire:
    def test_every_spelling_reads_back_as_the_same_value(self) -> None:
        printer = WirePrinter(3)
        data = {
            f"n{n}": value for n, value in enumerate((1.0, 50.0, 32_000.0, 4e-7, 0.0001423, 0.0, -2.5, 1e9))
        }
        frame: dict[str, object] = {"jsonrpc": "2.0", "result": {"rows": [data]}}
        spellings = set()
        for _ in range(200):
            text = printer.text(frame)
            spellings.add(text)
            row = json.loads(text)["result"]["rows"][0]
            assert {name: row[name] for name in data} == data
        joined = "".join(spellings)
        assert "3.2E+4" in joined
        assert '"n1":50,' in joined
        assert '"n1":50.0' in joined

    def test_keys_move_and_unknown_fields_appear(self) -> None:
        printer = WirePrinter(3)
        frame: dict[str, object] = {"params": {"data": {f"k{n}": n for n in range(12)}}}
        frames = [json.loads(printer.text(frame))["params"]["data"] for _ in range(200)]
        assert len({next(iter(row)) for row in frames}) > 5
        assert any(len(row) == 13 for row in frames)

    def test_the_same_seed_prints_the_same(self) -> None:
        frame: dict[str, object] = {"a": {"b": [1.0, 2.0, 3.0]}, "c": 4.0}
        one, two = WirePrinter(9), WirePrinter(9)
        assert [one.text(frame) for _ in range(20)] == [two.text(frame) for _ in range(20)]


class TestParams:
    def test_numbers_may_come_as_text_or_json(self) -> None:
        for value in ("1.5", Decimal("1.5"), 1.5):
            assert Params({"x": value}).number("x") == D("1.5")

    @pytest.mark.parametrize("value", [True, [], {}, "abc", "NaN", "Infinity", ""])
    def test_what_is_no_number_is_named(self, value: object) -> None:
        with pytest.raises(ApiError) as refused:
            Params({"amount": value}).number("amount")
        assert refused.value.data == {"reason": "wrong format", "param": "amount"}

    def test_lists_may_come_as_json_text(self) -> None:
        assert Params({"channels": '["a","b"]'}).names("channels") == ["a", "b"]
        for wrong in ("a", '{"a":1}', [1], 5):
            with pytest.raises(ApiError):
                Params({"channels": wrong}).names("channels")

    def test_flags_and_counts(self) -> None:
        params = Params({"a": "true", "b": False, "count": "5000", "c": "yes"})
        assert (params.flag("a"), params.flag("b"), params.flag("d", True)) == (True, False, True)
        assert params.count() == 1000
        with pytest.raises(ApiError):
            params.flag("c")
        with pytest.raises(ApiError):
            Params({"count": -1}).count()
        with pytest.raises(ApiError):
            Params({"n": "1.5"}).integer("n")
