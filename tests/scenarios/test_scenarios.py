"""Every scenario file happens as it is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scenarios.script import parse, render, run
from tests.scenarios.stage import Stage

FILES = sorted((Path(__file__).parent / "files").glob("*.txt"))


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_scenario_happens_as_written(path: Path, pytestconfig: pytest.Config) -> None:
    text = path.read_text(encoding="utf-8")
    happened = render(run(parse(text), Stage().happen))
    if pytestconfig.getoption("--rewrite", default=False):
        path.write_text(happened, encoding="utf-8")
        return
    assert happened.splitlines() == text.splitlines(), f"{path.name}: review with --rewrite and git diff"


def test_events_without_a_rule_are_refused_since_nobody_would_check_them() -> None:
    with pytest.raises(ValueError, match="'wait 1s': no ---- follows"):
        parse("# prose\nstart\n----\n\nwait 1s\n")


def test_a_line_that_is_no_event_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match=r"'explode': no such event.*start.*wait"):
        Stage().happen("explode now")
