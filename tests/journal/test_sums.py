"""What all trades of an account come to, whatever the run that made them."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from hedger.domain.order import Side
from hedger.domain.vocabulary import Environment
from hedger.engine.events import JournalLoaded
from hedger.engine.ownership.owned import CashFlow, LabelSum
from hedger.engine.records import Adjusted, CashMoved, HoldSet, RivalSeen, Traded
from hedger.journal.journal import Journal
from tests.journal.places import Place
from tests.journal.records import DAY_MS, NOW_MS, VENUE, traded

PERP = "BTC-PERPETUAL"


async def load(journal: Journal, account_id: str = "1") -> JournalLoaded:
    return await journal.load(VENUE, Environment.LOCAL, account_id, NOW_MS)


def trade(
    trade_id: str, label: str, amount: str, side: Side = Side.BUY, at_ms: int = NOW_MS, name: str = PERP
) -> Traded:
    record = traded(trade_id, at_ms)
    changes = {"label": label, "amount": Decimal(amount), "side": side, "instrument": name}
    return Traded(market_ms=at_ms, fill=msgspec.structs.replace(record.fill, **changes))


def summed(label: str, size: str, *, name: str = PERP, paper: bool = False) -> LabelSum:
    return LabelSum(label=label, instrument=name, size=Decimal(size), paper=paper)


async def test_a_books_labels_of_every_run_are_one_sum_however_old(place: Place) -> None:
    year_ago = NOW_MS - 365 * DAY_MS
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write(
            [
                trade("1", "h-btc-1-1", "1000", at_ms=year_ago),
                trade("2", "h-btc-7-3", "300", Side.SELL),
                trade("3", "h-eth-1-1", "10", Side.SELL),
                trade("4", "hand-1", "50"),
                trade("4", "hand-1", "50"),  # told again
                trade("5", "", "77"),  # nobody's
            ]
        )
        assert (await load(journal)).sums == (
            summed("h-btc", "700"),
            summed("h-eth", "-10"),
            summed("hand-1", "50"),
        )


async def test_sums_are_exact_and_those_that_cancel_are_left_out(place: Place) -> None:
    option = "BTC-30JAN26-105000-C"
    async with await Journal.open(place) as journal:
        await load(journal)
        tenths = [trade(str(n), "income", "0.1", name=option) for n in range(3)]
        gone = [trade("8", "tail", "0.3", name=option), trade("9", "tail", "0.3", Side.SELL, name=option)]
        await journal.write([*tenths, *gone])
        assert (await load(journal)).sums == (summed("income", "0.3", name=option),)


async def test_a_correction_is_part_of_the_sum_for_good(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        closed = Adjusted(market_ms=NOW_MS, venue=VENUE, sum=summed("h-btc", "-1000"), why="flat")
        await journal.write([trade("1", "h-btc-1-1", "1000"), closed])
        assert (await load(journal)).sums == ()
        await journal.write([trade("2", "h-btc-2-1", "30")])
        assert (await load(journal)).sums == (summed("h-btc", "30"),)


async def test_paper_trades_are_told_apart(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([trade("paper-1", "h-btc-1-1", "10"), trade("1", "h-btc-1-2", "20")])
        assert (await load(journal)).sums == (summed("h-btc", "10", paper=True), summed("h-btc", "20"))


async def test_another_accounts_trades_are_not_counted(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([trade("1", "h-btc-1-1", "1000")])
        assert (await load(journal, "2")).sums == ()


async def test_holds_and_latches_are_found_by_their_last_word(place: Place) -> None:
    async with await Journal.open(place) as journal:
        await load(journal)
        holds = [
            HoldSet(market_ms=NOW_MS, venue=VENUE, book=book, until_ms=until, by="ana", reason="legs")
            for book, until in (("btc", 5), ("eth", 6), ("btc", 0))
        ]
        rivals = [
            RivalSeen(market_ms=NOW_MS, venue=VENUE, book="btc", detail=detail) for detail in ("seen", "")
        ]
        await journal.write([*holds, *rivals])
        loaded = await load(journal)

    assert loaded.holds == (holds[1], holds[2])
    assert loaded.rivals == (rivals[1],)


async def test_cash_flows_of_two_days_are_told(place: Place) -> None:
    flows = [
        CashFlow(market_ms=NOW_MS - days * DAY_MS, venue=VENUE, currency="BTC", amount=Decimal("0.5"))
        for days in (3, 1)
    ]
    async with await Journal.open(place) as journal:
        await load(journal)
        await journal.write([CashMoved(market_ms=flow.market_ms, flow=flow) for flow in flows])
        assert (await load(journal)).cash_flows == (flows[1],)
