"""The venue's own log of the account: page after page, within one request a second, signed and in order."""

from __future__ import annotations

import json
import time
from decimal import Decimal
from typing import Any

from hedger.engine import events as ev
from hedger.engine.effects import RequestLog
from hedger.simulator import sim, sim_account
from hedger.simulator.options import Options
from hedger.simulator.server import running_exchange
from tests.venues.deribit.server import running
from tests.venues.deribit.talk import MARKET_MS, Talk, make_params
from tests.venues.deribit.test_client_exchange import PERPETUAL, connect_to, market_order

METHOD = "private/get_transaction_log"
ASKED = RequestLog(venue="deribit", since_ms=MARKET_MS - 1000)


def row(number: int, kind: str = "trade", side: str = "open sell", **changes: Any) -> dict[str, Any]:
    told = {
        "id": number,
        "type": kind,
        "timestamp": MARKET_MS + number,
        "currency": "BTC",
        "change": -0.0000035,
        "instrument_name": PERPETUAL,
        "amount": 20.0,
        "side": side,
        "trade_id": str(number),
        "balance": 1.5,
    }
    return told | changes


def page(*rows: dict[str, Any], continuation: int | None = None) -> str:
    return json.dumps({"logs": rows, "continuation": continuation})


def test_pages_are_followed_more_than_a_second_apart_and_told_oldest_first() -> None:
    talk = Talk().up().perform(ASKED)
    deposit = row(1, "deposit", "-", instrument_name=None, amount=None, trade_id=None, change=2)
    talk.play(
        f"""
        > {METHOD} {{"currency": "BTC", "start_timestamp": {MARKET_MS - 1000}, "count": 250}}
        < {METHOD} {page(row(3, side="close buy"), continuation=2)}
        + 1.4
        + 0.2
        > {METHOD} {{"continuation": 2}}
        < {METHOD} {page(row(2), deposit)}
        ~ LogTold
        """
    )


def test_a_row_tells_which_way_the_position_moved() -> None:
    talk = Talk().up().perform(ASKED)
    money = row(2, "transfer", "-", instrument_name=None, amount=None, trade_id=None, change=-1)
    talk.play("...")
    talk.answer(METHOD, json.loads(page(money, row(1, side="close sell"))))
    sold, moved = talk.take(ev.LogTold).entries
    assert (sold.instrument, sold.amount, sold.trade_id) == (PERPETUAL, Decimal(-20), "1")
    assert (moved.instrument, moved.amount, moved.change) == ("", Decimal(0), Decimal(-1))


def test_currencies_wait_for_the_credit_of_the_one_before() -> None:
    talk = Talk(make_params(currencies=("BTC", "ETH")))
    talk.play("...")
    talk.session._link.up = True
    talk.perform(ASKED)
    assert talk.methods() == [METHOD]
    talk.pass_time(1.51)
    assert talk.methods() == [METHOD, METHOD]


def test_a_page_that_goes_in_circles_fails() -> None:
    talk = Talk().up().perform(ASKED)
    talk.play(
        f"""
        ...
        < {METHOD} {page(row(3), continuation=2)}
        + 1.6
        > {METHOD}
        < {METHOD} {page(row(3), continuation=2)}
        ~ LogFailed
        """
    )


def test_a_refusal_and_a_dead_link_are_told() -> None:
    talk = Talk().up().perform(ASKED)
    talk.play("...")
    talk.refuse(METHOD, 13021, "forbidden")
    assert "13021" in talk.take(ev.LogFailed).reason
    talk.play("- gone\n...")
    talk.perform(ASKED)
    assert talk.take(ev.LogFailed).reason == "the link is down"


async def test_the_exchanges_log_explains_trades_and_money() -> None:
    """Over a real socket, against an implementation that was written independently."""
    async with running_exchange(Options(book="empty")) as exchange:
        venue = connect_to(exchange)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            sim.trade(exchange.exchange, {"instrument": PERPETUAL, "side": "sell", "amount": 50}, time.time())
            venue.perform(market_order(exchange))
            await listener.until(ev.Filled, 2)
            body = {"currency": "BTC", "amount": 5, "type": "deposit"}
            sim_account.move_money(exchange.exchange, body, time.time())
            venue.perform(RequestLog(venue="deribit", since_ms=0))
            entries = (await listener.until(ev.LogTold)).entries
            trades = [entry for entry in entries if entry.kind == "trade"]
            fills = {event.fill.trade_id: event.fill for event in listener.all(ev.Filled)}
            assert {entry.trade_id: entry.amount for entry in trades} == {
                number: fill.signed_amount for number, fill in fills.items()
            }
            assert [entry.change for entry in trades] == [-fills[entry.trade_id].fee for entry in trades]
            money = [(entry.kind, entry.change) for entry in entries if not entry.instrument]
            assert ("deposit", Decimal(5)) in money
