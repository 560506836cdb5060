"""Which event loop the daemon runs on; uvloop is imported only where it is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar, assert_never

from hedger.settings.tables import LoopKind

T = TypeVar("T")


def run_on(kind: LoopKind, main: Coroutine[Any, Any, T]) -> T:
    """`asyncio.run` on a loop of this kind."""
    with asyncio.Runner(loop_factory=_factory(kind)) as runner:
        return runner.run(main)


def _factory(kind: LoopKind) -> Callable[[], asyncio.AbstractEventLoop]:
    match kind:
        case LoopKind.ASYNCIO:
            return asyncio.new_event_loop
        case LoopKind.UVLOOP:
            import uvloop

            return uvloop.new_event_loop
        case _:
            assert_never(kind)
