"""A policy in one text, as the command line takes it."""

from __future__ import annotations

import pytest

from hedger.policies.asked import asked
from hedger.policies.partial import PartialParams


def test_a_name_alone_asks_for_the_defaults() -> None:
    assert asked("band") == ("band", "band", {}, {})
    assert asked("band").partial() == PartialParams()


def test_keys_are_the_policys_own_unless_they_divide_its_hedges() -> None:
    found = asked("band: unit = sigma, lower=-0.3, partial.first_share=0.75, partial.slices=4")
    assert found.policy == "band"
    assert found.params == {"unit": "sigma", "lower": -0.3}
    assert found.partial() == PartialParams(first_share=0.75, slices=4)


def test_what_is_not_asked_for_stays_as_in_the_book() -> None:
    assert asked("band:partial.slices=4").partial(PartialParams(first_share=0.5)) == PartialParams(
        first_share=0.5, slices=4
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("band:lower", "'lower': must be KEY=VALUE"),
        ("band:lower=", "'lower=': must be KEY=VALUE"),
        ("band:=3", "'=3': must be KEY=VALUE"),
        ("band:lower=-1,", "'': must be KEY=VALUE"),
        ("band:lower=-1,lower=-2", "'lower=-2': lower is given twice"),
    ],
)
def test_what_is_no_key_with_a_value_is_refused(text: str, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        asked(text)


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        (
            "partial.frist_share=0.5",
            "partial.frist_share = 0.5: no such parameter; did you mean first_sh",
        ),
        ("partial.slices=2.5", "partial.slices = 2.5: must be a whole number"),
        ("partial.slices=inf", "partial.slices = inf: must be a whole number"),
        ("partial.over_s=soon", "partial.over_s = 'soon': must be a number"),
        ("partial.first_share=2", "partial.first_share = 2: must be at most 1 of the hedge"),
    ],
)
def test_parts_that_cannot_be_made_are_refused_by_name(keys: str, told: str) -> None:
    with pytest.raises(ValueError, match=told.replace("?", r"\?")):
        asked(f"band:{keys}").partial()
