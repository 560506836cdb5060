"""Yards for tests."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.yard import Yard, yard_in


@pytest.fixture
def yard(tmp_path: Path) -> Iterator[Yard]:
    """Processes started in it are gone after the test."""
    with yard_in(tmp_path) as made:
        yield made


@pytest.fixture
def cold_yard(tmp_path: Path) -> Iterator[Yard]:
    """The same, of which every process is an interpreter of its own from its first byte to its last."""
    with yard_in(tmp_path, warm=False) as made:
        yield made
