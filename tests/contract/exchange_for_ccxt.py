"""The local exchange with a ccxt client on it, as a person would point ccxt at a private Deribit."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from hedger.simulator.options import Options, Ready
from hedger.simulator.server import running_exchange

SYMBOL = "BTC/USD:BTC"


@asynccontextmanager
async def ccxt_client(module: str) -> AsyncIterator[tuple[Any, Ready]]:
    """A client of `ccxt.async_support` or `ccxt.pro` and the ready record of its exchange."""
    library = pytest.importorskip(module, reason="ccxt is not installed")
    async with running_exchange(Options(seed=11, speed=60.0, book="strangle")) as running:
        ready = running.ready
        client = library.deribit({"apiKey": ready.client_id, "secret": ready.client_secret})
        client.urls["api"] = {"rest": ready.sim_url, "ws": ready.ws_url}
        try:
            yield client, ready
        finally:
            await client.close()
