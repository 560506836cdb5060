"""Published tables hold, at a small share of the paths and the standard errors that go with it."""

from __future__ import annotations

import json
import math
import os

import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from hedger.domain.errors import ConfigError
from hedger.lab.executor import Serial
from hedger.lab.statistics import Figure
from hedger.lab.verify import CHECKS, chosen
from hedger.lab.verify.rows import Effort, Row, printed, simulated

_SHARE = 0.02


_SLOW = ("frontier", "partial")  # they compile five more kernels
_NAMES = [
    pytest.param(name, marks=pytest.mark.skipif(not os.environ.get("HEDGER_SLOW"), reason="HEDGER_SLOW=1"))
    if name in _SLOW
    else name
    for name in CHECKS
]


@pytest.mark.timeout(600)  # compiling kernels on a machine that does much else
@pytest.mark.parametrize("name", _NAMES)
def test_a_published_table_is_reproduced(name: str) -> None:
    rows = list(CHECKS[name](Effort(Serial(), _SHARE)))
    assert rows
    assert [row for row in rows if not row.holds] == []


@pytest.mark.parametrize(
    ("row", "holds"),
    [
        (Row("", 1.0, 1.1, 0.2), True),
        (Row("", 1.0, 1.3, 0.2), False),
        (Row("", 1.0, 1.3, 0.2, "most"), True),
        (Row("", 1.6, 1.3, 0.2, "most"), False),
        (Row("", 1.6, 1.3, 0.2, "least"), True),
        (Row("", 1.0, 1.3, 0.2, "least"), False),
        (Row("", math.nan, 1.3, 0.2), False),
        (Row("", math.nan, 1.3, 0.2, "most"), False),
        (printed("", 0.42499, 0.42, 2), True),
        (printed("", 0.42501, 0.42, 2), False),
        (simulated("", Figure(1.0, 0.1), 1.34), True),
        (simulated("", Figure(1.0, 0.1), 1.36), False),
    ],
)
def test_a_row_holds_within_its_tolerance_only(row: Row, holds: bool) -> None:
    assert row.holds is holds


def test_a_miss_is_shown_and_ends_the_command_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hedger.lab.verify.hull.IN_THE_MONEY", _wrong())
    done = CliRunner().invoke(app_for(), ["lab", "verify", "--only", "hull_replays", "--executor", "serial"])
    assert done.exit_code == 1
    assert "MISS" in done.stdout
    assert "4 of 6 figures agree, 2 miss" in done.stdout


def _wrong() -> object:
    from hedger.lab.verify.hull import IN_THE_MONEY

    return IN_THE_MONEY._replace(cumulative=5263.9, cost=263.9)


def test_json_tells_every_row() -> None:
    done = CliRunner().invoke(
        app_for(), ["lab", "verify", "--only", "attribution", "--executor", "serial", "--json"]
    )
    assert done.exit_code == 0, done.output
    rows = json.loads(done.stdout)["attribution"]
    assert {"what", "ours", "theirs", "tolerance", "relation", "holds"} == set(rows[0])
    assert all(row["holds"] for row in rows)


def test_an_unknown_check_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="only = 'hul': must be one of derman_kamal, "):
        chosen(["hul"])
