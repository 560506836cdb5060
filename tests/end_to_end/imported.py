"""What daemons and exchanges import, for the process they are forked from (`children.warm`)."""

from __future__ import annotations

import gc
from importlib import import_module

for _name in (
    "aiosqlite",
    "hedger.cli.exchange",
    "hedger.cli.main",
    "hedger.cli.run",
    "hedger.cli.standby",
    "hedger.cli.surface",
    "hedger.journal.sqlite",
    "hedger.runtime.daemon",
    "hedger.runtime.loop",
    "hedger.runtime.once",
    "hedger.simulator.launch",
    "hedger.simulator.server",
    "hedger.venues.transport.over_websockets",
    "hedger.web.token",
    "python_socks.async_.asyncio",
    "tests.end_to_end.children",
    "typer._adapters",
    "websockets.asyncio.client",
):
    import_module(_name)
gc.collect()
gc.freeze()  # a fork that collects what it did not make copies every page of it
