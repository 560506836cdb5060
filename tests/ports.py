"""Ports for servers that a test stops and starts again."""

from __future__ import annotations

import random
import socket

_LASTING = range(20_000, 32_000)  # below those that the system gives to outgoing connections


def lasting_port() -> int:
    """A free port on loopback that nobody takes by chance while its server is down."""
    for port in random.sample(_LASTING, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError(f"none of 100 ports of {_LASTING} is free")
