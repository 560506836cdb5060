"""An experiment's file says all of it, and what it says wrongly is refused by name."""

from __future__ import annotations

import copy
import math
from pathlib import Path
from typing import Any

import pytest

from hedger.domain.errors import ConfigError
from hedger.lab.experiment import load, read
from tests.lab.experiments import short_call

_SHIPPED = sorted((Path(__file__).resolve().parents[2] / "config" / "lab").glob("*.toml"))


@pytest.mark.parametrize("path", _SHIPPED, ids=lambda path: path.stem)
def test_a_shipped_experiment_is_valid(path: Path) -> None:
    assert load(path).policies


def _with(*path: Any, value: Any) -> dict[str, Any]:
    tables = copy.deepcopy(short_call())
    inner = tables
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = value
    return tables


@pytest.mark.parametrize(
    ("tables", "told"),
    [
        (_with("simulaton", value={}), r"^simulaton: no such key; did you mean simulation\?"),
        (_with("book", "spot", value=1.0), r"^book.spot: no such key; did you mean spot_usd\?"),
        (
            _with("book", "options", 0, "striek_usd", value=1.0),
            r"book.options\[0\].striek_usd: .*strike_usd\?",
        ),
        (_with("costs", "one_wey", value=1.0), r"^costs.one_wey: no such key; did you mean one_way\?"),
        (_with("model", "volatilty", value=1.0), r"^model.volatilty: no such key; did you mean volatility\?"),
        (_with("policies", 0, "every", value=1), r"^policies\[0\].every: no such key"),
        (_with("policies", 0, "params", value={"uper": 1.0}), r"policies.edge.params.uper = 1.0: .*upper\?"),
        (_with("policies", 0, "policy", value="bands"), r"policy = 'bands': must be one of band, "),
        (_with("model", "kind", value="cir"), r"model.kind = 'cir': must be one of gbm, merton"),
        (_with("book", "options", 0, "iv", value=-1.0), r"book.options\[0\]: iv = -1.0: must be above 0"),
        (
            _with("book", "options", 0, "kind", value="cal"),
            r"book.options\[0\].kind: invalid enum value 'cal'",
        ),
        (
            _with("simulation", "horizon_days", value=100.0),
            r"book.options: expiry_days = 91.0: must be whole steps",
        ),
        (_with("simulation", "paths", value=1.5), r"simulation.paths: expected `int`, got `float`"),
        (_with("book", value=3), r"^book: missing; must be a table"),
        (
            _with("book", "options", 0, "strike_usd", value=math.inf),
            r"strike_usd = inf: must be a finite",
        ),
        (_with("book", "options", 0, "quantity_coin", value=0.0), r"book: options: quantity_coin = 0 in all"),
        (_with("book", "options", value=5), r"^book.options = 5: must be tables, \[\[book.options\]\]"),
        (_with("policies", value=5), r"^policies = 5: must be tables, \[\[policies\]\]"),
        (_with("measures", value={"risk_aversion": [math.inf]}), r"risk_aversion = inf: must be above 0 and"),
        (_with("title", value=5), r"^title = 5: must be a text"),
        (
            _with("model", value={"kind": "gbm", "realised_over_implied": "x"}),
            r"^model.realised_over_implied = 'x': must be a number",
        ),
        (_with("policies", value=[]), r"policies = \[\]: must name at least one"),
        (_with("model", "realised_over_implied", value=1.0), r"^model: must have volatility or realised"),
    ],
)
def test_what_is_wrong_is_named(tables: dict[str, Any], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        read(tables)


def test_realised_over_implied_is_a_multiple_of_the_options_volatility() -> None:
    tables = short_call(model={"kind": "gbm", "realised_over_implied": 0.8})
    assert read(tables).model.volatility == pytest.approx(0.4)


def test_a_file_that_is_none_is_refused_with_its_name(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"no\.toml: No such file"):
        load(tmp_path / "no.toml")
    broken = tmp_path / "broken.toml"
    broken.write_text("a = = 1")
    with pytest.raises(ConfigError, match=r"broken\.toml: not a TOML file"):
        load(broken)
