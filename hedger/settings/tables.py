"""Settings of the daemon itself, and the table of a venue; every key with its unit and meaning."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Annotated, NamedTuple
from urllib.parse import urlsplit

from hedger.domain.keys import Key, check_bounds
from hedger.domain.vocabulary import Environment, Mode, Severity
from hedger.journal.url import holds_password, is_url
from hedger.venues.deribit.params import DeribitParams


class VenueKind(StrEnum):
    """Which adapter talks to a venue."""

    DERIBIT = "deribit"


class LogFormat(StrEnum):
    """How a log line looks."""

    JSON = "json"
    CONSOLE = "console"


class LoopKind(StrEnum):
    """Which event loop the daemon runs on."""

    ASYNCIO = "asyncio"
    UVLOOP = "uvloop"


class MarketClock(NamedTuple):
    """`market_ms = origin_ms + speed * (unix_ms - started_unix_ms)`; the default is unix time."""

    origin_ms: int = 0
    started_unix_ms: int = 0
    speed: float = 1.0


@dataclass(frozen=True, slots=True)
class TopSettings:
    """The keys above the first table."""

    mode: Annotated[
        Mode, Key("", "observe: show hedges; paper: fill them on paper; live: send them to the venue")
    ] = Mode.OBSERVE
    state_dir: Annotated[Path, Key("", "folder of the journal, the lock and the token")] = Path(".hedger")
    loop: Annotated[
        LoopKind, Key("", "event loop: asyncio, or uvloop, which needs the extra hedger[fast]")
    ] = LoopKind.ASYNCIO
    allow_production: Annotated[bool, Key("", "let a venue's environment be production")] = False
    secrets_dir: Annotated[
        str,
        Key("", "folder of secret files, each named like venues__deribit__client_secret; empty: none"),
    ] = ""


@dataclass(frozen=True, slots=True)
class VenueSettings:
    """One account at one venue. The keys of `params` stand in the same table."""

    environment: Annotated[Environment, Key("", "local, testnet or production")]
    kind: Annotated[VenueKind, Key("", "the adapter: deribit")] = VenueKind.DERIBIT
    client_id_file: Annotated[str, Key("", "file that holds client_id; empty: none")] = ""
    client_secret_file: Annotated[str, Key("", "file that holds client_secret; empty: none")] = ""
    params: DeribitParams = field(default_factory=DeribitParams)


LEAST_DAYS = 3
"""What a start reads back of the journal is younger."""


@dataclass(frozen=True, slots=True)
class JournalSettings:
    """Where the truth is kept."""

    path: Annotated[str, Key("", "the SQLite file; empty: journal.sqlite in state_dir")] = ""
    url: Annotated[
        str,
        Key("", "PostgreSQL instead of a file: postgresql://hedger@db/hedger; needs hedger[postgres]"),
    ] = ""
    password: Annotated[str, Key("", "of the user in url; never in the url itself", secret=True)] = field(
        default="", repr=False
    )
    password_file: Annotated[str, Key("", "file that holds password; empty: none")] = ""
    keep_days: Annotated[
        int,
        Key(
            "d",
            "decisions, snapshots and commands older than this are deleted; 0: none; market time",
            least=0,
        ),
    ] = 90
    keep_orders_days: Annotated[
        int, Key("d", "orders, trades and hedges older than this are deleted; 0: none; market time", least=0)
    ] = 400
    slow_s: Annotated[
        float,
        Key("s", "no answer to a write for this long: no orders until there is one; wire time", above=0),
    ] = 2.0
    free_warn_mb: Annotated[
        float, Key("MB", "alarm when less is free where the file is; 0: never", least=0)
    ] = 500.0
    free_critical_mb: Annotated[
        float, Key("MB", "no orders while less is free where the file is; 0: never", least=0)
    ] = 50.0

    def __post_init__(self) -> None:
        check_bounds(self)
        for name in ("keep_days", "keep_orders_days"):
            if 0 < getattr(self, name) < LEAST_DAYS:
                raise ValueError(f"{name} = {getattr(self, name)}: must be 0 or at least {LEAST_DAYS} d")
        if not self.url:
            return
        if self.path:
            raise ValueError(f"path = {self.path!r}: must be empty where journal.url names a database")
        if not is_url(self.url):
            raise ValueError("url: must be like postgresql://hedger@db/hedger")
        if holds_password(self.url):
            raise ValueError("url: must not hold a password; set HEDGER_JOURNAL__PASSWORD or password_file")


@dataclass(frozen=True, slots=True)
class LeaseSettings:
    """One writer per account."""

    duration_s: Annotated[
        float,
        Key(
            "s",
            "a lease on an account lasts this long, is renewed at a third of it, and then is a standby's",
            least=1,
            most=300,
        ),
    ] = 10.0
    margin_s: Annotated[
        float,
        Key(
            "s",
            "no order may be executed within this time before the lease ends; less than duration_s / 3",
            least=0.1,
        ),
    ] = 2.0

    def __post_init__(self) -> None:
        check_bounds(self)
        if self.margin_s >= self.duration_s / 3:
            raise ValueError(
                f"margin_s = {self.margin_s:g}: must be less than duration_s / 3 = {self.duration_s / 3:g}"
            )


@dataclass(frozen=True, slots=True)
class WebSettings:
    """Address of the page, the API and the metrics."""

    host: Annotated[str, Key("", "address to listen on")] = "127.0.0.1"
    port: Annotated[int, Key("", "port to listen on; 0 takes a free one", least=0, most=65_535)] = 8787
    allow_remote: Annotated[bool, Key("", "let host be an address other machines can reach")] = False
    allowed_hosts: Annotated[
        tuple[str, ...], Key("", "names besides loopback that a request's Host header may carry")
    ] = ()

    def __post_init__(self) -> None:
        check_bounds(self)
        if not self.allow_remote and not is_loopback(self.host):
            raise ValueError(
                f"host = {self.host!r}: must be a loopback address like 127.0.0.1, or set allow_remote = true"
            )


@dataclass(frozen=True, slots=True)
class LogSettings:
    """What is said, and how it looks."""

    level: Annotated[Severity, Key("", "debug, info, warning, error or critical")] = Severity.INFO
    format: Annotated[LogFormat, Key("", "json or console")] = LogFormat.JSON


@dataclass(frozen=True, slots=True)
class RecorderSettings:
    """The flight recorder."""

    path: Annotated[str, Key("", "file every event of the engine is written to; empty: off")] = ""


class PingMethod(StrEnum):
    """How the dead-man's switch wants to be told."""

    GET = "GET"
    POST = "POST"
    HEAD = "HEAD"


@dataclass(frozen=True, slots=True)
class WatchdogSettings:
    """Signs of life to the outside, while the engine steps on fresh data."""

    ping_url: Annotated[
        str,
        Key(
            "",
            "dead-man's switch: an address asked every ping_s while this daemon hedges; empty: none",
            secret=True,
        ),
    ] = ""
    ping_s: Annotated[float, Key("s", "wire time between two pings", least=1, most=3600)] = 30.0
    ping_method: Annotated[PingMethod, Key("", "GET, POST or HEAD")] = PingMethod.GET
    timeout_s: Annotated[float, Key("s", "a ping not answered for this long has failed", above=0)] = 10.0
    data_age_s: Annotated[
        float,
        Key(
            "s",
            "no sign of life while no venue has sent market data for this long; also for systemd's watchdog",
            above=0,
        ),
    ] = 30.0

    def __post_init__(self) -> None:
        check_bounds(self)
        url = urlsplit(self.ping_url)
        local = url.scheme == "http" and is_loopback(url.hostname or "")
        if self.ping_url and not (url.scheme == "https" and url.hostname) and not local:
            raise ValueError("ping_url: must be https://HOST/..., or http:// at an address of this machine")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach the address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
