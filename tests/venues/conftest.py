from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest

from hedger.venues.transport.socket import TransportKind
from tests.venues.loops import LOOPS


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    """Every loop for tests that ask for them, the standard library's for all others."""
    marker = item.get_closest_marker("asyncio")
    asked = marker is not None and "loop_factories" in marker.kwargs
    return LOOPS if asked else {"asyncio": LOOPS["asyncio"]}


@pytest.fixture(params=list(TransportKind))
def transport(request: pytest.FixtureRequest) -> TransportKind:
    """Each library that carries frames."""
    kind: TransportKind = request.param
    return kind
