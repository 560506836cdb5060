"""`hedger demo`: the first thing a stranger runs, on a machine without keys."""

from __future__ import annotations

import re

import pytest

from tests.end_to_end.yard import DEMO_CONFIG, Yard

DURATIONS_S = (2, 8, 25)
"""The demo connects, warms up and hedges in the first; on a busy machine in the next."""


@pytest.mark.parametrize("policy", ["band", "theta_offset"])
def test_the_demo_ends_by_itself_with_a_summary(yard: Yard, policy: str) -> None:
    summary = ""
    for seconds in DURATIONS_S:
        summary = summary if _hedged(summary) else _summary(yard, policy, seconds)

    assert f"demo summary: {policy}" in summary
    assert int(_row(summary, "hedges")) > 0
    hedged, of = _row(summary, "after a hedge inside the band").split(" of ")
    assert int(hedged) == int(of) > 0
    for row in ("turnover", "fees", "time outside the band", "P&L of the options alone", "P&L hedged"):
        assert row in summary


def _summary(yard: Yard, policy: str, seconds: int) -> str:
    """What a demo of so many seconds says at its end."""
    demo = yard.run(
        *("demo", "-c", str(DEMO_CONFIG), "--policy", policy, "--headless", "--port", "0"),
        *("--duration", str(seconds), "--speed", "600", "--state-dir", f"demo-{seconds}"),
        within_s=seconds + 30.0,
    )
    assert demo.wait() == 0, demo.complained()
    return demo.said()


def _hedged(summary: str) -> bool:
    """Whether a hedge was seen through; a run that ends before the book is known has no such row."""
    found = re.search(r"after a hedge inside the band.* of (\d+)", summary)
    return found is not None and int(found[1]) > 0


def _row(summary: str, name: str) -> str:
    """The value of a row of the summary's table."""
    found = re.search(rf"^[│┃|\s]*{re.escape(name)}\s*[│┃|]\s*(.*?)\s*[│┃|]?\s*$", summary, re.MULTILINE)
    assert found, summary
    return found.group(1)
