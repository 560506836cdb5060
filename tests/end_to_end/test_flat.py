"""Days without faults leave memory, queues and journal as they were; `make soak` runs a month of them."""

from __future__ import annotations

from tests.end_to_end.flat import flat_days
from tests.end_to_end.yard import Yard


def test_two_days_leave_no_trace(yard: Yard) -> None:
    print(flat_days(yard, days=2, speed=18_000, most_growth_mb=4.0))
