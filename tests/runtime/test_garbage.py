"""The collector works between batches, and is given back."""

from __future__ import annotations

import gc

from hedger.runtime.garbage import FREEZE_AFTER_S, OLD_EVERY_S, Garbage


def test_collections_are_ours_while_running_and_given_back_afterwards() -> None:
    assert gc.isenabled()
    garbage = Garbage()
    garbage.between_batches(100.0)
    assert not gc.isenabled()
    garbage.between_batches(101.5)
    garbage.between_batches(100.0 + FREEZE_AFTER_S)
    assert gc.get_freeze_count() > 0
    garbage.between_batches(100.0 + FREEZE_AFTER_S + OLD_EVERY_S)
    garbage.restore()

    assert gc.isenabled()
    assert gc.get_freeze_count() == 0


def test_a_collector_found_switched_off_stays_off() -> None:
    gc.disable()
    try:
        garbage = Garbage()
        garbage.between_batches(1.0)
        garbage.restore()
        assert not gc.isenabled()
    finally:
        gc.enable()
