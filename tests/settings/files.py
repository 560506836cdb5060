"""Configurations for the tests: the smallest valid file, and files with one thing changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from hedger.domain.errors import ConfigError
from hedger.settings.load import Loaded, load

SECRET = "Zq7-hunter2-secret"

SMALLEST = """\
[venues.deribit]
environment = "testnet"

[books.btc]
venue = "deribit"
underlying = "BTC"
hedge_instrument = "BTC-PERPETUAL"
"""

PRODUCTION = """\
mode = "live"
allow_production = true

[venues.deribit]
environment = "production"

[books.btc]
venue = "deribit"
underlying = "BTC"
hedge_instrument = "BTC-PERPETUAL"
neutral = "coin"
"""

READY = {
    "ws_url": "ws://127.0.0.1:4711/ws/api/v2",
    "http_url": "http://127.0.0.1:4711/api/v2",
    "client_id": "local-id",
    "client_secret": SECRET,
    "account": "local-1",
    "speed": 3600.0,
    "origin_ms": 1_770_000_000_000,
    "started_unix_ms": 1_760_000_000_000,
}


def loaded(
    folder: Path,
    text: str = SMALLEST,
    environ: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
) -> Loaded:
    path = folder / "hedger.toml"
    path.write_text(text, encoding="utf-8")
    return load(path, environ or {}, overrides)


def refusal(
    folder: Path,
    text: str = SMALLEST,
    environ: Mapping[str, str] | None = None,
    overrides: Sequence[str] = (),
) -> str:
    """What is said about a configuration that must be refused."""
    with pytest.raises(ConfigError) as caught:
        loaded(folder, text, environ, overrides)
    assert caught.value.__cause__ is None or not isinstance(caught.value.__cause__, ValueError)
    return str(caught.value)
