"""Tests of sockets run on every event loop and over every transport there is."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

LOOPS: Mapping[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}

on_every_loop = pytest.mark.asyncio(loop_factories=list(LOOPS))
