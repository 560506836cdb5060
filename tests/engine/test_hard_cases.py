"""Cases in which a hedge could be doubled, lost or left undone: each says what must hold."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from hedger.domain.instrument import InstrumentState
from hedger.domain.order import Order, OrderIntent, OrderReport, OrderState, Side
from hedger.domain.vocabulary import BreakerState, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.records import Commanded
from hedger.engine.settings import Timing
from hedger.execution.table import TOLD_LATE_MS, OrderTable
from tests.engine.rig import CALL, PERP, VENUE, Rig

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}


def hedged() -> tuple[Rig, OrderIntent]:
    """A book whose first hedge has filled whole: delta is at the edge of its band."""
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    rig.step(*rig.fill_of(order))
    assert len(rig.placed) == 1
    return rig, order


# --- A. positions: older words over newer fills -------------------------------------------------------


def test_a_snapshot_older_than_a_fill_already_counted_does_not_undo_it() -> None:
    """An option is delivered, positions are asked for, and a hedge fills before the answer is read."""
    rig, _ = hedged()
    rig.step(
        ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED),
        ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.OPEN),
    )
    assert rig.of(fx.RequestSnapshot)
    old = rig.snapshot({CALL: "-10", PERP: str(rig.placed[0].amount)})  # the venue answers now ...
    rig.wait(0.2)
    rig.step(
        ev.Filled(fill=rig.fill(PERP, Side.SELL, Decimal(100_000), Decimal(100_000)))
    )  # ... a person trades
    after = rig.delta
    assert rig.last.reason is Reason.RECOVERING, "nothing is sent while the answer is under way"
    rig.step(old, *rig.quotes(CALL))  # ... and only now the answer is read

    assert rig.delta == pytest.approx(after, abs=1e-3), "the newer fill was undone"
    assert len(rig.of(fx.RequestSnapshot)) == 3, "overtaken by a fill, the positions are asked for again"
    assert rig.last.reason is Reason.RECOVERING
    held = {CALL: "-10", PERP: str(rig.placed[0].amount - 100_000)}
    rig.step(rig.snapshot(held), *rig.quotes(CALL))
    assert len(rig.placed) == 2, "then the person's delta is hedged"


def test_a_position_told_before_our_fill_does_not_undo_it() -> None:
    """Deribit's reply may overtake notifications: a person's trade, told late with the position after IT."""
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    persons = rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000))  # earlier than our fill
    rig.wait(0.05)
    report, ours = rig.fill_of(order)
    rig.step(ours, report)  # the reply to private/buy
    rig.step(ev.Filled(fill=persons), rig.position(PERP, "10"), *rig.quotes(CALL))

    assert len(rig.placed) == 1, "our own fill was forgotten and hedged again"


def test_a_fill_found_by_a_look_up_that_the_snapshot_held_is_not_counted_twice() -> None:
    """The trade list lags behind the positions: the snapshot has the position, only the look-up the trade."""
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    rig.step(ev.LinkDown(venue=VENUE, reason="closed"))
    report, filled = rig.fill_of(order)
    assert isinstance(report, ev.Reported)
    assert isinstance(filled, ev.Filled)
    rig.step(rig.link_up())
    rig.step(rig.snapshot({CALL: "-10", PERP: str(order.amount)}), *rig.quotes(CALL))
    found = ev.LookedUp(
        venue=VENUE,
        label=order.label,
        server_ms=rig.market_ms,
        reports=(report.report,),
        fills=(filled.fill,),
    )
    rig.step(found, *rig.quotes(CALL))

    assert rig.engine.view(rig.now).books[0].hedge_position.coin == pytest.approx(
        float(order.amount) / rig.index, rel=1e-6
    )


def test_a_snapshot_older_than_a_reported_fill_does_not_settle_it() -> None:
    """A report says filled, its trades are late, and an answer made before the fill is read in between."""
    rig = Rig(**WIDE)
    rig.start()
    order = rig.placed[0]
    rig.step(
        ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED),
        ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.OPEN),
    )
    old = rig.snapshot({CALL: "-10"})
    rig.wait(0.2)
    rig.step(rig.report_of(order, "filled", order.amount, Decimal(100_000)))
    rig.step(old, *rig.quotes(CALL))

    assert len(rig.placed) == 1, "what was in flight was forgotten and hedged again"


# --- B. wrong or dead data ------------------------------------------------------------------------------


def test_tickers_that_repeat_an_old_timestamp_are_not_fresh() -> None:
    """The exchange's own fault `stale_quotes`: frames keep arriving, prices and timestamps stand still."""
    rig, _ = hedged()
    frozen = rig.perp_quote().quote
    for _ in range(60):  # a minute in which the perpetual's ticker says the same second again and again
        rig.wait(1.0)
        again = msgspec.structs.replace(frozen, received_wire_s=rig.wire_s)
        rig.step(rig.indexed(), rig.option_quote(CALL), ev.Quoted(quote=again))
    rig.index *= 1.009  # the market has moved; the frozen ticker does not know
    again = msgspec.structs.replace(frozen, received_wire_s=rig.wire_s)
    rig.step(rig.indexed(), rig.option_quote(CALL), ev.Quoted(quote=again))

    assert len(rig.placed) == 1, f"hedged against a ticker of a minute ago: {rig.last.detail}"


def test_one_ticker_from_the_future_does_not_silence_an_instrument_for_ever() -> None:
    rig, _ = hedged()
    rig.step(rig.perp_quote(market_ms=rig.market_ms + 365 * 86_400_000))
    for _ in range(20):
        rig.wait(1.0)
        rig.step(*rig.quotes(CALL))

    assert rig.last.reason is not Reason.STALE_QUOTE, rig.last.detail


# --- C. link, journal, outbox ---------------------------------------------------------------------------


def test_a_second_answer_of_the_journal_does_not_take_orders_of_this_run_for_old_ones() -> None:
    """The link flaps before the journal answered: two loads, and the second comes after the first order."""
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(ev.LinkDown(venue=VENUE, reason="closed"))
    rig.step(rig.link_up())
    assert len(rig.of(fx.LoadJournal)) == 1, "a second epoch was begun beside the first"


def test_two_answers_of_the_journal_leave_no_order_in_flight_for_ever() -> None:
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(ev.LinkDown(venue=VENUE, reason="closed"))
    rig.step(rig.link_up())
    rig.step(rig.journal(epoch=1))
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(*rig.quotes(CALL))
    order = rig.placed[0]
    rig.step(rig.journal([Order(order)], epoch=2))
    for _ in range(20):
        rig.wait(1.0)
        rig.step(*rig.quotes(CALL))

    assert rig.of(fx.LookUp), "an order without an answer is looked up"
    assert rig.engine.next_deadline() > rig.now.wire_s, "the driver would spin"


def test_a_snapshot_nobody_asked_for_does_not_start_trading_before_the_journal_is_read() -> None:
    """An unreadable account change right after LinkUp makes the session send a snapshot by itself."""
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.snapshot({CALL: "-10"}))
    rig.step(*rig.quotes(CALL))  # raises ValueError: label = 'h-btc-0-1'

    assert rig.last.reason is Reason.RECOVERING


def test_an_order_decided_before_a_disconnect_does_not_leave_after_it() -> None:
    """The journal is slow, the link flaps: what waited was decided on a state that is being reconciled."""
    rig = Rig(**WIDE)
    rig.journal_ok = False
    rig.start()
    written = rig.of(fx.Write)[-1].sequence
    rig.step(ev.LinkDown(venue=VENUE, reason="closed"))
    rig.step(rig.link_up())
    rig.step(ev.Durable(sequence=written))

    assert not rig.placed, "sent while positions and orders are being reconciled"


@pytest.mark.parametrize("command", ["reduce_only", "flatten"])
def test_an_enlarging_order_that_waits_for_the_journal_obeys_a_command_given_meanwhile(command: str) -> None:
    rig = Rig(**WIDE)
    rig.journal_ok = False
    rig.start()
    written = rig.of(fx.Write)[-1].sequence
    rig.step(ev.CommandGiven(command=command, book="", by="me", reason="drill", accept_naked_delta=True))
    rig.step(ev.Durable(sequence=written))

    assert not rig.placed, f"an order that enlarges the hedge left after {command}"


# --- D. operator's switch -------------------------------------------------------------------------------


@pytest.mark.parametrize("before", ["reduce_only", "flatten"])
def test_after_a_pause_no_new_order_leaves_whatever_was_asked_for_before(before: str) -> None:
    rig, _ = hedged()
    rig.step(ev.CommandGiven(command="pause", book="", by="me", reason="wait"))
    rig.step(ev.CommandGiven(command=before, book="btc", by="me", reason="drill", accept_naked_delta=True))
    rig.move(94_000.0)  # the call is worth less: a hedge that shrinks is wanted

    assert len(rig.placed) == 1, f"the daemon is paused and the book traded ({rig.last.detail})"


def test_a_pause_stops_a_flattening() -> None:
    rig, _ = hedged()
    rig.journal_ok = False
    rig.step(ev.CommandGiven(command="flatten", book="", by="me", reason="drill", accept_naked_delta=True))
    rig.journal_ok = True
    rig.step(ev.CommandGiven(command="pause", book="", by="me", reason="stop that"))
    rig.step(*rig.quotes(CALL))

    assert len(rig.placed) == 1


def test_flatten_closes_the_hedge_although_an_option_is_not_quoted() -> None:
    """Closing the hedge needs the hedge instrument's quote, not an option's greeks."""
    rig, _ = hedged()
    rig.step(rig.option_quote(CALL, delta=None))
    rig.step(
        ev.CommandGiven(command="flatten", book="", by="me", reason="drill", accept_naked_delta=True),
        *rig.quotes()[:2],
    )

    assert len(rig.placed) == 2, f"{rig.last.reason}: {rig.last.detail}"


def test_flatten_closes_the_hedge_beside_a_dated_future() -> None:
    """flatten is judged by the sum of all futures and admitted by the hedge instrument's position alone."""
    name = "BTC-27MAR26"
    rig = Rig(**WIDE)
    dated = msgspec.structs.replace(
        rig.listed().instruments[0],
        name=name,
        kind=type(rig.listed().instruments[0].kind)("future"),
        expiration_ms=rig.market_ms + 80 * 86_400_000,
        settlement_period="month",
    )
    rig.step(ev.InstrumentsListed(venue=VENUE, instruments=(*rig.listed().instruments, dated), complete=True))
    rig.step(rig.link_up())
    rig.step(rig.journal(breakers={"btc": BreakerState.FLATTENING}))
    rig.step(rig.snapshot({PERP: "100000", name: "50000"}))
    rig.step(*rig.quotes(), rig.perp_quote(instrument=name))

    assert len(rig.placed) == 1, f"{rig.last.reason}: {rig.last.detail}"
    assert rig.placed[0].amount <= Decimal(100_000)


def test_a_command_before_the_journal_is_loaded_does_not_weaken_the_latch_on_disk() -> None:
    """Halted before the restart; reduce_only while the venue is away: the last word on disk is weaker."""
    rig = Rig(**WIDE)
    rig.step(ev.CommandGiven(command="reduce_only", book="", by="me", reason="careful"))
    rig.start(breakers={"": BreakerState.HALTED})
    commands = [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, Commanded)]

    assert commands[-1].state is BreakerState.HALTED, "the next start would read reduce_only"


# --- E. silent stops and loops --------------------------------------------------------------------------


def test_a_delivered_option_that_the_snapshot_still_shows_is_asked_about_again() -> None:
    """Settlement takes seconds (10041): the first answer may be older than the delivery."""
    rig, order = hedged()
    rig.step(ev.InstrumentStateChanged(venue=VENUE, instrument=CALL, state=InstrumentState.DELIVERED))
    asked = len(rig.of(fx.RequestSnapshot))
    rig.step(rig.snapshot({CALL: "-10", PERP: str(order.amount)}))
    for _ in range(120):  # the delivered option has no ticker any more
        rig.wait(1.0)
        rig.step(rig.indexed(), rig.perp_quote())

    assert len(rig.of(fx.RequestSnapshot)) > asked, "never asked again: blocked until a reconnect"


def test_positions_are_compared_with_the_venue_now_and_then() -> None:
    """A lost notification on a connection that lives is never noticed otherwise."""
    rig = Rig(timing=Timing(), **WIDE)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))
    asked = len(rig.of(fx.RequestSnapshot))
    for _ in range(60):
        rig.wait(2.0)
        rig.step(*rig.quotes(CALL))

    assert len(rig.of(fx.RequestSnapshot)) > asked, "two minutes without a look at the venue's positions"


def test_orders_that_end_unfilled_again_and_again_do_not_use_up_the_rate_limit() -> None:
    """Self-match with our own resting order: every try comes back cancelled, while the ticker is alive."""
    rig = Rig(**WIDE)
    rig.start()
    for _ in range(40):
        last = rig.engine._state.orders.get(rig.placed[-1].label)
        assert last is not None
        if last.state is not OrderState.CANCELLED:
            rig.step(*rig.fill_of(last.intent, Decimal(0)), after_s=0.05)
        rig.step(rig.perp_quote(), rig.indexed(), after_s=0.05)

    assert len(rig.placed) < 10, f"{len(rig.placed)} orders in 4 s, then none for a minute: {rig.last.reason}"


def test_orders_refused_by_valid_until_do_not_use_up_the_rate_limit() -> None:
    """Our clock is behind the venue's by more than the validity: each order is 13888, then proved absent."""
    rig = Rig(**WIDE)
    rig.start()
    for _ in range(10):
        order = rig.placed[-1]
        rig.step(ev.PlacementLost(venue=VENUE, label=order.label, reason="13888 timed_out"), after_s=0.02)
        late = ev.LookedUp(
            venue=VENUE,
            label=order.label,
            server_ms=order.valid_until_ms + TOLD_LATE_MS + 1,
            reports=(),
            fills=(),
        )
        rig.step(late, after_s=0.02)

    assert len(rig.placed) < 3, f"{len(rig.placed)} orders in 0.4 s, none of which can ever be accepted"


# --- F. restart ---------------------------------------------------------------------------------------


def test_the_cooldown_survives_the_restart() -> None:
    params: dict[str, Any] = {**WIDE, "cooldown_s": 3600.0}
    before = Rig(**params)
    before.start()
    order = before.placed[0]
    fill = before.trade(order, order.amount, Decimal(100_000))

    rig = Rig(**params)
    rig.step(rig.listed(CALL), rig.link_up())
    ended = Order(order, state=OrderState.FILLED, filled_amount=order.amount)
    rig.step(rig.journal([ended], [fill], epoch=2))
    rig.step(rig.snapshot({CALL: "-10", PERP: str(order.amount)}, fills=[fill]))
    rig.index = 104_000.0
    rig.step(*rig.quotes(CALL))

    assert rig.last.reason is Reason.COOLDOWN
    assert not rig.placed


def test_a_new_journal_makes_no_label_the_venue_has_seen() -> None:
    """The state directory was lost or moved: epochs begin at 1 again, and look-ups go by label."""
    rig = Rig(**WIDE)
    rig.step(rig.listed(CALL), rig.link_up())
    rig.step(rig.journal(epoch=1))
    known = rig.fill(PERP, Side.BUY, Decimal(10), Decimal(100_000), "h-btc-1-1")
    rig.step(rig.snapshot({CALL: "-10", PERP: "10"}, fills=[known]))
    rig.step(*rig.quotes(CALL))

    assert rig.placed[0].label != known.label


def test_nothing_is_hedged_while_an_adopted_order_may_still_fill() -> None:
    rig = Rig(**WIDE)
    resting = OrderReport(
        venue=VENUE,
        order_id="77",
        label="h-btc-9-1",
        instrument=PERP,
        side=Side.BUY,
        state="open",
        amount=Decimal(500_000),
        filled_amount=Decimal(0),
        price=Decimal(100_000),
    )
    rig.start(open_orders=[resting])
    assert rig.of(fx.Cancel)

    assert not rig.placed, "its cancel is under way; if it fills, the delta is hedged twice"


def test_fees_of_a_restored_order_are_not_counted_again() -> None:
    rig, order = hedged()
    fill = rig.trade(order, order.amount, Decimal(100_000))
    ended = Order(
        order, state=OrderState.FILLED, order_id=fill.order_id, filled_amount=order.amount, fees=fill.fee
    )
    table = OrderTable()
    table.restore(ended)
    table.fill_known(fill)

    assert ended.fees == fill.fee
