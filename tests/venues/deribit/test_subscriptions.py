"""Wanted against granted: the venue is silent about channels it does not know."""

from __future__ import annotations

import json

from hedger.engine import events as ev
from hedger.engine.effects import Watch
from hedger.venues.deribit.credits import LATE_S
from hedger.venues.deribit.subscriptions import QUICK_ATTEMPTS
from tests.venues.deribit.talk import Talk
from tests.venues.deribit.test_session import TICKER


def watch(*names: str) -> Watch:
    return Watch(venue="deribit", instruments=names, indices=())


def ticker(name: str) -> str:
    return f"ticker.{name}.100ms"


def grant(talk: Talk, *names: str) -> None:
    talk.answer("public/subscribe", [ticker(name) for name in names])


def test_a_channel_that_is_never_granted_is_named_after_three_attempts() -> None:
    talk = Talk().up().perform(watch("A", "NOPE"))
    talk.play(
        """
        > public/subscribe
        < public/subscribe ["ticker.A.100ms"]
        + 2
        > public/subscribe {"channels": ["ticker.NOPE.100ms"]}
        < public/subscribe []
        + 4
        > public/subscribe {"channels": ["ticker.NOPE.100ms"]}
        < public/subscribe []
        = BadData {"channel": "ticker.NOPE.100ms", "instrument": "NOPE"}
        + 8
        """
    )


def test_a_channel_granted_at_the_second_attempt_is_forgiven() -> None:
    Talk().up().perform(watch("A")).play(
        """
        > public/subscribe
        ! public/subscribe 13028 temporarily_unavailable
        + 2
        > public/subscribe
        < public/subscribe ["ticker.A.100ms"]
        + 9
        """
    )


def test_an_acknowledgement_that_cannot_be_read_is_asked_for_again() -> None:
    Talk().up().perform(watch("A")).play(
        """
        > public/subscribe
        < public/subscribe {"granted": true}
        + 2
        > public/subscribe
        """
    )


def test_a_ticker_refused_for_a_while_is_asked_for_again_until_it_is_granted() -> None:
    """Three failures within six seconds (13028 in a release) must not silence it until a reconnect."""
    talk = Talk().up().perform(watch("BTC-PERPETUAL"))
    for attempt in range(1, QUICK_ATTEMPTS + 1):
        talk.refuse("public/subscribe", 13028, "temporarily_unavailable")
        if attempt < QUICK_ATTEMPTS:
            talk.pass_time(2.0 * attempt)
    assert [type(event) for event in talk.events] == [ev.BadData]
    talk.play("...")
    for _ in range(3):  # at a slow pace, and without a word for each
        keep_alive(talk, 29)
        assert not talk.methods()
        keep_alive(talk, 1)
        assert talk.methods() == ["public/subscribe"]
        talk.sent.clear()
        talk.refuse("public/subscribe", 13028, "temporarily_unavailable")
        assert not talk.events
    keep_alive(talk, 30)
    grant(talk, "BTC-PERPETUAL")
    talk.notify(ticker("BTC-PERPETUAL"), TICKER)
    talk.sent.clear()
    keep_alive(talk, 20)
    assert not talk.methods()
    assert talk.session.ending is None


def test_a_channel_that_was_granted_and_stays_silent_is_asked_for_anew() -> None:
    """The first message follows the grant; where it does not, only a new subscription brings it."""
    talk = Talk().up().perform(watch("BTC-PERPETUAL"))
    grant(talk, "BTC-PERPETUAL")
    keep_alive(talk, 14)
    talk.sent.clear()
    keep_alive(talk, 1)
    assert talk.methods() == ["public/unsubscribe"]
    keep_alive(talk, 2)
    assert talk.methods() == ["public/unsubscribe", "public/subscribe"]
    grant(talk, "BTC-PERPETUAL")
    talk.notify(ticker("BTC-PERPETUAL"), TICKER)
    talk.sent.clear()
    keep_alive(talk, 20)
    assert not talk.methods(), "a moment's quiet after the first message is no fault"


def test_a_channel_that_never_says_a_word_is_named_and_then_tried_slowly() -> None:
    talk = Talk().up().perform(watch("BTC-PERPETUAL"))
    for _ in range(3):
        grant(talk, "BTC-PERPETUAL")
        keep_alive(talk, 15)
        bad = [event for event in talk.events if isinstance(event, ev.BadData)]
        keep_alive(talk, 5)
    assert [event.channel for event in bad] == [ticker("BTC-PERPETUAL")]
    assert "silent" in bad[0].detail
    assert talk.methods().count("public/subscribe") == 3


def test_what_is_no_longer_wanted_is_not_waited_for() -> None:
    talk = Talk().up().perform(watch("BTC-PERPETUAL"))
    grant(talk, "BTC-PERPETUAL")
    talk.perform(watch())
    talk.sent.clear()
    keep_alive(talk, 60)
    assert not talk.methods()


def keep_alive(talk: Talk, seconds: float) -> None:
    """The venue speaks of something else meanwhile."""
    for _ in range(int(seconds)):
        talk.notify("platform_state", {"price_index": "btc_usd", "locked": False})
        talk.pass_time(1.0)


def test_a_channel_told_as_bad_is_tried_at_once_when_it_is_wanted_anew() -> None:
    talk = Talk().up().perform(watch("NOPE"))
    for wait_s in (2.0, 4.0, 0.0):
        grant(talk)
        talk.pass_time(wait_s)
    talk.play("...")
    talk.perform(watch()).perform(watch("NOPE"))
    assert talk.methods() == ["public/subscribe"]


def test_a_channel_no_longer_wanted_when_granted_is_dropped() -> None:
    Talk().up().perform(watch("A")).perform(watch()).play(
        """
        > public/subscribe
        < public/subscribe ["ticker.A.100ms"]
        > public/unsubscribe {"channels": ["ticker.A.100ms"]}
        """
    )


def test_large_sets_go_in_chunks_of_two_hundred_within_the_credits_of_the_bucket() -> None:
    talk = Talk().up().perform(watch(*(f"I{number:04}" for number in range(4000))))
    sizes = [len(frame["params"]["channels"]) for frame in talk.sent]
    assert sizes == [200] * 8  # burst 10, two spent by the login
    talk.play("...")
    talk.pass_time(LATE_S + 1.0)
    assert len(talk.sent) == 3  # 3.3 a second
    assert all(len(json.dumps(frame)) < 32_000 for frame in talk.all_sent[:-1])


def test_a_raw_channel_refused_for_want_of_a_login_logs_in_again() -> None:
    Talk().up().perform(watch("A")).play(
        """
        > public/subscribe
        ! public/subscribe 13778 raw_subscriptions_not_available_for_unauthorized
        > public/auth
        """
    )


def test_a_disconnect_is_no_refusal() -> None:
    talk = Talk().up().perform(watch("A"))
    talk.play("...\n- cut\n~ LinkDown")
    assert not [event for event in talk.events if isinstance(event, ev.BadData)]
