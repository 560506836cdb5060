"""Pauses double up to a limit and are shortened by jitter."""

from __future__ import annotations

from itertools import islice

from hedger.venues.deribit.backoff import jittered, pauses


def test_pauses_double_up_to_the_longest() -> None:
    assert list(islice(pauses(0.5, 3.0), 5)) == [0.5, 1.0, 2.0, 3.0, 3.0]


def test_jitter_shortens_by_up_to_a_half() -> None:
    assert jittered(10.0, 0.0) == 5.0
    assert jittered(10.0, 1.0) == 10.0
