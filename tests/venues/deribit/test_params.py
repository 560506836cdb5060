"""Addresses belong to environments; secrets are not printed."""

from __future__ import annotations

import pytest

from hedger.domain.errors import ConfigError
from hedger.domain.keys import keys_of
from hedger.domain.vocabulary import Environment
from hedger.venues.deribit.params import DEFAULT_URLS, DeribitParams, endpoint


@pytest.mark.parametrize("environment", [Environment.TESTNET, Environment.PRODUCTION])
def test_each_environment_has_its_own_address(environment: Environment) -> None:
    assert endpoint(environment, DeribitParams()) == DEFAULT_URLS[environment]
    assert endpoint(environment, DeribitParams(url=DEFAULT_URLS[environment])) == DEFAULT_URLS[environment]


@pytest.mark.parametrize(
    ("environment", "url"),
    [
        (Environment.PRODUCTION, "wss://test.deribit.com/ws/api/v2"),
        (Environment.TESTNET, "wss://www.deribit.com/ws/api/v2"),
        (Environment.PRODUCTION, "ws://www.deribit.com/ws/api/v2"),
        (Environment.PRODUCTION, "wss://www.deribit.com:8443/ws/api/v2"),
        (Environment.PRODUCTION, "wss://www.deribit.com:x/ws/api/v2"),
        (Environment.PRODUCTION, "wss://www.deribit.com.example.org/ws/api/v2"),
        (Environment.TESTNET, "ws://127.0.0.1:8080/ws/api/v2"),
        (Environment.LOCAL, ""),
        (Environment.LOCAL, "wss://www.deribit.com/ws/api/v2"),
        (Environment.LOCAL, "http://127.0.0.1:80"),
        (Environment.LOCAL, "ws://127.0.0.1.example.org/ws/api/v2"),
    ],
)
def test_an_address_of_another_environment_is_refused(environment: Environment, url: str) -> None:
    with pytest.raises(ConfigError, match="url"):
        endpoint(environment, DeribitParams(url=url))


@pytest.mark.parametrize(
    "url",
    ["wss://www.deribit.com@127.0.0.1/ws/api/v2", "wss://key:p4ss@www.deribit.com/", "ws://[::1", "//["],
)
def test_an_address_that_hides_a_password_or_is_none_is_refused_and_not_repeated(url: str) -> None:
    with pytest.raises(ValueError, match="url: must") as refused:
        DeribitParams(url=url)
    assert url not in str(refused.value)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_local_is_loopback(host: str) -> None:
    url = f"ws://{host}:1234/ws/api/v2"
    assert endpoint(Environment.LOCAL, DeribitParams(url=url)) == url


def test_the_secret_is_marked_and_not_printed() -> None:
    params = DeribitParams(client_secret="hush")
    assert "hush" not in repr(params)
    assert [name for name, key in keys_of(DeribitParams) if key.secret] == ["client_secret"]


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"currencies": ()}, "currencies"),
        ({"heartbeat_s": 9}, "heartbeat_s"),
        ({"request_timeout_s": 0.0}, "request_timeout_s"),
        ({"backoff_min_s": 5.0, "backoff_max_s": 1.0}, "backoff_max_s"),
        ({"cancel_reserve": -1}, "cancel_reserve"),
    ],
)
def test_values_out_of_bounds_are_refused_by_name(changes: dict[str, object], word: str) -> None:
    with pytest.raises(ValueError, match=word):
        DeribitParams(**changes)  # type: ignore[arg-type]


def test_the_chain_is_of_all_currencies_or_of_those_named() -> None:
    assert DeribitParams(currencies=("BTC", "ETH")).chained == ()
    assert DeribitParams(currencies=("BTC", "ETH"), chain=True).chained == ("BTC", "ETH")
    assert DeribitParams(currencies=("BTC", "ETH"), chain=True, chain_currencies=("ETH",)).chained == ("ETH",)
