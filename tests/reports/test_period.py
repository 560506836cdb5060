"""What a report comes to, on the worked example ATT-1 and on periods that were seen in part."""

from __future__ import annotations

import io
from itertools import pairwise

import msgspec
import pytest
from rich.console import Console

from hedger.portfolio.attribution import Lines
from hedger.portfolio.running import Interval
from hedger.reports.hedges import HedgeRow, write_csv
from hedger.reports.html import as_html
from hedger.reports.period import Basis, Stretch, WalletReport, expiry_of, wallet_report
from hedger.reports.text import as_text
from tests.portfolio import att1

BASIS = Basis(
    version="1",
    source="journal.sqlite",
    venue="deribit",
    environment="local",
    account="<4711>",
    from_ms=0,
    to_ms=5 * att1.DAY_MS,
    config_hashes=("c0ffee",),
)
HEDGE = HedgeRow(
    market_ms=1,
    time="1970-01-01T00:00:00.001+00:00",
    venue="deribit",
    book="btc",
    instrument="BTC-PERPETUAL",
    side="buy",
    amount="168760",
    unit="USD",
    price="100010",
    fee="0.0008437",
    fee_currency="BTC",
    mark_at_decision=100_000.0,
    index_usd=99_990.0,
    shortfall=0.00016874,
    currency="BTC",
    coin=1.6874,
    price_usd=100_010.0,
    purpose="hedge",
    reason="outside_band",
    label="h-btc-1-1",
    trade_id="7",
)


def reported(stretches: list[Stretch] | None = None, *hedges: HedgeRow) -> WalletReport:
    told = [Stretch(interval, {}, 0.0, 1e-8) for interval in att1.life().intervals]
    return wallet_report(BASIS, "BTC", told if stretches is None else stretches, hedges or (HEDGE,))


def shown(report: WalletReport) -> str:
    console = Console(file=io.StringIO(), width=100, force_terminal=False)
    console.print(as_text(report))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_the_worked_example_is_reported_as_it_is_printed() -> None:
    report = reported()
    assert report.change == pytest.approx(-0.034430988009, abs=1e-12)
    assert report.change_usd == pytest.approx(-9918.7517, abs=1e-4)
    assert report.lines["vega"] == pytest.approx(-0.0557942594, abs=1e-9)
    assert sum(report.lines.values()) == pytest.approx(report.change, abs=1e-12)
    for groups in (report.instruments, report.expiries):
        assert sum(sum(lines.values()) for lines in groups.values()) == pytest.approx(
            report.change, abs=1e-12
        )
    assert report.gaps == ()
    assert report.points[-1].result == pytest.approx(report.change, abs=1e-12)
    assert report.effectiveness.intervals == 5
    assert report.effectiveness.trading_cost == pytest.approx(0.0027186751 + 0.0005437350, abs=1e-9)
    assert report.carry.theta_kept_per_day == pytest.approx(report.carry.theta_kept / 5)


def test_the_hedge_is_measured_in_dollars_too_where_the_equity_is_what_is_hedged() -> None:
    """One coin of equity, all of it sold forward: in coin that is a risk, in dollars there is none left."""
    rates, intervals = (100_000.0, 110_000.0, 95_000.0, 101_000.0), []
    equity = 1.0
    for before, after in pairwise(rates):
        earned = 100_000.0 / after - equity
        lines = {"BTC-PERPETUAL": Lines(future_delta=earned)}
        intervals.append(Interval(0, 1000, equity, equity + earned, before, after, lines, 0))
        equity += earned
    report = reported([Stretch(one, {}, 0.0, 1e-8) for one in intervals])
    assert report.effectiveness_usd is not None
    assert report.effectiveness_usd.variance_reduction == pytest.approx(1.0)
    assert report.effectiveness_usd.slope == pytest.approx(-1.0)
    assert report.effectiveness.variance_reduction is None, "nothing varied in coin but the hedge"
    text = shown(report)
    assert (
        text.index("The hedge in BTC")
        < text.index("The hedge in USD, equity included")
        < text.index("100.0%")
    )
    dollars = [msgspec.structs.replace(one, rate_before_usd=1.0, rate_after_usd=1.0) for one in intervals]
    assert reported([Stretch(one, {}, 0.0, 1e-8) for one in dollars]).effectiveness_usd is None


def test_an_option_bought_costs_the_options_and_not_the_hedge() -> None:
    traded = {
        "BTC-30JAN26-105000-C": Lines(delta=0.5, fees=-0.0003, option_slippage=-0.002),
        "BTC-PERPETUAL": Lines(future_delta=-0.4, fees=-0.0005, slippage=-0.0001),
    }
    report = reported([Stretch(Interval(0, 1000, 5.0, 5.0971, 1e5, 1e5, traded, 2), {}, 0.0, 1e-8)])
    assert report.effectiveness.trading_cost == pytest.approx(0.0006)
    (point,) = report.points
    assert (point.options, point.futures) == pytest.approx((0.4977, -0.4))
    assert point.costs == pytest.approx(-0.0006)
    assert point.result == pytest.approx(report.change)


def test_trades_of_options_are_no_trades_of_the_hedge() -> None:
    bought = msgspec.structs.replace(HEDGE, instrument="BTC-30JAN26-105000-C", unit="coin", coin=10.0)
    report = reported(None, HEDGE, bought)
    assert report.effectiveness.turnover_coin == HEDGE.coin
    assert report.effectiveness.trades_per_day == pytest.approx(1 / 5)
    assert len(report.hedges) == 2, "an accountant is told of both"


def test_text_names_what_it_rests_on_before_any_figure() -> None:
    told = shown(reported())
    assert told.index("settings c0ffee") < told.index("-0.03443099")
    assert "account <4711>" in told
    assert "vega" in told
    assert "volga" in told
    assert "settlement" not in told, "a line that is nothing is left out"


def test_time_nobody_watched_is_told_and_not_counted() -> None:
    stretches = [Stretch(interval, {}, 0.0, 1e-8) for interval in att1.life().intervals]
    report = reported([stretches[0], *stretches[2:]])
    (gap,) = report.gaps
    assert gap.startswith("1970-01-02 00:00:00 UTC to 1970-01-03 00:00:00 UTC: equity moved")
    assert report.change != pytest.approx(report.equity_after - report.equity_before)
    assert sum(report.lines.values()) == pytest.approx(report.change, abs=1e-12)
    assert "not covered: 1970-01-02" in shown(report)


def test_tags_of_some_intervals_leave_the_others_untagged() -> None:
    intervals = att1.life().intervals
    tagged = {"wheel": Lines(theta=0.25), "": Lines(theta=0.75)}
    stretches = [Stretch(intervals[0], tagged, 0.0, 1e-8), Stretch(intervals[1], {}, 0.0, 1e-8)]
    report = reported(stretches)
    assert report.tags["wheel"]["theta"] == 0.25
    assert sum(report.tags[""].values()) == pytest.approx(0.75 + intervals[1].total.total)


def test_a_period_of_one_interval_has_no_variance_and_still_a_report() -> None:
    interval = Interval(0, 1000, 5.0, 5.0, 1e5, 1e5, {"": Lines()}, 0)
    report = reported([Stretch(interval, {}, 0.0, 1e-8)])
    assert report.effectiveness.variance_reduction is None
    assert "–" in shown(report)
    assert "Plotly.newPlot" in as_html([report])
    with pytest.raises(ValueError, match="stretches = \\[\\]"):
        reported([])


def test_the_page_holds_every_plot_and_nothing_that_could_be_a_tag() -> None:
    page = as_html([reported(), reported()])
    assert page.count("Plotly.newPlot") == 12
    assert page.count("<h3>Assumptions</h3>") == 2
    assert "<4711>" not in page
    assert "&lt;4711&gt;" in page


def test_a_report_is_written_as_json_whole() -> None:
    read = msgspec.json.decode(msgspec.json.encode(reported()), type=WalletReport)
    assert read == reported()


def test_hedges_are_written_one_a_line_with_what_an_accountant_asks_for() -> None:
    out = io.StringIO()
    unknown = msgspec.structs.replace(HEDGE, mark_at_decision=None, shortfall=None, reason='a, "b"')
    assert write_csv([HEDGE, unknown], out) == 2
    head, first, second = out.getvalue().splitlines()
    for column in (
        "time",
        "side",
        "amount",
        "price",
        "fee",
        "mark_at_decision",
        "shortfall",
        "reason",
        "label",
    ):
        assert column in head.split(",")
    assert ",buy,168760,USD,100010,0.0008437,BTC,100000.0,99990.0,0.00016874,BTC,hedge,outside_band," in first
    assert ',,99990.0,,BTC,hedge,"a, ""b""",' in second


@pytest.mark.parametrize(
    ("name", "expiry"),
    [
        ("BTC-25DEC26-90000-P", "2026-12-25"),
        ("BTC-25DEC26", "2026-12-25"),
        ("BTC-PERPETUAL", "perpetual"),
        ("", "account"),
        ("no such name", "no such name"),
    ],
)
def test_a_line_stands_under_the_expiry_of_its_instrument(name: str, expiry: str) -> None:
    assert expiry_of(name) == expiry
