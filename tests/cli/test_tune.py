"""`hedger tune` on recorded chains and on a held book: what it proposes, on any executor, and says of it."""

from __future__ import annotations

import socket
from dataclasses import replace
from pathlib import Path

import msgspec
import pytest
from click.testing import Result
from typer.testing import CliRunner

from hedger.backtest.contenders import default_book
from hedger.backtest.strategy import load_strategy
from hedger.cli.instants import instant_ms
from hedger.cli.main import app_for
from hedger.cli.shipped import SHORT_STRANGLE, shipped
from hedger.cli.tune import Evidence, score
from hedger.cli.tune_book import address
from hedger.cli.tune_told import frontier_rows, settings_of, verdict
from hedger.domain.vocabulary import Neutral
from hedger.lab.tune import Candidate, Objective, Paired, Proposal, Score
from hedger.policies.partial import PartialParams
from hedger.settings.tables import WebSettings
from tests.settings.files import SMALLEST
from tests.shared_data import shared_data
from tests.view_fixtures import book
from tests.view_fixtures import status as picture
from tests.web.desk import Desk

pytest.importorskip("optuna", reason="optuna is in the extra [lab]")

CHAIN = "deribit_options/svcj_btc_eth_6h_20251230_20260531.parquet"
TODAY = Candidate("band", {})


def told(*more: str) -> str:
    """The proposal for a short strangle over twelve recorded days."""
    arguments = [
        "tune",
        "--data",
        str(shared_data(CHAIN)),
        "--from",
        "2026-01-05",
        "--to",
        "2026-01-17",
        "--trials",
        "8",
    ]
    done = CliRunner().invoke(app_for(), [*arguments, *more])
    assert done.exit_code == 0, done.output
    return done.output


def test_it_says_the_same_wherever_the_trials_run_and_judges_on_days_it_did_not_search(
    tmp_path: Path,
) -> None:
    one, other = tmp_path / "serial.json", tmp_path / "processes.json"
    output = told("--executor", "serial", "--json", str(one), "--html", str(tmp_path / "page.html"))
    told("--executor", "processes", "--workers", "2", "--json", str(other))
    assert one.read_bytes() == other.read_bytes()
    found = msgspec.json.decode(one.read_bytes(), type=Proposal)
    assert len(found.trials) == 8
    assert found.today == TODAY
    assert "judged on 2026-01-11 to 2026-01-16" in output
    assert "today: band" in output
    assert "trading cost" in output
    assert "funding" in output
    assert "plotly" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_on_chains_too_every_candidate_is_hedged_in_parts_where_the_book_is() -> None:
    days = [instant_ms("--from", day) for day in ("2026-01-05", "2026-01-09")]
    half = Evidence(shared_data(CHAIN), "BTC", *days, *days)
    plan, rests = load_strategy(shipped(SHORT_STRANGLE, ""))
    whole = default_book("BTC")
    in_parts = replace(whole, partial=PartialParams(first_share=0.5))
    tried = [score(half, plan, each, rests, Candidate("time", {})) for each in (whole, in_parts)]
    assert tried[1].trading_cost != tried[0].trading_cost
    assert tried[0].funding, "what holding the perpetual cost is told beside what trading it cost"


def test_on_chains_a_usd_neutral_book_is_judged_by_its_dollars() -> None:
    days = [instant_ms("--from", day) for day in ("2026-01-05", "2026-01-09")]
    half = Evidence(shared_data(CHAIN), "BTC", *days, *days)
    plan, rests = load_strategy(shipped(SHORT_STRANGLE, ""))
    in_dollars = replace(default_book("BTC"), neutral=Neutral.USD)
    never = Candidate("band", {"lower": -1e6, "upper": 1e6})
    hedged, naked = (score(half, plan, in_dollars, rests, each) for each in (Candidate("time", {}), never))
    assert hedged.sd < 0.5 * naked.sd, "in coin a hedge of the collateral is a risk of its own"
    coin = score(half, plan, default_book("BTC"), rests, Candidate("time", {}))
    assert coin.trading_cost < 1.0 < hedged.trading_cost, "a cost in USD beside a P&L in USD"
    assert hedged.funding is not None
    assert abs(hedged.funding) > 1.0


def test_a_book_of_which_there_are_no_recorded_chains_is_refused_in_a_line(tmp_path: Path) -> None:
    config = tmp_path / "linear.toml"
    listed = 'environment = "testnet"\ncurrencies = ["USDC"]'
    linear = SMALLEST.replace('environment = "testnet"', listed).replace("BTC-PERP", "BTC_USDC-PERP")
    config.write_text(f'{linear}legs = "linear"\nneutral = "usd"\n', encoding="utf-8")
    done = CliRunner().invoke(app_for(), ["tune", "--data", str(shared_data(CHAIN)), "-c", str(config)])
    assert done.exit_code == 2, done.output
    assert "book btc: legs = linear: must be inverse, of which there are recorded chains" in done.output


def test_a_proposal_for_a_usd_neutral_book_is_told_in_dollars(tmp_path: Path) -> None:
    config = tmp_path / "usd.toml"
    config.write_text(f'{SMALLEST}neutral = "usd"\n', encoding="utf-8")
    output = told("--executor", "serial", "-c", str(config))
    assert "frontier of the first half (USD)" in output


def proposal(saved: float, risk: float) -> Proposal:
    score = Score((0.1, -0.1, 0.1), 1.0, 9)
    return Proposal(
        objective=Objective.COST,
        today=TODAY,
        best=Candidate("band", {"unit": "sigma", "below_sigmas": 0.5, "above_sigmas": 0.5}),
        today_first=score,
        today_second=score,
        best_first=score,
        best_second=Score(score.pnl, 1.0 - saved, 5),
        saved=saved,
        risk_gain=Paired(risk, 0.1),
        utility_gain=Paired(0.0, 0.1),
        trials=((TODAY, 0.1, 1.0),),
    )


def test_it_says_what_to_set_only_where_the_other_half_agrees() -> None:
    assert "is better on the second half" in verdict(proposal(0.3, 0.0))
    for poor in (proposal(0.01, 0.0), proposal(-0.3, 0.0), proposal(0.3, -0.5)):
        assert verdict(poor).startswith("Keep band: band below_sigmas=0.5, the best of the first half")


def test_what_to_set_is_spelled_as_a_configuration_is() -> None:
    assert list(settings_of(proposal(0.3, 0.0), "btc")) == [
        'books.btc.policy = "band"',
        'books.btc.band.unit = "sigma"',
        "books.btc.band.below_sigmas = 0.5",
        "books.btc.band.above_sigmas = 0.5",
    ]


def test_todays_setting_stands_on_the_frontier() -> None:
    assert [row[0] for row in frontier_rows(proposal(0.3, 0.0))] == ["band", "today: band"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--data", "nowhere"], "--data nowhere: no such file"),
        (["--data", "flight.jsonl"], "name the book's configuration with -c"),
        (["--data", "nowhere", "--paths", "500"], "--paths: not with recorded chains"),
        (["--data", "nowhere", "--risk-aversion", "inf"], "finite"),
        (["--horizon-days", "nan"], "--horizon-days"),
        (["--data", "nowhere", "--html", "/nowhere/at/all.html"], "all.html: No such file or directory"),
    ],
)
def test_what_it_cannot_use_is_refused_by_name(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app_for(), ["tune", *arguments])
    assert done.exit_code == 2
    assert said in done.output


CONFIG = """\
[venues.deribit]
environment = "testnet"
currencies = ["BTC", "ETH"]

[books.btc_main]
venue = "deribit"
underlying = "BTC"
hedge_instrument = "BTC-PERPETUAL"
neutral = "coin"

[books.btc_main.band]
lower = -0.02
upper = 0.02
hard_lower = -0.9
hard_upper = 0.9
"""

OTHER = """
[books.other]
venue = "deribit"
underlying = "{coin}"
hedge_instrument = "{coin}-PERPETUAL"
scope.kinds = ["future"]
"""

QUICK = ("--trials", "8", "--paths", "200", "--horizon-days", "1", "--step-minutes", "60", "--policy", "band")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "hedger.toml"
    path.write_text(CONFIG)
    return path


def asked(config: Path, *more: object) -> Result:
    return CliRunner().invoke(app_for(), ["tune", "-c", str(config), *QUICK, *map(str, more)])


def test_the_running_daemons_book_is_tuned_alike_on_any_executor(
    config: Path, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "160")
    files = tmp_path / "serial.json", tmp_path / "processes.json"
    page = tmp_path / "page.html"
    serial = asked(config, "--url", url, "--executor", "serial", "--json", files[0], "--html", page)
    other = asked(config, "--url", url, "--executor", "processes", "--workers", "2", "--json", files[1])
    assert serial.exit_code == other.exit_code == 0, serial.output + other.output
    assert files[0].read_bytes() == files[1].read_bytes()
    assert serial.stdout == other.stdout
    found = msgspec.json.decode(files[0].read_bytes(), type=Proposal)
    assert (found.unit, found.each, len(found.today_first.pnl)) == ("coin", "path", 200)
    assert str(found.today) == "band lower=-0.02 upper=0.02 hard_lower=-0.9 hard_upper=0.9"
    for said in (
        f"book btc_main as {url} has it now",
        "the daemon runs 9f3c21ab, another",
        "2 options, 25.25 days to expiry",
        "delta +0.0412 coin as the daemon has it",
        "200 simulated paths of their own (seed 3), which no candidate was chosen by",
        "today: band lower=-0.02 upper=0.02",
    ):
        assert said in " ".join(serial.output.split())
    assert "of one path, coin" in page.read_text(encoding="utf-8")


def test_the_daemon_is_found_by_the_configuration(config: Path, url: str) -> None:
    config.write_text(f"{CONFIG}\n[web]\nport = {url.rpartition(':')[2]}\n")
    assert asked(config, "--executor", "serial").exit_code == 0


@pytest.mark.parametrize(
    ("host", "port", "at"),
    [
        ("127.0.0.1", 8787, "http://127.0.0.1:8787"),
        ("0.0.0.0", 80, "http://127.0.0.1:80"),
        ("::", 80, "http://[::1]:80"),
    ],
)
def test_a_daemon_on_every_address_is_asked_on_loopback(host: str, port: int, at: str) -> None:
    assert address(WebSettings(host, port, allow_remote=True)) == at


def test_a_bootstrap_of_recorded_prices_is_a_model(config: Path, url: str, tmp_path: Path) -> None:
    prices = tmp_path / "prices.csv"
    prices.write_text("close\n" + "\n".join(str(100 + (7 * n) % 5) for n in range(200)))
    done = asked(config, "--url", url, "--executor", "serial", "--model", f"bootstrap:path={prices},block=6")
    assert done.exit_code == 0, done.output
    assert "of what the options imply" in " ".join(done.output.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--book", "eth"], "--book eth:"),
        (["--coin", "ETH"], "--coin: not with a held book"),
        (["--assume", "equity_coin=3"], "of a held book must be one of half_spread, taker_fee, funding_8h"),
        (["--assume", "taker_fee=-0.005"], "--assume: taker_fee and half_spread"),
        (["--model", "gmb"], "model.kind = 'gmb': must be one of gbm, merton"),
        (["--model", "gbm:volatilty=1"], "model.volatilty: no such key; did you mean volatility?"),
        (["--model", "gbm:volatility"], "'volatility': must be KEY=VALUE"),
        (["--model", "bootstrap:path=nowhere.csv"], "path = 'nowhere.csv': no such file"),
        (["--step-minutes", "7"], "step = 7 minutes: must divide 480"),
        (["--journal"], "--data, --journal and --url: each says where the book is; give one"),
    ],
)
def test_what_a_held_book_cannot_be_asked_is_refused_by_name(
    config: Path, url: str, arguments: list[str], said: str
) -> None:
    done = asked(config, "--url", url, *arguments)
    assert done.exit_code == 2, done.output
    assert said in done.output


def test_a_daemon_that_does_not_run_is_told_with_the_ways_around_it(config: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        done = asked(config, "--url", f"http://127.0.0.1:{free.getsockname()[1]}")
    assert done.exit_code == 4
    assert "no daemon answers at" in done.output
    assert "--journal takes the book from the journal" in done.output


def test_a_book_the_daemon_does_not_have_or_that_is_empty_is_refused(
    config: Path, url: str, desk: Desk
) -> None:
    desk.shown = picture(books=(book(positions=()),))
    assert "book btc_main: holds no options" in asked(config, "--url", url).output
    desk.shown = picture(books=(book(name="other"),))
    assert "book btc_main: the daemon does not have it; known: other" in asked(config, "--url", url).output


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ("", "there is no such file"),
        (OTHER.format(coin="ETH"), "there is no such file"),
        (OTHER.format(coin="BTC"), "it holds a wallet, and btc_main is not all of one settled in BTC"),
        ('[books.btc_main.scope]\nexpiries = ["27FEB26"]', "btc_main is not all of one settled in BTC"),
    ],
)
def test_a_journal_is_asked_only_where_the_book_has_its_wallet_to_itself(
    config: Path, more: str, said: str
) -> None:
    config.write_text(f"state_dir = {str(config.parent / 'state')!r}\n{CONFIG}\n{more}\n")
    done = asked(config, "--journal")
    assert done.exit_code == 2
    assert said in done.output
