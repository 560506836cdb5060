"""How faults are asked for, over /sim/faults and on the command line: every mistake is told by name."""

from __future__ import annotations

from typing import Any

import pytest

from hedger.simulator.fault_kinds import KINDS
from hedger.simulator.fault_requests import parse_fault, read_fault
from hedger.simulator.faults import Fault, Faults, Subject
from hedger.simulator.options import Options
from hedger.simulator.rpc import ApiError
from hedger.simulator.server import running_exchange

BUY = Subject("private/buy", instrument="BTC-PERPETUAL")


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_what_it_does_and_can_be_switched_on(kind: str) -> None:
    assert KINDS[kind].tells
    values = {"delay_s": 1, "lifetime_s": 5, "notice_s": 2, "code": 10041, "status": 503, "share": 0.5}
    settings = {name: values[name] for name in KINDS[kind].settings if name in values}
    fault = read_fault({"kind": kind, "duration_s": 3, **settings}).fault
    assert {name: getattr(fault, name) for name in settings} == settings


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"kind": "gremlins"}, "kind"),
        ({}, "kind"),
        ({"kind": "drop", "cuont": 2}, "cuont"),
        ({"kind": "reject", "count": 0}, "count"),
        ({"kind": "lock", "count": 2}, "count"),
        ({"kind": "lock", "chance": 0.5}, "chance"),
        ({"kind": "drop", "instrument": "BTC-PERPETUAL"}, "instrument"),
        ({"kind": "silence", "method": "private/buy"}, "method"),
        ({"kind": "lost_reply", "code": 10040}, "code"),
        ({"kind": "reject", "code": 4711}, "code"),
        ({"kind": "lock", "duration_s": -1}, "duration_s"),
        ({"kind": "delay"}, "delay_s"),
        ({"kind": "slow_engine"}, "delay_s"),
        ({"kind": "short_token"}, "lifetime_s"),
        ({"kind": "halt", "state": "asleep"}, "state"),
        ({"kind": "http_error", "status": 200}, "status"),
        ({"kind": "fill_first", "share": 1.5}, "share"),
        ({"kind": "duplicate", "chance": 0}, "chance"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ApiError) as refused:
        read_fault(fields)
    assert isinstance(refused.value.data, dict)
    assert refused.value.data["param"] == named


def test_the_command_line_spells_the_same_fault() -> None:
    asked = parse_fault("lock, after_s=30, duration_s=60, index=btc_usd")
    assert (asked.fault.kind, asked.fault.index) == ("lock", "btc_usd")
    assert (asked.after_s, asked.duration_s) == (30.0, 60.0)


@pytest.mark.parametrize(
    ("text", "named"), [("nonsense", "kind"), ("lock,for=5", "for"), ("lock,index", "KEY=VALUE")]
)
def test_a_wrong_command_line_says_what_is_wrong(text: str, named: str) -> None:
    with pytest.raises(ValueError, match=named):
        parse_fault(text)


@pytest.mark.parametrize("text", ["lock,index=doge_usd", "halt,instrument=BTC-NOTHING", "gremlins"])
async def test_an_exchange_does_not_start_with_a_fault_that_can_hit_nothing(text: str) -> None:
    with pytest.raises(ValueError, match="fault"):
        async with running_exchange(Options(faults=(text,))):
            pass


async def test_a_fault_of_the_command_line_is_on_from_the_start() -> None:
    async with running_exchange(Options(faults=("lock,duration_s=600",))) as running:
        assert running.exchange.platform.status() == {"locked": "true"}


class TestTimeAndCount:
    def test_a_fault_begins_later_and_ends_by_itself(self) -> None:
        faults = Faults()
        faults.add(Fault("silence"), 100.0, duration_s=5.0, after_s=10.0)
        assert [faults.find("silence", at) is not None for at in (100.0, 110.0, 114.9, 115.0)] == [
            False,
            True,
            True,
            False,
        ]

    def test_unasked_it_lasts_as_its_kind_does(self) -> None:
        faults = Faults()
        faults.add(Fault("silence"), 100.0)
        faults.add(Fault("reject"), 100.0)
        assert faults.find("silence", 109.9) is not None
        assert faults.find("silence", 110.0) is None
        assert faults.use("reject", 500.0, BUY) is not None
        assert faults.use("reject", 500.0, BUY) is None

    def test_it_is_listed_with_what_is_left_of_it(self) -> None:
        faults = Faults()
        faults.add(Fault("reject", left=2, code=10041, instrument="BTC-PERPETUAL"), 100.0, after_s=3.0)
        assert faults.listed(101.0) == [
            {
                "kind": "reject",
                "count_left": 2,
                "starts_in_s": 2.0,
                "ends_in_s": None,
                "chance": 1.0,
                "method": None,
                "instrument": "BTC-PERPETUAL",
                "code": 10041,
            }
        ]


class TestWhomItHits:
    @pytest.mark.parametrize(
        ("fault", "hit"),
        [
            (Fault("reject"), True),
            (Fault("reject", method="private/sell"), False),
            (Fault("reject", instrument="BTC-PERPETUAL"), True),
            (Fault("reject", instrument="ETH-PERPETUAL"), False),
            (Fault("login_limit"), False),
            (Fault("http_error"), True),
        ],
    )
    def test_a_request_by_method_and_instrument(self, fault: Fault, hit: bool) -> None:
        assert fault.matches(BUY) is hit

    def test_without_a_method_only_requests_of_the_matching_engine(self) -> None:
        assert not Fault("reject").matches(Subject("public/ticker", instrument="BTC-PERPETUAL"))
        assert Fault("reject", method="public/ticker").matches(Subject("public/ticker"))

    def test_a_notification_by_channel_and_instrument(self) -> None:
        ticker = Subject(channel="ticker.BTC-PERPETUAL.100ms", instrument="BTC-PERPETUAL")
        assert Fault("silence", channel="ticker.").matches(ticker)
        assert not Fault("silence", channel="book.").matches(ticker)
        assert not Fault("silence", instrument="BTC-1JAN30").matches(ticker)

    def test_chance_hits_the_same_ones_for_the_same_seed(self) -> None:
        def hits(seed: int) -> list[bool]:
            faults = Faults(seed)
            faults.add(Fault("silence", chance=0.5), 0.0, duration_s=10.0)
            return [faults.find("silence", 1.0) is not None for _ in range(64)]

        assert hits(1) == hits(1) != hits(2)
        assert 16 < sum(hits(1)) < 48
