"""The study of recorded smiles: out of sample by construction, and right where the truth is known."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from hedger.backtest.smile.chains import Chain, Days, read_chains
from hedger.backtest.smile.results import Params, Study
from hedger.backtest.smile.study import study
from hedger.backtest.smile.walk import Walk
from hedger.cli.smile import smile
from hedger.domain.errors import ConfigError
from hedger.pricing.smile.strip import strip_of
from tests.shared_data import shared_data

R1QUANT = "r1quant_btc_hourly_greeks_20260123.csv.gz"
HOUR_MS = 3_600_000
EXPIRY_MS = 90 * 24 * HOUR_MS
SHORT = Params(window_days=60.0, least_days=5.0, block_h=24.0)


def world(stickiness: float, days: int = 24, step: int = 4, seed: int = 4) -> list[Chain]:
    """One expiry whose smile is a straight line in k; its level moves by R s d ln F and by chance."""
    rng = np.random.default_rng(seed)
    forward, atm, skew, chains = 100_000.0, 0.5, -0.25, []
    strikes = np.repeat(np.arange(60_000.0, 150_000.0, 5_000.0), 2)
    sign = np.tile([1.0, -1.0], len(strikes) // 2)
    for hour in range(0, 24 * days, step):
        log_move = float(rng.normal(0.0, 0.5 * np.sqrt(step / 8760)))
        forward *= np.exp(log_move)
        atm += stickiness * skew * log_move + float(rng.normal(0.0, 0.0003))
        k = np.log(strikes / forward)
        iv = atm + skew * k
        now = hour * HOUR_MS
        chains.append(Chain(now, (strip_of(EXPIRY_MS, now, forward, strikes, sign, iv),)))
    return chains


def ratio(found: Study, rule: str) -> float:
    return next(o.ratio for o in found.outcomes if (o.options, o.tenor, o.rule) == ("all", "all", rule))


def test_the_rule_by_which_the_world_moves_hedges_it_best() -> None:
    """R = 0: sticky delta. R = 2: its opposite. R = 1: Black's delta, and nothing to gain."""
    none, black, two = (study("BTC", world(r), SHORT) for r in (0.0, 1.0, 2.0))
    assert ratio(none, "sticky_delta") < 0.5
    assert ratio(two, "sticky_delta") > 2.0
    assert ratio(black, "sticky_delta") > 1.2
    for found in (none, two):
        assert ratio(found, "fitted") < 0.6
        assert ratio(found, "minimum_variance") < 0.6
    assert ratio(black, "fitted") == pytest.approx(1.0, abs=0.02)
    hindsight = [found.outcomes[0].hindsight_r for found in (none, black, two)]
    assert hindsight == pytest.approx([0.0, 1.0, 2.0], abs=0.1)
    assert [each.why.split()[0] for each in none.verdicts] == ["113", "113", "113"]  # of 240
    assert none.stickiness[0].r == pytest.approx(0.0, abs=0.1)


def test_the_gate_of_the_study_is_the_one_that_trades() -> None:
    """Allowed where the smile moves with the forward, refused where a strike keeps its volatility."""
    enough = Params(window_days=60.0, least_days=5.0, least_intervals=100)
    for stickiness, allowed in ((0.0, True), (1.0, False)):
        found = {each.rule: each for each in study("BTC", world(stickiness), enough).verdicts}
        assert found["sticky_delta"].allowed is allowed
        assert "below 1 with confidence" in found["sticky_delta"].why


def test_the_future_changes_nothing_that_was_hedged_before_it() -> None:
    """Whatever comes after an instant, errors measured up to it stay as they were, to the last bit."""
    chains, other = world(0.0, days=16), world(2.0, days=16, seed=99)
    half = len(chains) // 2
    measured = []
    for after in (chains[half:], other[half:]):
        walk = Walk(SHORT)
        for chain in (*chains[:half], *after):
            walk.take(chain)
        measured.append(walk.squares())
    before = half - 1 - 5 * 6  # intervals that ended by then, those of the first five days left out
    assert np.array_equal(measured[0][:before], measured[1][:before])
    assert not np.array_equal(measured[0][before:], measured[1][before:])


def test_a_hole_in_the_record_is_no_interval() -> None:
    chains = world(1.0)
    holed = [*chains[:90], *chains[100:]]  # ten chains, so eleven intervals
    assert study("BTC", holed, SHORT).intervals == study("BTC", chains, SHORT).intervals - 11


def svcj() -> Path:
    pytest.importorskip("pyarrow", reason="pyarrow not installed: install hedger[lab]")
    return shared_data("deribit_options", "svcj_btc_eth_6h_20251230_20260531.parquet")


def test_recorded_smiles_are_fitted_closely_and_nearly_free_of_arbitrage() -> None:
    """Two weeks of ETH from a calm month: a fifth of a point from the marks in the median."""
    since = 1_770_681_600_000  # 10 February 2026
    chains = read_chains(svcj(), "ETH", Days(since, since + 14 * 24 * HOUR_MS))
    found = study("ETH", chains, Params(least_days=6.0))
    fits = {each.tenor: each for each in found.residuals}
    assert found.chains > 45
    for tenor in ("1-7 d", "7-30 d", "over 30 d"):
        assert fits[tenor].fits > 100
        assert fits[tenor].rms_points_median < 0.5
        assert fits[tenor].used >= 0.98 * fits[tenor].fits
        assert fits[tenor].butterflies <= 0.02 * fits[tenor].fits
    assert fits["under 1 d"].used == 0
    assert found.intervals > 20
    assert ratio(found, "fitted") == pytest.approx(1.0, abs=0.2)


def test_forwards_of_a_record_without_prices_are_those_of_its_deltas() -> None:
    """r1quant tells no underlying; the term structure its deltas imply is that of the chain which the other
    record took within the hour: prices moved meanwhile, the carry to each expiry did not."""
    implied = list(read_chains(shared_data("deribit_options", R1QUANT), "BTC"))
    told = list(read_chains(svcj(), "BTC", Days(implied[0].market_ms, implied[-1].market_ms)))
    assert len(implied) == 37
    assert told
    for chain in told:
        near = min(implied, key=lambda each: abs(each.market_ms - chain.market_ms))
        ours, theirs = (
            {strip.expiration_ms: strip.forward_usd for strip in each.strips if strip.tau_years > 10 / 365}
            for each in (near, chain)
        )
        common = sorted(set(ours) & set(theirs))
        assert len(common) >= 6
        carry = [np.log([of[expiry] / of[common[0]] for expiry in common]) for of in (ours, theirs)]
        assert carry[0] == pytest.approx(carry[1], abs=5e-4)


def test_the_command_says_it_all() -> None:
    path = shared_data("deribit_options", R1QUANT)
    app = typer.Typer()
    app.command()(smile)
    options = ["--data", str(path), "--from", "2026-01-24", "--least-days", "0.1", "--block-hours", "1"]
    shown = CliRunner().invoke(app, options, env={"COLUMNS": "140"})
    assert shown.exit_code == 0, shown.output
    for words in ("2026-12-25", "skew-stickiness R", "minimum variance", "expires within a day", "below 1"):
        assert words in shown.output
    assert "…" not in CliRunner().invoke(app, options, env={"COLUMNS": "80"}).output  # no figure is cut
    (told,) = json.loads(CliRunner().invoke(app, [*options, "--json"]).output)
    assert told["intervals"] > 8
    assert {each["rule"] for each in told["outcomes"]} == {"sticky_delta", "fitted", "minimum_variance"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--data", "nowhere.parquet"], "no such file"),
        (["--data", __file__], "must be a recorded chain, svcj_*.parquet or r1quant_*.csv.gz"),
        (
            ["--data", __file__, "--from", "tomorrow"],
            "--from 'tomorrow': must be a day or time (ISO 8601) like",
        ),
        (["--data", __file__, "--coin", "XRP"], "--coin 'XRP': the file holds BTC"),
    ],
)
def test_what_is_no_record_is_refused_in_a_line(options: list[str], told: str) -> None:
    app = typer.Typer()
    app.command()(smile)
    answer = CliRunner().invoke(app, options)
    assert answer.exit_code == ConfigError.exit_code
    assert told in answer.output


def test_a_record_that_cannot_be_read_is_refused_in_a_line(tmp_path: Path) -> None:
    app = typer.Typer()
    app.command()(smile)
    rows = b"date,instrument_name,mark_iv,delta\n" + b"2026-01-23,BTC-30JAN26-90000-C,50,0.5\n" * 500
    for name, content, told in (
        ("r1quant_cut.csv.gz", gzip.compress(rows)[:60], "Compressed file ended"),
        ("r1quant_other.csv.gz", gzip.compress(b"instrument_name\nBTC-30JAN26-90000-C\n"), "mark_iv"),
        ("mh_full_chain_btc_20260114_options.csv.gz", b"", "must be a recorded chain"),
        ("svcj_cut.parquet", b"PAR1", "svcj_cut.parquet: "),
    ):
        (tmp_path / name).write_bytes(content)
        answer = CliRunner().invoke(app, ["--data", str(tmp_path / name)])
        assert (answer.exit_code, told in answer.output) == (ConfigError.exit_code, True), answer.output
    assert "a folder; name one file" in CliRunner().invoke(app, ["--data", str(tmp_path)]).output
