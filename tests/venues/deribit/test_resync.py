"""A fill may have been in what could not be read: the truth is asked for, in time and at a bounded rate."""

from __future__ import annotations

from hedger.engine import events as ev
from tests.venues.deribit.talk import SUMMARIES, Talk

TRADES = "private/get_user_trades_by_currency_and_time"


def lose_a_change(talk: Talk, trade_id: int) -> None:
    """The venue tells of a trade in a form nobody can read."""
    talk.notify("user.changes.any.any.raw", {"trades": [{"trade_id": trade_id}]})
    assert "trade_id" in talk.take(ev.BadData).detail


def asked(talk: Talk) -> bool:
    found = "private/get_open_orders" in talk.methods()
    talk.sent.clear()
    return found


def tell_the_truth(talk: Talk) -> None:
    for _ in range(2):
        talk.answer(TRADES, {"trades": []})
    talk.answer("private/get_open_orders", [])
    talk.answer("private/get_account_summaries", SUMMARIES)
    talk.answer("private/get_positions", [])
    talk.take(ev.SnapshotTaken)
    talk.sent.clear()


def keep_alive(talk: Talk, seconds: int) -> None:
    """The venue speaks of something else meanwhile."""
    for _ in range(seconds):
        talk.notify("platform_state", {"price_index": "btc_usd", "locked": False})
        talk.pass_time(1.0)


def test_every_unreadable_account_change_is_followed_by_a_look_at_the_truth() -> None:
    """The rate is bounded: the second one is postponed, and several are answered by one look."""
    talk = Talk().up()
    lose_a_change(talk, 7)
    assert asked(talk)
    tell_the_truth(talk)
    keep_alive(talk, 4)
    lose_a_change(talk, 8)
    lose_a_change(talk, 9)
    assert talk.session.next_deadline(talk.now) == talk.now.wire_s + 6.0
    keep_alive(talk, 5)
    assert not asked(talk)
    keep_alive(talk, 1)
    assert asked(talk)
    tell_the_truth(talk)
    keep_alive(talk, 30)
    assert not asked(talk)


def test_a_look_that_failed_is_repeated() -> None:
    talk = Talk().up()
    lose_a_change(talk, 7)
    assert asked(talk)
    talk.refuse("private/get_open_orders", 13028, "temporarily_unavailable")
    talk.take(ev.SnapshotFailed)
    keep_alive(talk, 10)
    assert asked(talk)


def test_a_new_connection_owes_no_look_to_the_one_before() -> None:
    """The engine asks for a snapshot after every LinkUp."""
    talk = Talk().up()
    lose_a_change(talk, 7)
    talk.play("...\n- cut\n~ SnapshotFailed\n~ LinkDown")
    talk.session.opened(talk.now, talk.now.market_ms, "nonce")
    talk._collect([])
    talk.up()
    keep_alive(talk, 20)
    assert not asked(talk)
