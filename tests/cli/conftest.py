"""A daemon that commands can ask."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.cli.daemon import served
from tests.web.desk import Desk


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def url(desk: Desk) -> Iterator[str]:
    with served(desk) as url:
        yield url
