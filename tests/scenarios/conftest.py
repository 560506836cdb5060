"""`pytest tests/scenarios --rewrite` writes into the scenario files what really happened."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--rewrite", action="store_true", help="write what happened into the scenario files")
