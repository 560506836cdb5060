"""The page of a comparison: what it rests on first, every plot there, the same bytes every time."""

from __future__ import annotations

import re

from hedger.reports.comparison import Curve, Table, comparison_html

LINES = {
    "clock": {"delta": 1.0, "vega": 0.0, "fees": -0.5},
    "band": {"delta": 1.0, "vega": 0.0, "fees": -0.25},
}


def curve(name: str) -> Curve:
    return Curve(name, [0, 3_600_000], [0.0, 0.5], [0.0, 50_000.0], [0.1, -0.1], [2.0, 2.1], 0.03, 900.0)


def page() -> str:
    table = Table("result", ["policy", "P&L"], [["clock", "+0.5"], ["<b>band</b>", "+0.75"]])
    return comparison_html(
        "BTC & others", ["Assumptions:", "spread < 1 bp"], [table], [curve("clock"), curve("band")], LINES
    )


def test_what_it_rests_on_comes_first_and_nothing_of_it_is_markup() -> None:
    text = page()
    assert text.index("spread &lt; 1 bp") < text.index("+0.75") < text.index("Result in coin")
    assert "&lt;b&gt;band" in text
    assert "BTC &amp; others" in text


def test_it_has_its_plots_and_needs_no_network() -> None:
    text = page()
    assert re.findall(r'id="(plot-\d)"', text) == [f"plot-{number}" for number in range(6)]
    assert not re.search(r'<(script|link)[^>]+(src|href)="?http', text)


def test_lines_that_are_nothing_everywhere_are_not_drawn() -> None:
    drawn = page().split("Where the result came from")[0].rsplit("plot-3", 1)[1]
    assert '"name":"fees"' in drawn
    assert '"name":"vega"' not in drawn


def test_the_same_values_make_the_same_bytes() -> None:
    assert page() == page()
