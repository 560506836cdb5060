"""Before an order into a silence: a round trip; and feeds that fall silent later are asked for anew."""

from __future__ import annotations

import asyncio

from hedger.domain.vocabulary import Mode
from hedger.engine import events as ev
from hedger.engine.effects import Watch
from hedger.simulator.server import running_exchange
from hedger.venues.deribit.probe import PATIENCE_S
from hedger.venues.deribit.quiet import OPTION_QUIET_S, QUIET_S, RENEWED_S
from tests.venues.deribit.orders_fixtures import LABEL, make_place
from tests.venues.deribit.server import running
from tests.venues.deribit.talk import Talk
from tests.venues.deribit.test_amend import make_amend
from tests.venues.deribit.test_client_exchange import WATCH, connect_to, inject, market_order
from tests.venues.deribit.test_client_weather import QUICK
from tests.venues.deribit.test_orders import BY_ID, BY_LABEL
from tests.venues.deribit.test_subscriptions import keep_alive

PERPETUAL = "BTC-PERPETUAL"
OPTION = "BTC-30JAN26-105000-C"


def silent(seconds: float = 1.1) -> Talk:
    talk = Talk().up()
    talk.pass_time(seconds)
    return talk.play("...")


def test_an_order_right_after_a_message_leaves_at_once() -> None:
    talk = silent(0.9)
    assert talk.perform(make_place()).methods() == ["private/buy"]


def test_an_order_into_a_silence_leaves_behind_the_answer_of_a_probe() -> None:
    silent().perform(make_place()).play(
        """
        > public/test
        < public/test {"version": "1.2.26"}
        > private/buy
        """
    )


def test_orders_behind_a_probe_keep_their_order_and_share_it() -> None:
    talk = silent()
    for label in ("h-btc-7-1", "h-btc-7-2"):
        talk.perform(make_place(label=label))
    talk.play(
        """
        > public/test
        < public/test {"version": "1.2.26"}
        > private/buy {"label": "h-btc-7-1"}
        > private/buy {"label": "h-btc-7-2"}
        """
    )


def test_any_other_word_is_no_proof_that_ours_arrive() -> None:
    talk = silent().perform(make_place())
    talk.notify("platform_state", {"price_index": "sol_usdc", "locked": False})
    assert talk.methods() == ["public/test"]


def test_a_probe_without_an_answer_proves_that_nothing_left_and_ends_the_connection() -> None:
    talk = silent().perform(make_place()).play("...")
    talk.pass_time(PATIENCE_S + 0.1)
    unsent = talk.take(ev.PlacementUnsent)
    assert (unsent.label, "no answer within 1 s" in unsent.reason) == (LABEL, True)
    assert talk.session.ending is not None
    assert "private/buy" not in talk.methods()


def test_a_connection_that_goes_meanwhile_leaves_the_order_unsent() -> None:
    silent().perform(make_place()).play(
        """
        > public/test
        - gone
        = PlacementUnsent {"reason": "-2 gone"}
        ~ LinkDown
        """
    )


def test_a_late_answer_of_a_probe_that_was_given_up_sends_nothing() -> None:
    talk = silent().perform(make_place()).play("...")
    talk.pass_time(PATIENCE_S + 0.1)
    talk.play("...")
    talk.answer("public/test", {"version": "1.2.26"})
    assert talk.methods() == []


def test_a_cancel_waits_for_no_probe() -> None:
    assert silent().perform(BY_ID).methods() == ["private/cancel"]


def test_an_order_that_is_cancelled_behind_a_probe_never_leaves() -> None:
    """A halt while the probe is under way: the cancel would arrive first and the order live on behind it."""
    silent().perform(make_place()).perform(BY_LABEL).play(
        """
        > public/test
        = PlacementUnsent {"reason": "cancelled before it was sent"}
        < public/test {"version": "1.2.26"}
        """
    )


def test_an_order_beside_a_cancelled_one_leaves_behind_the_probe() -> None:
    talk = silent().perform(make_place()).perform(make_place(label="h-btc-7-2")).perform(BY_LABEL)
    talk.answer("public/test", {"version": "1.2.26"})
    assert talk.methods() == ["public/test", "private/buy"]


def test_an_amendment_behind_a_probe_goes_with_its_order() -> None:
    talk = silent().perform(make_amend()).perform(BY_ID)
    assert talk.take(ev.AmendRefused).message == "cancelled before it was sent"
    talk.answer("public/test", {"version": "1.2.26"})
    assert talk.methods() == ["public/test", "private/cancel"]


def test_an_amendment_waits_for_a_probe_too() -> None:
    assert silent().perform(make_amend()).methods() == ["public/test"]


async def test_an_order_into_a_half_open_socket_never_arrives_and_says_so() -> None:
    async with running_exchange() as exchange:
        venue = connect_to(exchange, probe_after_s=1e-9, health_s=60.0, **QUICK)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            inject(exchange, kind="half_open")
            venue.perform(market_order(exchange, Mode.LIVE))
            assert "no answer" in (await listener.until(ev.PlacementUnsent)).reason
            await listener.until(ev.LinkUp, 2)
            assert not exchange.exchange.desk.orders


# -- feeds that fall silent later --------------------------------------------------------------------


def watching(*names: str) -> Talk:
    """A session whose feeds have been granted and have said their first word."""
    talk = Talk().up().perform(Watch(venue="deribit", instruments=names, indices=()))
    channels = [f"ticker.{name}.100ms" for name in names]
    talk.play("...")
    talk.answer("public/subscribe", channels)
    for name in names:
        speak(talk, name)
    return talk.play("...")


def speak(talk: Talk, name: str) -> None:
    talk.session._subscriptions.heard(f"ticker.{name}.100ms")
    talk.session._quiet.spoke(f"ticker.{name}.100ms", talk.now.wire_s)


def test_a_perpetual_that_falls_silent_is_subscribed_anew() -> None:
    talk = watching(PERPETUAL)
    keep_alive(talk, QUIET_S + 4)
    assert [m for m in talk.methods() if "subscribe" in m] == ["public/unsubscribe", "public/subscribe"]
    assert talk.session.ending is None


def test_one_that_stays_silent_costs_the_connection() -> None:
    talk = watching(PERPETUAL)
    keep_alive(talk, QUIET_S + RENEWED_S + 4)
    assert talk.session.ending is not None
    assert "stayed so after it was subscribed anew" in talk.session.ending.reason


def test_one_that_speaks_again_is_forgiven() -> None:
    talk = watching(PERPETUAL)
    for _ in range(3):
        keep_alive(talk, QUIET_S + 4)
        speak(talk, PERPETUAL)
    assert talk.session.ending is None


def test_an_option_may_be_quiet_for_longer_and_never_costs_the_connection() -> None:
    talk = watching(OPTION)
    keep_alive(talk, QUIET_S + 4)
    assert talk.methods().count("public/unsubscribe") == 0
    keep_alive(talk, 3 * OPTION_QUIET_S)
    assert talk.methods().count("public/unsubscribe") >= 1
    assert talk.session.ending is None


async def test_a_subscription_that_the_exchange_forgets_is_made_anew() -> None:
    """Over a real socket: one channel stops while the other goes on."""
    async with running_exchange() as exchange:
        venue = connect_to(exchange, **QUICK)
        async with running(venue) as (listener, _):
            await listener.until(ev.LinkUp)
            venue.perform(WATCH)
            await listener.until(ev.Quoted)
            quiet = venue._session._quiet
            quiet._most_s = dict.fromkeys(quiet._most_s, 1.5)
            inject(exchange, kind="silence", channel="ticker.", duration_s=3.0)
            async with asyncio.timeout(20):
                while not quiet._renewed_wire_s:
                    await listener.until(ev.Indexed, len(listener.all(ev.Indexed)) + 1)
            quoted = len(listener.all(ev.Quoted))
            await listener.until(ev.Quoted, quoted + 1)
            assert listener.all(ev.LinkDown) == []
