"""Our frames beside recorded ones, field by field: the same names, JSON types and presence.

Every difference is either mended or stands in deliberate_differences.py with its reason; an entry there that
is no difference any more fails, too.
"""

from __future__ import annotations

import pytest

from tests.contract.deliberate_differences import DELIBERATE
from tests.contract.our_frames import OURS, plain
from tests.contract.recorded_frames import RECORDED
from tests.contract.shapes import differences, shape_of


def found(name: str) -> list[str]:
    ours, theirs = [plain(frame) for frame in OURS[name]()], RECORDED[name]()
    assert ours, "no frame of ours to compare"
    assert theirs, "no recorded frame to compare with"
    return sorted(differences(shape_of(ours), shape_of(theirs)))


def deliberate(name: str) -> list[str]:
    return sorted(line for row in DELIBERATE if row.frame == name for line in row.differences)


@pytest.mark.parametrize("name", RECORDED)
def test_our_frame_differs_from_the_recorded_one_only_where_we_mean_it(name: str) -> None:
    assert found(name) == deliberate(name)


def test_every_recorded_frame_has_one_of_ours_and_every_reason_is_told() -> None:
    assert list(OURS) == list(RECORDED)
    assert {row.frame for row in DELIBERATE} <= set(RECORDED)
    assert all(row.reason and row.differences for row in DELIBERATE)


class TestTheComparison:
    """A comparison that finds nothing proves nothing: it finds what is wrong in made-up frames."""

    @pytest.mark.parametrize(
        ("ours", "theirs", "told"),
        [
            ({"a": 1}, {"a": 1, "b": 2}, ["lacks b"]),
            ({"a": 1, "b": 2}, {"a": 1}, ["adds b"]),
            ({"a": "1"}, {"a": 1}, ["a is string, recorded number"]),
            ({"a": None}, {"a": 1.5}, ["a is null, recorded number"]),
            ({"timestamp": 1.5}, {"timestamp": 15}, ["timestamp is number, recorded whole number"]),
            ({"rows": [{"a": 1}]}, {"rows": [{"a": 1, "b": 2}]}, ["lacks rows[].b"]),
            ({"delta_map": {"x": "1"}}, {"delta_map": {"y": 1}}, ["delta_map.* is string, recorded number"]),
            ({"a": {}}, {"a": {"b": 1}}, ["lacks a.b"]),
            ({"price": 50}, {"price": 50.5}, []),
            ({"rows": [{"a": 1}]}, {"rows": []}, []),
        ],
    )
    def test_it_tells_what_differs(self, ours: object, theirs: object, told: list[str]) -> None:
        assert list(differences(shape_of([ours]), shape_of([theirs]))) == told

    def test_a_name_that_was_recorded_only_sometimes_may_be_absent(self) -> None:
        theirs = shape_of([{"a": 1}, {"a": 1, "b": None}])
        assert list(differences(shape_of([{"a": 2}]), theirs)) == []

    def test_a_name_that_was_always_recorded_must_always_be_there(self) -> None:
        ours = shape_of([{"a": 1, "b": 1}, {"a": 1}])
        assert list(differences(ours, shape_of([{"a": 1, "b": 1}]))) == ["lacks b"]
