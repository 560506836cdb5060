"""The daemon runs on the loop that was asked for."""

from __future__ import annotations

import asyncio

import pytest
import uvloop

from hedger.runtime.loop import run_on
from hedger.settings.tables import LoopKind


async def loop_and_answer() -> tuple[type[asyncio.AbstractEventLoop], int]:
    return type(asyncio.get_running_loop()), 5


def test_uvloop_where_it_is_asked_for() -> None:
    assert run_on(LoopKind.UVLOOP, loop_and_answer()) == (uvloop.Loop, 5)


def test_the_standard_library_s_otherwise() -> None:
    kind, _ = run_on(LoopKind.ASYNCIO, loop_and_answer())
    assert kind.__module__.startswith("asyncio.")


@pytest.mark.parametrize("kind", list(LoopKind))
def test_errors_come_out_as_they_are(kind: LoopKind) -> None:
    async def fails() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        run_on(kind, fails())
