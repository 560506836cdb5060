"""Whose future is it: own labels, what is adopted, what is set aside, and what is nobody's."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import msgspec

from hedger.domain.order import Side
from hedger.domain.vocabulary import Action, Mode, Reason, Severity
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.ownership.scope import Scope
from hedger.engine.records import Adjusted
from hedger.engine.views.owned_view import FutureView
from tests.engine.rig import CALL, PERP, PUT, VENUE, Rig, settings

BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
NEXT = "BTC-27MAR26-105000-C"
DATED = "BTC-30JAN26"


def rig_of(scope: Scope | None = None, mode: Mode = Mode.LIVE) -> Rig:
    return Rig(mode=mode, scope=scope or Scope(), **BAND)


def begin(rig: Rig, positions: dict[str, str], sums: tuple[LabelSum, ...] = ()) -> None:
    """Link, journal with these sums, snapshot, quotes."""
    rig.step(rig.listed(*(name for name in positions if name != PERP)), rig.link_up())
    journal = ev.JournalLoaded(
        venue=VENUE,
        environment=rig.link_up().environment,
        account_id="1",
        epoch=2,
        orders=(),
        fills=(),
        breakers={},
        last_fill_ms=0,
        sums=sums,
    )
    rig.step(journal)
    rig.step(rig.snapshot(positions))
    rig.step(*rig.quotes(*positions))


def futures(rig: Rig, book: int = 0) -> dict[str, FutureView]:
    return {row.instrument: row for row in rig.engine.view(rig.now).books[book].ownership.futures}


def own(size: str, instrument: str = PERP, book: str = "btc") -> LabelSum:
    return LabelSum(label=f"h-{book}", instrument=instrument, size=Decimal(size))


def alarms(rig: Rig) -> dict[str, Severity]:
    return {alarm.name: alarm.severity for alarm in rig.engine.view(rig.now).alarms}


def test_what_earlier_runs_hedged_is_the_books_own_after_a_restart() -> None:
    rig = rig_of()
    begin(rig, {CALL: "-10", PERP: "355340"}, (own("355340"),))

    assert futures(rig)[PERP].unassigned == "0"
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.WITHIN_BAND)


def test_a_future_nobody_traded_blocks_live_with_the_keys_that_solve_it() -> None:
    rig = rig_of()
    begin(rig, {CALL: "-10", PERP: "5000"})

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.UNASSIGNED_FUTURE)
    assert 'adopt = ["BTC-PERPETUAL"]' in rig.last.detail
    assert 'base_position."BTC-PERPETUAL" = 5000' in rig.last.detail
    assert futures(rig)[PERP].counted == "5000"  # counted in the delta that is shown
    rig.wait(2.1)
    rig.step(*rig.quotes(CALL))
    assert alarms(rig)["unassigned_future"] is Severity.CRITICAL
    assert not rig.placed


def test_where_nothing_real_is_sent_it_is_only_shown() -> None:
    rig = rig_of(mode=Mode.OBSERVE)
    begin(rig, {CALL: "-10", PERP: "5000"})

    assert rig.last.action is Action.WOULD_HEDGE
    assert futures(rig)[PERP].unassigned == "5000"
    rig.wait(2.1)
    rig.step(*rig.quotes(CALL))
    assert alarms(rig)["unassigned_future"] is Severity.WARNING


def test_an_adopted_future_counts_whole() -> None:
    rig = rig_of(Scope(adopt=("BTC-P*",)))
    begin(rig, {CALL: "-10", PERP: "355340"})

    assert futures(rig)[PERP].unassigned == "0"
    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_persons_trades_count_by_their_label() -> None:
    rig = rig_of(Scope(adopt_labels=("hand-*",), settle_s=0.0))
    hand = LabelSum(label="hand-7", instrument=PERP, size=Decimal(300_000))
    other = LabelSum(label="bet", instrument=PERP, size=Decimal(1_000))
    begin(rig, {CALL: "-10", PERP: "301000"}, (hand, other))

    assert futures(rig)[PERP].unassigned == "1000"
    rig.step(ev.Filled(rig.fill(PERP, Side.BUY, Decimal(20), Decimal(100_000), "hand-8")))
    assert futures(rig)[PERP].unassigned == "1000"
    rig.step(ev.Filled(rig.fill(PERP, Side.BUY, Decimal(20), Decimal(100_000), "bet")))
    assert futures(rig)[PERP].unassigned == "1020"


def test_a_base_position_is_counted_nowhere() -> None:
    rig = rig_of(Scope(base_position={PERP: -100_000.0}))
    begin(rig, {CALL: "-10", PERP: "255340"}, (own("355340"),))

    assert futures(rig)[PERP] == FutureView(
        instrument=PERP,
        unit="USD",
        account="255340",
        own="355340",
        counted="355340",
        base="-100000",
        unassigned="0",
        transit=False,
    )
    assert rig.last.reason is Reason.WITHIN_BAND


def test_a_base_position_that_is_gone_is_nobodys_the_other_way_round() -> None:
    rig = rig_of(Scope(base_position={PERP: -100_000.0}))
    begin(rig, {CALL: "-10", PERP: "355340"}, (own("355340"),))

    assert futures(rig)[PERP].unassigned == "100000"
    assert rig.last.reason is Reason.UNASSIGNED_FUTURE


def test_paper_trades_count_in_paper_mode_only() -> None:
    paper = LabelSum(label="h-btc", instrument=PERP, size=Decimal(355_340), paper=True)
    live = rig_of()
    begin(live, {CALL: "-10", PERP: "0"}, (paper,))
    assert futures(live).get(PERP) is None or futures(live)[PERP].unassigned == "0"

    on_paper = rig_of(mode=Mode.PAPER)
    begin(on_paper, {CALL: "-10", PERP: "355340"}, (paper,))
    assert futures(on_paper)[PERP].own == "355340"


def test_own_hedges_are_own_as_soon_as_they_fill() -> None:
    rig = rig_of()
    rig.start()
    rig.step(*rig.fill_of(rig.placed[0]))

    assert futures(rig)[PERP].own == futures(rig)[PERP].account == str(rig.placed[0].amount)
    assert futures(rig)[PERP].unassigned == "0"


def test_a_hedge_somebody_else_closed_starts_anew_and_stays_so_after_a_restart() -> None:
    """The sum over all fills would count the next hedge on top of one that is gone."""
    rig = rig_of()
    begin(rig, {CALL: "-10"}, (own("355340"),))

    made = [record for write in rig.of(fx.Write) for record in write.records if isinstance(record, Adjusted)]
    assert [record.sum for record in made] == [own("-355340")]
    assert "hedge_closed_by_others" in rig.notes()
    assert len(rig.placed) == 1  # the options are hedged from nothing


def test_a_delivered_future_is_forgotten_and_one_at_its_expiry_is_in_transit() -> None:
    rig = rig_of(Scope())
    rig.market_ms = 1_769_760_000_000 - 1_000  # a second before 30 Jan 08:00 UTC
    begin(rig, {CALL: "0", DATED: "-4000"}, (own("1000", DATED),))

    assert futures(rig)[DATED].transit  # born of an exercise: delivered in a moment
    assert futures(rig)[DATED].unassigned == "0"
    rig.wait(2.0)
    rig.step(rig.snapshot({CALL: "0"}))
    assert futures(rig)[DATED].own == "0"


def test_two_books_share_a_perpetual_by_the_labels_of_their_trades() -> None:
    one = settings(scope=Scope(expiries=("30JAN26",)), **BAND).books[0]
    near = replace(one, name="near")
    far = replace(one, name="far", scope=Scope(expiries=("27MAR26",)))
    rig = Rig(replace(settings(), books=(near, far)))
    begin(rig, {CALL: "-1", NEXT: "2", PERP: "300"}, (own("1000", book="near"), own("-700", book="far")))

    assert futures(rig, 0)[PERP].counted == "1000"
    assert futures(rig, 1)[PERP].counted == "-700"
    held = [{p.instrument: p.size for p in book.positions} for book in rig.engine.view(rig.now).books]
    assert held == [{CALL: "-1", PERP: "1000"}, {NEXT: "2", PERP: "-700"}]


def test_an_option_in_no_scope_is_listed_and_counted_by_nobody() -> None:
    rig = rig_of(Scope(instruments=("*-C",)))
    begin(rig, {CALL: "0", PUT: "-3"})

    owned = rig.engine.view(rig.now).books[0].ownership
    assert owned.outside == {PUT: "-3"}
    assert rig.delta == 0.0
    rig.step(ev.Filled(rig.fill(PUT, Side.BUY, Decimal(1), Decimal("0.05"))))
    assert rig.engine.view(rig.now).books[0].ownership.outside == {PUT: "-2"}


def test_two_books_that_take_the_same_option_both_stand_still() -> None:
    """The settings refuse it; should it come about all the same, nobody hedges it twice."""
    one = settings(**BAND).books[0]
    both = tuple(replace(one, name=name, scope=Scope()) for name in ("one", "two"))
    rig = Rig(replace(settings(), books=both))
    begin(rig, {CALL: "-10"})

    reasons = [book.last_decision.reason for book in rig.engine.view(rig.now).books if book.last_decision]
    assert reasons == [Reason.SCOPE_CONFLICT, Reason.SCOPE_CONFLICT]
    assert not rig.placed


def test_a_future_two_books_adopt_is_nobodys() -> None:
    one = settings(**BAND).books[0]
    scopes = (Scope(expiries=("30JAN26",), adopt=(PERP,)), Scope(expiries=("27MAR26",), adopt=("*",)))
    books = tuple(replace(one, name=n, scope=s) for n, s in zip(("one", "two"), scopes, strict=True))
    rig = Rig(replace(settings(), books=books))
    begin(rig, {CALL: "-1", PERP: "1000"})

    assert "adopted by one and two" in rig.last.detail


def test_new_settings_move_positions_to_the_book_they_belong_to_now() -> None:
    one = settings(**BAND).books[0]
    near = replace(one, name="near", scope=Scope(expiries=("30JAN26",)))
    far = replace(one, name="far", scope=Scope(expiries=("27MAR26",)))
    rig = Rig(replace(settings(mode=Mode.OBSERVE), books=(near, far)))
    begin(rig, {CALL: "-1", PERP: "1000"})

    swapped = tuple(
        replace(book, scope=scope)
        for book, scope in ((near, far.scope), (far, replace(near.scope, adopt=(PERP,))))
    )
    rig.step(ev.SettingsApplied(replace(rig.settings, books=swapped, config_hash="feed")))
    held = [{p.instrument: p.size for p in book.positions} for book in rig.engine.view(rig.now).books]
    assert held == [{}, {CALL: "-1", PERP: "1000"}]


def test_external_delta_counts_in_every_convention() -> None:
    scope = Scope(external_delta_coin=4.0, external_owner="treasury", external_until="2026-01-01")
    with_it, without = rig_of(scope, Mode.OBSERVE), rig_of(mode=Mode.OBSERVE)
    for rig in (with_it, without):
        begin(rig, {CALL: "-10"})
    ours, theirs = (rig.engine.view(rig.now).books[0].delta for rig in (with_it, without))

    for name in ("black", "net_transaction", "with_equity", "used"):
        assert abs(getattr(ours, name) - getattr(theirs, name) - 4.0) < 1e-12


def test_external_delta_nobody_vouches_for_any_more_blocks() -> None:
    scope = Scope(external_delta_coin=4.0, external_owner="treasury", external_until="2025-12-31")
    rig = rig_of(scope)
    begin(rig, {CALL: "-10"})

    assert (rig.last.action, rig.last.reason) == (Action.BLOCKED, Reason.EXTERNAL_DELTA_EXPIRED)
    assert "treasury says what holds now" in rig.last.detail


def test_equity_another_book_counts_is_no_delta_of_this_one() -> None:
    rig = rig_of(Scope(counts_equity=False), Mode.OBSERVE)
    begin(rig, {CALL: "-10"})
    book = rig.engine.view(rig.now).books[0]

    assert book.equity_coin == 0.0
    assert book.delta.with_equity == book.delta.net_transaction
    assert not book.ownership.counts_equity


def test_an_operators_flatten_closes_the_books_own_hedge_and_leaves_what_is_nobodys() -> None:
    rig = rig_of()
    begin(rig, {CALL: "-10", PERP: "6000"}, (own("5000"),))
    flatten = ev.CommandGiven(command="flatten", book="", by="test", reason="drill", accept_naked_delta=True)
    rig.step(flatten, *rig.quotes(CALL))

    assert [(intent.side, intent.amount) for intent in rig.placed] == [(Side.SELL, Decimal(5000))]
    rig.step(*rig.fill_of(rig.placed[0]))
    assert (rig.last.action, rig.last.reason) == (Action.HOLD, Reason.FLATTENING)
    assert futures(rig)[PERP].account == "1000"


def test_what_the_venue_forces_out_of_a_hedge_is_the_books_own() -> None:
    """After a deleveraging and a resume the book must know its hedge, not call it nobody's."""
    rig = rig_of()
    begin(rig, {CALL: "-10"})
    rig.step(*rig.quotes(CALL))
    rig.step(*rig.fill_of(rig.placed[0]))
    own = rig.placed[0].amount
    taken = rig.fill(PERP, Side.SELL, Decimal(100_000), Decimal(100_000))
    rig.step(ev.Filled(msgspec.structs.replace(taken, liquidation=True)))

    (future,) = rig.engine.view(rig.now).books[0].ownership.futures
    assert (Decimal(future.own), Decimal(future.unassigned)) == (own - 100_000, 0)
    written = [record for write in rig.of(fx.Write) for record in write.records]
    (adjusted,) = [record for record in written if isinstance(record, Adjusted)]
    assert adjusted.sum.size == -100_000


def test_what_the_venue_opens_beyond_a_hedge_is_nobodys() -> None:
    rig = rig_of()
    begin(rig, {CALL: "-10"})
    rig.step(*rig.quotes(CALL))
    rig.step(*rig.fill_of(rig.placed[0]))
    own = rig.placed[0].amount
    opened = rig.fill(PERP, Side.SELL, own + 50_000, Decimal(100_000))
    rig.step(ev.Filled(msgspec.structs.replace(opened, liquidation=True)))

    (future,) = rig.engine.view(rig.now).books[0].ownership.futures
    assert (Decimal(future.own), Decimal(future.unassigned)) == (0, -50_000)
