"""What `hedger status` and the metrics say of a book's smiles; nothing while the rule is off."""

from __future__ import annotations

import io

import msgspec
import pytest
from rich.console import Console

from hedger.cli.smile_status import smile_of
from hedger.domain.vocabulary import SmileRule
from hedger.engine.views.smile_view import SmileExpiryView, SmileView
from hedger.runtime.metrics import Metrics
from tests.view_fixtures import status

SHOWN = SmileView(
    rule=SmileRule.FITTED,
    gate="variance ratio 0.930 +- 0.060 over 500 intervals: below 1 with confidence 0.880, needs 0.95",
    shift_coin=-0.0421,
    variance_ratio=0.93,
    ratio_error=0.06,
    confidence=0.88,
    samples=500,
    expiries=(
        SmileExpiryView(
            expiry="2026-01-30",
            age_s=12.0,
            strikes=21,
            curve="svi",
            atm_iv=0.483,
            slope=-0.312,
            residual_points=0.21,
            worst_points=0.8,
            stickiness=1.31,
            stickiness_error=0.2,
            moves=400,
            shift_coin=-0.0421,
            gap="",
            calendar="calendar: w falls by 0.001 at k = -0.210",
        ),
    ),
)


def drawn(smile: SmileView, width: int) -> str:
    console = Console(file=io.StringIO(), width=width)
    section = smile_of(smile, width >= 110)
    assert section is not None
    console.print(section)
    return console.file.getvalue()  # type: ignore[attr-defined,no-any-return]


@pytest.mark.parametrize("width", [80, 140])
def test_status_shows_rule_correction_gate_and_fits(width: int) -> None:
    shown = drawn(SHOWN, width)
    for words in (
        "fitted",
        "-0.0421 to Black's",
        "closed, Black's delta is hedged",
        "0.880, needs",
        "2026-01-30",
    ):
        assert words in " ".join(shown.split())
    for figure in ("2026-01-30", "48.3 %", "-0.312", "1.31", "0.21"):
        assert figure in shown
    opened = msgspec.structs.replace(SHOWN, gate_open=True, used_coin=-0.0421)
    assert "used -0.0421" in " ".join(drawn(opened, width).split())


def test_nothing_is_said_while_the_rule_is_off() -> None:
    assert smile_of(SmileView(), wide=True) is None


def scraped(smile: SmileView) -> str:
    view = status()
    books = tuple(msgspec.structs.replace(book, smile=smile) for book in view.books)
    view = msgspec.structs.replace(view, books=books)
    return Metrics(lambda: view, lambda: 0.0).render().decode()


def test_metrics_have_samples_only_while_a_rule_is_on() -> None:
    off, on = scraped(SmileView()), scraped(SHOWN)
    assert "hedger_smile_gate_open{" not in off
    for sample in ("smile_gate_open{", "smile_shift_coin{", "smile_variance_ratio{", "smile_residual{"):
        assert f"hedger_{sample}" in on
    book = status().books[0].name
    assert f'hedger_smile_residual{{book="{book}"}} 0.0021' in on
    assert f'hedger_smile_gate_open{{book="{book}"}} 0.0' in on
