"""What `hedger status` says of hedging by expiry."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from hedger.cli.by_expiry import by_expiry_of
from hedger.execution.by_expiry_params import Use
from tests.engine.dated import FAR, FAR_PERP, Dated


def shown(rig: Dated, width: int) -> str:
    console = Console(width=width, file=io.StringIO())
    told = by_expiry_of(rig.by_expiry, width >= 110)
    assert told is not None
    console.print(told)
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


@pytest.mark.parametrize("width", [80, 160])
def test_it_shows_where_the_hedge_is_where_it_is_to_be_and_why(width: int) -> None:
    rig = Dated(Use.ADVISE)
    rig.live()
    rig.pass_time(10)
    told = " ".join(shown(rig, width).split())
    for words in ("by expiry advise", "collateral", f"{FAR} 0.0000 -5.94", "saves", "moves would save +1,"):
        assert words in told
    assert "…" not in told


def test_it_says_what_is_not_known_and_nothing_while_it_is_off() -> None:
    rig = Dated(Use.MOVE)
    rig.funding_8h = None  # type: ignore[assignment]
    rig.live()
    rig.pass_time(10)
    assert "BTC-PERPETUAL: no funding rate yet" in shown(rig, 100)
    assert by_expiry_of(Dated(Use.OFF).by_expiry, True) is None


def test_it_says_how_the_next_step_would_be_made() -> None:
    rig = Dated(Use.ADVISE)
    rig.live()
    rig.pass_time(10)
    assert f"next step in two legs: {FAR_PERP} is not listed" in " ".join(shown(rig, 160).split())
    listed = Dated(Use.ADVISE)
    listed.spreads = (FAR_PERP,)
    listed.live()
    listed.pass_time(10)
    assert f"next step {FAR_PERP}" in " ".join(shown(listed, 160).split())
