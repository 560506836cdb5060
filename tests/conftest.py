"""What every test runs under."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from pathlib import Path

import pytest

_STATM = Path("/proc/self/statm")
_PAGES_BETWEEN = 100_000  # 400 MB


@pytest.fixture(autouse=True)
def _room() -> Iterator[None]:
    """Collects garbage as memory grows: an exchange holds 40 MB in few objects, too few to call for it."""
    yield
    if _STATM.exists() and (pages := _resident()) > _seen_pages[0] + _PAGES_BETWEEN:
        gc.collect()
        _seen_pages[0] = min(pages, _resident())


_seen_pages = [0]


def _resident() -> int:
    return int(_STATM.read_text().split()[1])
