"""Paper fills: at the touch, up to what is shown, on top of the real position."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from hedger.domain.account import Position
from hedger.domain.errors import InvariantError
from hedger.domain.instrument import Instrument, InstrumentState, Kind, Payoff
from hedger.domain.order import OrderType, Side, TimeInForce
from hedger.domain.quote import Quote
from hedger.domain.vocabulary import Environment, Mode
from hedger.engine import events as ev
from hedger.engine.effects import Cancel, LookUp
from hedger.engine.events import Event, Now
from hedger.venues.paper_account import MAX_ORDERS, PaperAccount, paper_fee
from tests.venues.deribit.orders_fixtures import LABEL, make_place
from tests.venues.deribit.talk import MARKET_MS

NAME = "BTC-PERPETUAL"
NOW = Now(MARKET_MS, 1000.0)
PERPETUAL = Instrument(
    venue="deribit",
    name=NAME,
    kind=Kind.PERPETUAL,
    payoff=Payoff.INVERSE,
    base_currency="BTC",
    quote_currency="USD",
    settlement_currency="BTC",
    price_index="btc_usd",
    contract_size=Decimal(10),
    min_trade_amount=Decimal(10),
    tick_size=Decimal("0.5"),
    taker_commission=Decimal("0.00035"),
)


def make_quote(**changes: Any) -> Quote:
    fields: dict[str, Any] = {
        "venue": "deribit",
        "instrument": NAME,
        "market_ms": MARKET_MS,
        "received_wire_s": 1000.0,
        "state": InstrumentState.OPEN,
        "mark": 100000.0,
        "index_usd": 100000.0,
        "bid": 99999.5,
        "bid_amount": 500.0,
        "ask": 100000.0,
        "ask_amount": 300.0,
    }
    return Quote(**fields | changes)


def make_account(*events: Event, quote: Quote | None = None) -> PaperAccount:
    account = PaperAccount("deribit")
    account.seen(ev.LinkUp(venue="deribit", environment=Environment.TESTNET, account_id="42"))
    account.seen(ev.InstrumentsListed(venue="deribit", instruments=(PERPETUAL,), complete=True))
    account.seen(ev.Quoted(quote=quote or make_quote()))
    for event in events:
        account.seen(event)
    return account


def place(account: PaperAccount, **changes: Any) -> list[Event]:
    return account.place(make_place(Mode.PAPER, **changes), NOW)


def real(size: int) -> ev.PositionReported:
    return ev.PositionReported(position=Position(venue="deribit", instrument=NAME, size=Decimal(size)))


def size_of(event: Event) -> Decimal:
    assert isinstance(event, ev.PositionReported)
    return event.position.size


def test_an_order_within_its_limit_fills_at_the_touch_with_the_paper_fee() -> None:
    filled, reported, position = place(make_account())
    assert isinstance(filled, ev.Filled)
    assert isinstance(reported, ev.Reported)
    assert (filled.fill.price, filled.fill.amount) == (Decimal("100000.0"), Decimal(10))
    assert filled.fill.fee == Decimal("0.00000003")  # 0.00035 * 10 / 100000, cut to 8 digits
    assert reported.report.state == "filled"
    assert size_of(position) == 10


def test_a_sale_takes_the_bid() -> None:
    filled = place(make_account(), side=Side.SELL, price=Decimal(99000))[0]
    assert isinstance(filled, ev.Filled)
    assert filled.fill.price == Decimal("99999.5")
    assert filled.fill.signed_amount == -10


@pytest.mark.parametrize(
    ("quote", "changes"),
    [
        (make_quote(ask=100000.5), {}),
        (make_quote(ask=None, ask_amount=0.0), {}),
        (make_quote(ask_amount=5.0), {}),
        (make_quote(), {"amount": Decimal(1000), "time_in_force": TimeInForce.FOK}),
        (make_quote(), {"reduce_only": True}),
        (make_quote(instrument="ANOTHER"), {}),
    ],
    ids=[
        "beyond the limit",
        "empty side",
        "less than a lot",
        "fill or kill",
        "nothing to reduce",
        "no quote",
    ],
)
def test_what_cannot_trade_now_is_cancelled(quote: Quote, changes: dict[str, Any]) -> None:
    (reported,) = place(make_account(quote=quote), **changes)
    assert isinstance(reported, ev.Reported)
    assert (reported.report.state, reported.report.filled_amount) == ("cancelled", Decimal(0))


def test_no_more_is_filled_than_is_shown_and_one_quote_does_not_fill_twice() -> None:
    account = make_account()
    filled, reported, _ = place(account, amount=Decimal(400))
    assert isinstance(filled, ev.Filled)
    assert isinstance(reported, ev.Reported)
    assert filled.fill.amount == 300
    assert reported.report.state == "cancelled"
    assert len(place(account, label="h-btc-1-2")) == 1
    account.seen(ev.Quoted(quote=make_quote()))
    assert len(place(account, label="h-btc-1-3")) == 3


def test_both_sides_of_a_quote_are_taken_from_separately() -> None:
    account = make_account()
    place(account, amount=Decimal(300))
    position = place(account, label="h-btc-1-2", side=Side.SELL, price=Decimal(99000), amount=Decimal(500))[2]
    assert size_of(position) == -200


def test_a_market_order_has_no_limit() -> None:
    assert len(place(make_account(), order_type=OrderType.MARKET, price=None)) == 3


def test_reduce_only_is_trimmed_to_real_and_paper_together() -> None:
    account = make_account(real(-60))
    place(account, label="h-btc-1-2", amount=Decimal(40))
    filled = place(account, amount=Decimal(40), reduce_only=True)[0]
    assert isinstance(filled, ev.Filled)
    assert filled.fill.amount == 20


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"instrument": "NOPE"}, "not listed"),
        ({"amount": Decimal(15)}, "multiple"),
        ({"price": Decimal("100000.3")}, "tick"),
        ({"valid_until_ms": MARKET_MS - 1}, "valid_until"),
    ],
)
def test_what_a_venue_would_refuse_is_refused(changes: dict[str, Any], word: str) -> None:
    (refused,) = place(make_account(), **changes)
    assert isinstance(refused, ev.PlacementRefused)
    assert word in refused.message


def test_an_instrument_that_is_not_open_takes_no_orders() -> None:
    locked = ev.InstrumentStateChanged(venue="deribit", instrument=NAME, state=InstrumentState.LOCKED)
    unheard = ev.InstrumentStateChanged(venue="deribit", instrument="NOPE", state=InstrumentState.LOCKED)
    (refused,) = place(make_account(unheard, locked))
    assert isinstance(refused, ev.PlacementRefused)
    assert "locked" in refused.message


def test_without_a_link_nothing_is_filled() -> None:
    (unsent,) = place(make_account(ev.LinkDown(venue="deribit", reason="cut")))
    assert isinstance(unsent, ev.PlacementUnsent)


@pytest.mark.parametrize("mode", [Mode.LIVE, Mode.OBSERVE])
def test_a_placement_of_another_mode_is_a_defect(mode: Mode) -> None:
    with pytest.raises(InvariantError, match=mode.value):
        make_account().place(make_place(mode), NOW)


def test_paper_and_live_are_different_accounts_to_the_journal() -> None:
    up = PaperAccount("deribit").seen(
        ev.LinkUp(venue="deribit", environment=Environment.TESTNET, account_id="42")
    )
    assert isinstance(up, ev.LinkUp)
    assert up.account_id == "42-paper"


def test_real_positions_carry_the_paper_ones_on_top() -> None:
    account = make_account(real(100))
    place(account)
    assert size_of(account.seen(real(150))) == 160
    taken = account.seen(snapshot(Position(venue="deribit", instrument="BTC-25SEP26", size=Decimal(7))))
    assert isinstance(taken, ev.SnapshotTaken)
    assert [(p.instrument, p.size) for p in taken.positions] == [("BTC-25SEP26", 7), (NAME, 10)]
    assert [fill.label for fill in taken.fills] == [LABEL]


def snapshot(*positions: Position) -> ev.SnapshotTaken:
    return ev.SnapshotTaken(
        venue="deribit",
        server_ms=1,
        positions=positions,
        open_orders=(),
        accounts=(),
        fills=(),
        positions_ms=2,
    )


def test_positions_of_earlier_runs_are_on_top_of_the_real_ones() -> None:
    """A restart forgets nothing: without them the whole delta would be hedged again."""
    account = make_account(real(100))
    account.adopt({NAME: Decimal(-60)})
    assert size_of(account.seen(real(100))) == 40
    assert size_of(place(account)[2]) == 50
    taken = account.seen(snapshot())
    assert isinstance(taken, ev.SnapshotTaken)
    assert [(p.instrument, p.size) for p in taken.positions] == [(NAME, Decimal(-50))]
    assert taken.positions_ms == 2, "the venue's own time of the answer"


def test_a_paper_position_ends_with_its_instrument() -> None:
    account = make_account()
    account.adopt({NAME: Decimal(-60), "BTC-26DEC25": Decimal(5)})
    assert held(account) == {NAME: -60, "BTC-26DEC25": 0}
    account.seen(ev.InstrumentStateChanged(venue="deribit", instrument=NAME, state=InstrumentState.DELIVERED))
    assert held(account) == {NAME: 0, "BTC-26DEC25": 0}


def held(account: PaperAccount) -> dict[str, Decimal]:
    taken = account.seen(snapshot())
    assert isinstance(taken, ev.SnapshotTaken)
    return {position.instrument: position.size for position in taken.positions}


def test_everything_else_passes_unchanged() -> None:
    event = ev.PlatformLocked(venue="deribit", index="", locked=True, detail="")
    assert PaperAccount("deribit").seen(event) is event


def test_a_new_list_replaces_and_a_single_listing_adds() -> None:
    account = make_account()
    account.seen(ev.InstrumentsListed(venue="deribit", instruments=(), complete=False))
    assert len(place(account)) == 3
    account.seen(ev.InstrumentsListed(venue="deribit", instruments=(), complete=True))
    assert isinstance(place(account, label="h-btc-1-2")[0], ev.PlacementRefused)


def test_look_ups_are_answered_from_memory() -> None:
    account = make_account()
    place(account)
    known, unknown = (
        account.look_up(LookUp(venue="deribit", instrument=NAME, label=label, since_ms=0), NOW)[0]
        for label in (LABEL, "h-btc-1-9")
    )
    assert isinstance(known, ev.LookedUp)
    assert isinstance(unknown, ev.LookedUp)
    assert (len(known.reports), len(known.fills), known.server_ms) == (1, 1, MARKET_MS)
    assert (unknown.reports, unknown.fills) == ((), ())


def test_memory_is_bounded() -> None:
    account = make_account(quote=make_quote(ask_amount=1e9))
    for number in range(MAX_ORDERS + 2):
        place(account, label=f"h-btc-1-{number}")
    first = account.look_up(LookUp(venue="deribit", instrument=NAME, label="h-btc-1-0", since_ms=0), NOW)[0]
    assert isinstance(first, ev.LookedUp)
    assert first.reports == ()


def test_a_cancel_finds_nothing_that_rests() -> None:
    (refused,) = make_account().cancel(
        Cancel(venue="deribit", instrument=NAME, label=LABEL, order_id=None), NOW
    )
    assert isinstance(refused, ev.CancelRefused)


@pytest.mark.parametrize(
    ("kind", "payoff", "price", "expected"),
    [
        (Kind.PERPETUAL, Payoff.INVERSE, "50000", "0.00000020"),  # 0.001 * 10 / 50000
        (Kind.PERPETUAL, Payoff.LINEAR, "50", "0.50000000"),  # 0.001 * 10 * 50
        (Kind.OPTION, Payoff.INVERSE, "0.02", "0.01000000"),  # 0.001 * 10
        (Kind.OPTION, Payoff.INVERSE, "0.004", "0.00500000"),  # capped at an eighth of the price
        (Kind.OPTION, Payoff.LINEAR, "100", "20.00000000"),  # 0.001 * index 2000 * 10
    ],
)
def test_fees_follow_the_venue(kind: Kind, payoff: Payoff, price: str, expected: str) -> None:
    instrument = Instrument(
        **{f: getattr(PERPETUAL, f) for f in PERPETUAL.__struct_fields__}
        | {"kind": kind, "payoff": payoff, "taker_commission": Decimal("0.001")}
    )
    assert paper_fee(instrument, Decimal(price), Decimal(10), 2000.0) == Decimal(expected)
