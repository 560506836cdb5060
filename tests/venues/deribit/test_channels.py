"""Names of channels, made and taken apart."""

from __future__ import annotations

import pytest

from hedger.venues.deribit import channels


@pytest.mark.parametrize(
    ("channel", "family", "subject"),
    [
        ("ticker.BTC-PERPETUAL.100ms", "ticker", "BTC-PERPETUAL"),
        ("ticker.XRP_USDC-21SEP26-1d25-C.raw", "ticker", "XRP_USDC-21SEP26-1d25-C"),
        ("deribit_price_index.btc_usd", "deribit_price_index", "btc_usd"),
        ("user.changes.any.any.raw", "user.changes", ""),
        ("user.portfolio.btc", "user.portfolio", ""),
        ("instrument.state.any.BTC", "instrument.state", ""),
        ("platform_state", "platform_state", ""),
        ("platform_state.public_methods_state", "", ""),
        ("trades.BTC-PERPETUAL.raw", "", ""),
        ("user.trades.any.any.raw", "", ""),
        ("", "", ""),
    ],
)
def test_family_and_subject(channel: str, family: str, subject: str) -> None:
    assert channels.family(channel) == family
    assert channels.subject(channel) == subject


def test_the_account_is_heard_whole_and_the_platform_too() -> None:
    assert channels.account_channels(["BTC"]) == (
        "user.changes.any.any.raw",
        "platform_state",
        "user.portfolio.BTC",
        "instrument.state.any.BTC",
    )


def test_chunks_keep_the_order() -> None:
    names = [f"c{number}" for number in range(401)]
    parts = list(channels.chunks(names))
    assert [len(part) for part in parts] == [200, 200, 1]
    assert [name for part in parts for name in part] == names
