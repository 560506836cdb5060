"""Envelope and margin of a book, as a file sets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from hedger.risk.envelope import AssetClass, OrderStyle
from hedger.risk.margin_params import MarginParams
from tests.settings.files import SMALLEST, loaded, refusal


def test_kinds_of_orders_caps_and_floor_reach_their_book(tmp_path: Path) -> None:
    text = (
        SMALLEST
        + """
[books.btc.envelope]
asset_classes = ["perpetual", "option"]
order_types = ["limit_ioc", "post_only"]
soft_fraction = 0.6
max_loss_day_coin = 0.5
[books.btc.margin]
min_excess_fraction = 0.2
"""
    )
    (book,) = loaded(tmp_path, text).engine.books
    assert book.envelope.asset_classes == (AssetClass.PERPETUAL, AssetClass.OPTION)
    assert book.envelope.order_types == (OrderStyle.LIMIT_IOC, OrderStyle.POST_ONLY)
    assert (book.envelope.soft_fraction, book.envelope.max_loss_day_coin) == (0.6, 0.5)
    assert book.margin == MarginParams(min_excess_fraction=0.2)


def test_by_default_hedges_are_futures_and_no_loss_is_capped(tmp_path: Path) -> None:
    (book,) = loaded(tmp_path).engine.books
    assert book.envelope.asset_classes == (AssetClass.PERPETUAL, AssetClass.FUTURE)
    assert book.envelope.max_loss_day_coin == book.envelope.max_loss_day_usd == 0.0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        ('[books.btc.envelope]\nasset_classes = ["spot"]', "asset_classes"),
        ("[books.btc.envelope]\norder_types = []", "order_types = []: must name at least one"),
        ("[books.btc.envelope]\nsoft_fraction = 1.1", "soft_fraction = 1.1: must be at most 1"),
        ("[books.btc.envelope]\nmax_loss_day_coin = -1", "max_loss_day_coin = -1"),
        ("[books.btc.margin]\nmin_excess_fraction = 1", "min_excess_fraction = 1.0: must be at most 0.95"),
        ("[books.btc.margin]\nmin_excess = 0.1", "known are min_excess_fraction, min_maintenance_distance"),
    ],
)
def test_what_cannot_be_meant_is_refused_by_key_and_value(tmp_path: Path, table: str, told: str) -> None:
    assert told in refusal(tmp_path, f"{SMALLEST}\n{table}\n")


@pytest.mark.parametrize(("neutral", "unit", "right"), [("coin", "usd", "coin"), ("usd", "coin", "usd")])
def test_losses_are_capped_in_what_the_book_keeps_neutral(
    tmp_path: Path, neutral: str, unit: str, right: str
) -> None:
    text = f'{SMALLEST}neutral = "{neutral}"\n[books.btc.envelope]\nmax_loss_day_{unit} = 5\n'
    assert refusal(tmp_path, text) == (
        f"books.btc.envelope.max_loss_day_{unit} = 5.0: losses of a {neutral} book are counted in {right}: "
        f"set max_loss_day_{right}"
    )
