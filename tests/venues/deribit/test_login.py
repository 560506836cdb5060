"""Proving who we are: grants, refresh, and errors that say which of key, secret or environment is wrong."""

from __future__ import annotations

import hashlib
import hmac
import json

import pytest

from hedger.domain.errors import AuthError
from hedger.domain.vocabulary import Environment
from hedger.engine.effects import RequestSnapshot
from hedger.engine.events import Now
from hedger.venues.deribit.credits import LATE_S
from hedger.venues.deribit.params import DeribitParams, Grant
from hedger.venues.deribit.session import DeribitSession
from tests.venues.deribit.talk import MARKET_MS, SECRET, TOKEN, Talk, make_params

GREETED = """
> public/hello {"client_name": "hedger", "client_version": "0.1.0"}
< public/hello {"version": "1.2.26"}
"""


def ending_of(talk: Talk) -> str:
    assert talk.session.ending is not None
    return talk.session.ending.reason


def test_a_signature_never_shows_the_secret() -> None:
    talk = Talk(make_params(auth=Grant.SIGNATURE))
    talk.play(GREETED.replace("< public", "< public") + "...")
    params = talk.all_sent[1]["params"]
    expected = hmac.new(SECRET.encode(), f"{MARKET_MS}\nnonce1\n".encode(), hashlib.sha256).hexdigest()
    assert params["signature"] == expected
    assert (params["grant_type"], params["data"], params["nonce"]) == ("client_signature", "", "nonce1")
    assert SECRET not in json.dumps(talk.all_sent, default=str)


def test_a_token_is_refreshed_at_four_fifths_of_its_life() -> None:
    talk = Talk().up()
    for _ in range(72):
        talk.notify("platform_state", {"price_index": "eth_usd", "locked": False})
        talk.pass_time(10.0)
    talk.play(
        f"""
        > public/auth {{"grant_type": "refresh_token", "refresh_token": "r"}}
        < public/auth {json.dumps(TOKEN | {"refresh_token": "r2"})}
        """
    )


def test_a_refresh_does_not_wait_behind_the_calls_that_need_it() -> None:
    talk = Talk().up()
    for _ in range(40):
        talk.perform(RequestSnapshot(venue="deribit", since_ms=MARKET_MS))
    talk.sent.clear()
    talk.session._login.refresh_at_wire_s = talk.now.wire_s
    talk.pass_time(0.0)
    talk.pass_time(LATE_S + 0.051)  # one credit
    assert [frame["params"].get("grant_type") for frame in talk.sent] == ["refresh_token"]


@pytest.mark.parametrize(("code", "comes"), [(13009, "client_credentials"), (13004, "client_credentials")])
def test_a_refresh_that_is_refused_falls_back_to_the_key(code: int, comes: str) -> None:
    talk = Talk().up()
    talk.session._login.refresh_at_wire_s = talk.now.wire_s
    talk.pass_time(0.0)
    talk.play(
        f"""
        > public/auth {{"grant_type": "refresh_token"}}
        ! public/auth {code} invalid
        > public/auth {{"grant_type": "{comes}"}}
        """
    )
    assert talk.session.ending is None


def test_a_refresh_that_fails_otherwise_ends_the_connection() -> None:
    talk = Talk().up()
    talk.session._login.refresh_at_wire_s = talk.now.wire_s
    talk.pass_time(0.0)
    talk.play("> public/auth\n! public/auth 13028 temporarily_unavailable")
    assert "refresh" in ending_of(talk)


@pytest.mark.parametrize("code", [13004, 13009, 10000, 13021, -32602])
def test_a_refused_key_is_fatal_and_names_environment_and_key_but_not_the_secret(code: int) -> None:
    talk = Talk().play(GREETED + "> public/auth\n! public/auth " + f"{code} invalid_credentials")
    ending = talk.session.ending
    assert ending is not None
    assert isinstance(ending.error, AuthError)
    text = str(ending.error)
    assert "'key'" in text
    assert "local" in text
    assert str(code) in text
    assert SECRET not in text


@pytest.mark.parametrize("code", [13004, 13009, 10000, 13021, -32602])
def test_a_key_that_was_good_and_is_refused_as_we_come_back_is_tried_again(code: int) -> None:
    """A daemon that ended now would be down for good: no service manager starts it after a wrong key."""
    talk = Talk().up().play("- gone\n~ LinkDown")
    talk.session.opened(talk.now, MARKET_MS, "n")
    talk.pass_time(0.0)
    talk.play(GREETED + f"> public/auth\n! public/auth {code} invalid_credentials")
    ending = talk.session.ending
    assert ending is not None
    assert (ending.error, ending.wait_s) == (None, 60.0)
    assert f"{code} invalid_credentials, which it has taken before" in ending.reason
    assert SECRET not in ending.reason


@pytest.mark.parametrize(("code", "wait_s"), [(12003, 60.0), (11098, 60.0), (13028, 0.0), (11051, 0.0)])
def test_a_login_that_may_work_later_is_tried_later(code: int, wait_s: float) -> None:
    talk = Talk().play(GREETED + f"> public/auth\n! public/auth {code} later\n...")
    ending = talk.session.ending
    assert ending is not None
    assert ending.error is None
    assert ending.wait_s == wait_s


def test_an_account_that_is_locked_as_we_come_back_is_a_lock_and_no_wrong_key() -> None:
    """A liquidation takes minutes: a daemon that ended now would not be there when it is over."""
    Talk().play(
        GREETED
        + """
        > public/auth
        ! public/auth 11098 account_locked
        = AccountLocked {"locked": true, "detail": "public/auth: 11098 account_locked"}
        """
    )


@pytest.mark.parametrize(
    ("field", "changes"), [("client_id", {"client_id": ""}), ("client_secret", {"client_secret": ""})]
)
def test_a_missing_key_is_named_before_anything_is_sent(field: str, changes: dict[str, str]) -> None:
    talk = Talk(make_params(**changes)).play("")
    assert f"{field} is empty" in ending_of(talk)


def test_the_wrong_environment_is_noticed_before_the_key_is_shown() -> None:
    params = DeribitParams(client_id="key", client_secret=SECRET)
    session = DeribitSession("deribit", Environment.PRODUCTION, params, trading=False, version="0.1.0")
    now = Now(MARKET_MS, 1.0)
    session.opened(now, MARKET_MS, "n")
    session.to_send()
    session.receive('{"id": 1, "result": {"version": "1"}, "testnet": true}', now)
    assert session.ending is not None
    assert isinstance(session.ending.error, AuthError)
    assert "testnet = true" in session.ending.reason
    assert session.to_send() == []


def test_public_calls_that_need_a_key_are_given_one() -> None:
    Talk().play(
        """
        > public/hello
        ! public/hello 11056 unauthenticated_public_requests_temporarily_disabled
        > public/auth
        """
    )


def test_a_greeting_that_fails_ends_the_connection() -> None:
    assert "11051" in ending_of(Talk().play("> public/hello\n! public/hello 11051 maintenance\n..."))


def test_an_unreadable_token_ends_the_connection() -> None:
    assert "public/auth" in ending_of(Talk().play(GREETED + '> public/auth\n< public/auth {"scope": "x"}'))


def test_a_key_that_may_not_trade_is_fatal_where_trading_is_enabled() -> None:
    token = json.dumps(TOKEN | {"scope": "trade:read account:read"})
    talk = Talk().play(GREETED + f"> public/auth\n< public/auth {token}")
    assert "trading needs trade:read_write" in ending_of(talk)
    reading = Talk(trading=False).play(GREETED + f"> public/auth\n< public/auth {token}\n...")
    assert reading.session.ending is None


@pytest.mark.parametrize(
    "method",
    [
        "public/set_heartbeat",
        "private/enable_cancel_on_disconnect",
        "private/get_account_summaries",
        "public/get_instruments",
    ],
)
def test_a_refused_step_of_the_login_ends_the_connection(method: str) -> None:
    talk = Talk().play(
        GREETED + f"> public/auth\n< public/auth {json.dumps(TOKEN)}\n...\n! {method} 13021 forbidden"
    )
    assert method in ending_of(talk)


@pytest.mark.parametrize("method", ["private/get_account_summaries", "public/get_instruments"])
def test_an_unreadable_step_of_the_login_ends_the_connection(method: str) -> None:
    talk = Talk().play(
        GREETED + f'> public/auth\n< public/auth {json.dumps(TOKEN)}\n...\n< {method} {{"id": "x"}}'
    )
    assert method in ending_of(talk)
