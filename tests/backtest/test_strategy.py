"""Strategy files: what they may say, and which options they pick."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hedger.backtest.strategy import Leg, Strategy, load_strategy, parse_strategy, pick
from hedger.domain.errors import ConfigError
from tests.backtest.markets import EXPIRIES_MS, STRANGLE, chain

SHIPPED = Path(__file__).resolve().parents[2] / "config" / "strategies"
INSTANT = chain(1).instants[0]
LEG = {"side": "sell", "option": "call", "delta": 0.2, "amount_coin": 1}


def test_the_strikes_nearest_to_a_delta_of_the_expiry_nearest_to_the_tenor() -> None:
    picked = pick(STRANGLE, INSTANT)
    deltas = dict(zip(INSTANT.names, INSTANT.deltas(), strict=True))
    expiry = dict(zip(INSTANT.names, INSTANT.expiration_ms, strict=True))
    assert [each.name[-1] for each in picked] == ["C", "P"]
    for each in picked:
        assert expiry[each.name] == EXPIRIES_MS[0]
        rivals = [
            name for name in INSTANT.names if expiry[name] == EXPIRIES_MS[0] and name[-1] == each.name[-1]
        ]
        nearest = min(rivals, key=lambda name: abs(abs(deltas[name]) - 0.2))
        assert each.name == nearest


def test_a_straddle_is_two_options_of_one_strike() -> None:
    legs = (
        Leg("buy", "call", moneyness=1.0, amount_coin=1.0),
        Leg("buy", "put", moneyness=1.0, amount_coin=1.0),
    )
    call, put = pick(Strategy("s", legs), INSTANT)
    assert call.name[:-1] == put.name[:-1]
    assert abs(float(call.name.split("-")[2]) / INSTANT.index_usd - 1.0) < 0.02


def test_a_strike_nobody_quotes_is_passed_over_and_without_any_the_whole_waits() -> None:
    first = pick(STRANGLE, INSTANT)[0].name
    place = INSTANT.names.index(first)
    INSTANT.bid[place], kept = np.nan, INSTANT.bid[place]
    assert pick(STRANGLE, INSTANT)[0].name not in ("", first)
    INSTANT.bid[place] = kept
    calls = INSTANT.sign > 0
    kept_calls = INSTANT.bid[calls]
    INSTANT.bid[calls] = np.nan
    assert pick(STRANGLE, INSTANT) == []
    INSTANT.bid[calls] = kept_calls


def test_no_expiry_closer_than_the_least() -> None:
    far = Strategy("s", STRANGLE.legs, tenor_days=14.0, least_tenor_days=14.0)
    assert {each.name.split("-")[1] for each in pick(far, INSTANT)} == {"16JAN26"}
    assert pick(Strategy("s", STRANGLE.legs, tenor_days=90.0, least_tenor_days=60.0), INSTANT) == []


@pytest.mark.parametrize("path", sorted(SHIPPED.glob("*.toml")), ids=lambda path: path.stem)
def test_shipped_strategies_load(path: Path) -> None:
    strategy, assumed = load_strategy(path)
    assert strategy.name == path.stem
    assert strategy.description
    assert assumed.equity_coin == 10.0


@pytest.mark.parametrize(
    ("table", "told"),
    [
        (
            {"leg": [LEG], "tenor": 14},
            "tenor: unknown key; must be one of description, least_tenor_days, leg",
        ),
        ({"leg": [{**LEG, "gamma": 1}]}, "leg 1: gamma: unknown key"),
        (
            {"leg": [{**LEG, "moneyness": 1}]},
            "leg 1: delta, moneyness: exactly one of them must be given, not 2",
        ),
        (
            {"leg": [{"side": "sell", "option": "call", "amount_coin": 1}]},
            "exactly one of them must be given, not 0",
        ),
        ({"leg": [{**LEG, "side": "short"}]}, "leg 1: side = 'short': must be sell or buy"),
        ({"leg": [{**LEG, "delta": 20}]}, "leg 1: delta = 20: must be between 0 and 1"),
        ({"leg": [{**LEG, "amount_coin": "ten"}]}, "leg 1: amount_coin = 'ten': must be a number"),
        ({"leg": [{"option": "call"}]}, "leg 1: side: must be given"),
        ({}, "needs at least one [[leg]]"),
        ({"leg": [LEG], "roll_days_before": 20}, "must rise in this order"),
    ],
)
def test_what_is_wrong_in_a_file_is_named(table: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011  (the text is what is tested)
        parse_strategy("s", table)
    assert told in str(raised.value)


def test_an_unknown_assumption_is_refused_with_the_files_name(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(
        '[[leg]]\nside = "sell"\noption = "put"\ndelta = 0.2\namount_coin = 1\n[assumptions]\nfee = 1\n'
    )
    with pytest.raises(ConfigError, match=r"mine\.toml: fee: unknown assumption; must be one of equity_coin"):
        load_strategy(path)
