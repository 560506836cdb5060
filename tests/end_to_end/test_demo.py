"""`hedger demo`: the first thing a stranger runs, on a machine without keys."""

from __future__ import annotations

import re

import pytest

from tests.end_to_end.yard import DEMO_CONFIG, Yard


@pytest.mark.parametrize("policy", ["band", "theta_offset"])
def test_the_demo_ends_by_itself_with_a_summary(yard: Yard, policy: str) -> None:
    demo = yard.run(
        *("demo", "-c", str(DEMO_CONFIG), "--policy", policy, "--headless"),
        *("--duration", "3", "--speed", "600", "--port", "0"),
    )

    assert demo.wait() == 0, demo.complained()
    summary = demo.said()
    assert f"demo summary: {policy}" in summary
    assert int(_row(summary, "hedges")) > 0
    hedged, of = _row(summary, "after a hedge inside the band").split(" of ")
    assert int(hedged) == int(of) > 0
    for row in ("turnover", "fees", "time outside the band", "P&L of the options alone", "P&L hedged"):
        assert row in summary


def _row(summary: str, name: str) -> str:
    """The value of a row of the summary's table."""
    found = re.search(rf"^[│┃|\s]*{re.escape(name)}\s*[│┃|]\s*(.*?)\s*[│┃|]?\s*$", summary, re.MULTILINE)
    assert found, summary
    return found.group(1)
