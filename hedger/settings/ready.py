"""The ready file of a local exchange: its address, keys and market time."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from hedger.domain.errors import ConfigError
from hedger.settings.tables import MarketClock


class Ready(msgspec.Struct, frozen=True):
    """What the daemon takes from it; other fields are for other clients."""

    ws_url: str
    client_id: str
    client_secret: str
    speed: float
    origin_ms: int
    started_unix_ms: int
    ca_file: str | None = None

    @property
    def clock(self) -> MarketClock:
        return MarketClock(self.origin_ms, self.started_unix_ms, self.speed)

    def __repr__(self) -> str:
        return f"Ready({self.ws_url!r})"


def read_ready(path: Path) -> dict[str, Any]:
    """The content of a ready file. Raises ConfigError when there is none, or it is not one."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise ConfigError(f"{path}: no such file; `hedger exchange --ready-file {path}` writes it") from None
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        content = msgspec.json.decode(data, type=dict[str, Any])
    except (ValueError, RecursionError):
        raise ConfigError(f"{path}: is not the ready file of an exchange (a JSON object)") from None
    ready_of(content, str(path))
    return content


def ready_of(content: Mapping[str, Any], name: str = "ready file") -> Ready:
    """Typed; `name` is what a refusal calls it.

    Raises ConfigError naming the field, never its value: one of them is a secret.
    """
    try:
        found = msgspec.convert(dict(content), Ready)
    except msgspec.ValidationError as error:
        raise ConfigError(f"{name}: {error}") from None
    if not 0 < found.speed < float("inf"):
        raise ConfigError(f"{name}: speed = {found.speed}: must be above 0")
    return found
