"""Every test that takes `place` runs on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.journal.places import Place
from tests.postgres import postgres_server, postgres_url

__all__ = ["place", "postgres_server", "postgres_url"]


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    """An empty place for a journal."""
    if request.param == "sqlite":
        return tmp_path / "state" / "journal.sqlite"
    url: str = request.getfixturevalue("postgres_url")
    return url
