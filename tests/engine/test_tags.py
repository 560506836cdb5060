"""Strategies by the label of the options' trades."""

from __future__ import annotations

from decimal import Decimal

import msgspec
import pytest

from hedger.domain.order import Side
from hedger.engine import events as ev
from hedger.engine.ownership.owned import LabelSum
from hedger.engine.views.owned_view import TagView
from tests.engine.rig import CALL, PUT, Rig


def tags(rig: Rig) -> list[TagView]:
    return list(rig.engine.view(rig.now).books[0].ownership.tags)


def test_an_option_is_divided_by_the_labels_of_its_trades_and_the_rest_is_untagged() -> None:
    rig = Rig()
    rig.step(rig.listed(CALL, PUT), rig.link_up())
    sums = (
        LabelSum(label="income", instrument=CALL, size=Decimal(-8)),
        LabelSum(label="tail", instrument=CALL, size=Decimal(2)),
        LabelSum(label="tail", instrument=PUT, size=Decimal(4)),
    )
    rig.step(msgspec.structs.replace(rig.journal(), sums=sums))
    rig.step(rig.snapshot({CALL: "-10", PUT: "4"}))

    assert tags(rig) == [
        TagView("income", CALL, "-8", 0.8),
        TagView("tail", CALL, "2", -0.2),
        TagView("", CALL, "-4", 0.4),
        TagView("tail", PUT, "4", 1.0),
    ]


def test_a_new_trade_moves_its_tag_and_the_parts_add_up() -> None:
    rig = Rig()
    rig.start({CALL: "-10"})
    rig.step(ev.Filled(rig.fill(CALL, Side.SELL, Decimal(5), Decimal("0.05"), "income")))

    assert [(tag.tag, tag.size) for tag in tags(rig)] == [("income", "-5"), ("", "-10")]
    assert sum(tag.share or 0.0 for tag in tags(rig)) == pytest.approx(1.0)


def test_parts_that_cancel_are_told_without_a_share() -> None:
    rig = Rig()
    rig.start({CALL: "-5"})
    rig.step(ev.Filled(rig.fill(CALL, Side.BUY, Decimal(5), Decimal("0.05"), "tail")))

    assert tags(rig) == [TagView("tail", CALL, "5", None), TagView("", CALL, "-5", None)]


def test_greeks_are_told_by_tag_and_add_up_to_the_options() -> None:
    rig = Rig()
    rig.start({CALL: "-10"})
    rig.step(ev.Filled(rig.fill(CALL, Side.SELL, Decimal(5), Decimal("0.05"), "income")))
    book = rig.engine.view(rig.now).books[0]
    untagged, income = book.tags
    held = next(p for p in book.positions if p.instrument == CALL)

    assert (untagged.name, income.name) == ("", "income")
    assert income.black == pytest.approx(5 / 15 * (held.delta_coin or 0.0))
    assert (income.vega_usd or 0.0) + (untagged.vega_usd or 0.0) == pytest.approx(held.vega_usd)


def test_a_book_without_tags_has_no_greeks_by_tag() -> None:
    rig = Rig()
    rig.start({CALL: "-10"})
    assert rig.engine.view(rig.now).books[0].tags == ()
