"""A coin book and a dollar book in one daemon on one account: what befalls one leaves the other alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec

from hedger.domain.order import OrderReport, Side
from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.decision import Decision
from hedger.execution.params import ExecutionParams
from tests.engine import test_linear as dollars
from tests.engine.rig import CALL, PERP, VENUE, Rig, option, perpetual, settings


def both(*resting: OrderReport) -> Rig:
    """Long a call of either kind, each hedged in the perpetual of its own currency where nothing stops it."""
    coin = settings(lower=-0.1, upper=0.1, hard_lower=-5.0, hard_upper=5.0)
    other = replace(dollars.of_dollars(ExecutionParams()).books[0], name="usdc")
    rig = Rig(replace(coin, books=(*coin.books, other)))
    listed = (perpetual(), option(CALL), *dollars.listed())
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=listed, complete=True), rig.link_up())
    rig.step(rig.journal())
    told = rig.snapshot({CALL: "1", dollars.CALL: "1"}, open_orders=resting)
    wallet = msgspec.structs.replace(told.accounts[0], currency="USDC", equity=Decimal(5_000_000))
    rig.step(msgspec.structs.replace(told, accounts=(*told.accounts, wallet)))
    rig.step(*quotes(rig))
    for order in rig.placed:
        rig.step(*rig.fill_of(order))
    return rig


def quotes(rig: Rig) -> list[ev.Event]:
    index = msgspec.structs.replace(rig.indexed().index, index="btc_usdc")
    of_dollars = (ev.Indexed(index), rig.perp_quote(instrument=dollars.PERP), rig.option_quote(dollars.CALL))
    return [*rig.quotes(CALL), *of_dollars]


def decision(rig: Rig, book: str) -> Decision:
    found = rig.engine.last_decision(book)
    assert found is not None
    return found


def test_each_hedges_in_its_own_perpetual() -> None:
    rig = both()
    assert {(order.book, order.instrument) for order in rig.placed} == {("btc", PERP), ("usdc", dollars.PERP)}
    rig.step(*quotes(rig))
    assert [decision(rig, name).reason for name in ("btc", "usdc")] == [Reason.WITHIN_BAND] * 2


def test_a_position_told_otherwise_blocks_the_book_it_is_of() -> None:
    """The other waits for the answer as for any look at the venue; its own positions are not in doubt."""
    rig = both()
    rig.step(rig.position(dollars.CALL, "0"), *quotes(rig))
    blocked, other = decision(rig, "usdc"), decision(rig, "btc")
    assert (blocked.action, blocked.reason) == (Action.BLOCKED, Reason.POSITION_MISMATCH)
    assert dollars.CALL in blocked.detail
    assert (other.action, other.reason) == (Action.WAIT, Reason.RECOVERING)


def test_an_order_of_an_earlier_run_blocks_the_book_it_is_of() -> None:
    resting = OrderReport(
        venue=VENUE,
        order_id="77",
        label="h-usdc-9-1",
        instrument=dollars.PERP,
        side=Side.SELL,
        state="open",
        amount=Decimal(1),
        filled_amount=Decimal(0),
        price=Decimal(110_000),
    )
    rig = both(resting)
    assert [order.book for order in rig.placed] == ["btc"]
    rig.step(*quotes(rig))
    blocked = decision(rig, "usdc")
    assert (blocked.action, blocked.reason) == (Action.BLOCKED, Reason.UNKNOWN_ORDER)
    assert "h-usdc-9-1" in blocked.detail
    assert [cancel.label for cancel in rig.of(fx.Cancel)] == ["h-usdc-9-1"]
    assert decision(rig, "btc").reason is Reason.WITHIN_BAND
