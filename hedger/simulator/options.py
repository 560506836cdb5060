"""How a local exchange is started, and what it announces when it serves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from hedger.simulator.limits import Limits


@dataclass(frozen=True, slots=True)
class Options:
    """Start options. Times are market time in ms; `equity` is coin per currency."""

    port: int = 0
    seed: int = 1
    speed: float = 1.0
    book: str = "empty"
    equity: Mapping[str, Decimal] = field(default_factory=lambda: {"BTC": Decimal(10)})
    origin_ms: int | None = None
    start_usd: float = 100_000.0
    vol: float = 0.55
    replay: Path | None = None
    replay_from: date | None = None
    days: int | None = None
    ready_file: Path | None = None
    state_file: Path | None = None
    tls: bool = False
    faults: tuple[str, ...] = ()
    """Faults from the start on, `KIND,key=value,...` each."""
    margin: str = "segregated_sm"
    limits: Limits = field(default_factory=Limits)
    asked: tuple[str, ...] = ()
    """Names of the fields above that an existing state file must agree with."""


@dataclass(frozen=True, slots=True)
class Ready:
    """The content of the ready file: all that a client needs. `http_url` ends in /api/v2."""

    ws_url: str
    http_url: str
    client_id: str
    client_secret: str = field(repr=False)
    account: str
    speed: float
    origin_ms: int
    started_unix_ms: int
    ca_file: str | None = None

    def as_json(self) -> dict[str, object]:
        row: dict[str, object] = {
            "ws_url": self.ws_url,
            "http_url": self.http_url,
            "client_id": self.client_id,
            "client_secret": self.client_secret,
            "account": self.account,
            "speed": self.speed,
            "origin_ms": self.origin_ms,
            "started_unix_ms": self.started_unix_ms,
        }
        if self.ca_file is not None:
            row["ca_file"] = self.ca_file
        return row

    @property
    def sim_url(self) -> str:
        """The root of the /sim endpoints."""
        return self.http_url.removesuffix("/api/v2")
