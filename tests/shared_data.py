"""Where the recorded market data lives; tests that need it skip with a reason when it is absent."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

_DEFAULT = Path(__file__).resolve().parent.parent.parent / "shared" / "data"


def shared_data(*parts: str) -> Path:
    """The path of a recorded file or folder, or a skip that names what is missing."""
    path = Path(os.environ.get("HEDGER_SHARED_DATA", str(_DEFAULT))).joinpath(*parts)
    if not path.exists():
        pytest.skip(f"recorded data not present: {'/'.join(parts)} (set HEDGER_SHARED_DATA)")
    return path
