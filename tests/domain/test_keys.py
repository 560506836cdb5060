"""A key's unit, meaning and bounds stand beside its field, and a value outside them is refused by name."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Annotated

import pytest

from hedger.domain.keys import Key, check_bounds, keys_of


@dataclass(frozen=True)
class Params:
    age_s: Annotated[float, Key("s", "an age", above=0)] = 1.0
    share: Annotated[float, Key("", "a share", least=0, most=1)] = 0.5
    count: Annotated[int, Key("orders", "a count", least=1)] = 1
    plain: float = math.nan
    noted: Annotated[float, "no key"] = math.nan


def test_keys_come_in_the_order_of_the_fields_and_only_where_there_is_one() -> None:
    assert [name for name, _ in keys_of(Params)] == ["age_s", "share", "count"]
    assert dict(keys_of(Params))["share"] == Key("", "a share", 0, 1)


@pytest.mark.parametrize("good", [Params(), Params(age_s=1e-9, share=0.0), Params(share=1.0, count=1)])
def test_bounds_include_their_ends_unless_they_say_above(good: Params) -> None:
    check_bounds(good)


@pytest.mark.parametrize(
    ("bad", "words"),
    [
        (Params(age_s=0.0), "age_s = 0.0: must be above 0 s"),
        (Params(age_s=math.nan), "age_s = nan: must be a finite number"),
        (Params(age_s=math.inf), "age_s = inf: must be a finite number"),
        (Params(share=-0.1), "share = -0.1: must be at least 0$"),
        (Params(share=1.1), "share = 1.1: must be at most 1$"),
        (Params(count=0), "count = 0: must be at least 1 orders"),
    ],
)
def test_a_value_outside_is_refused_with_field_value_and_bound(bad: Params, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_bounds(bad)
