"""Settings of a Deribit venue, and which address belongs to which environment."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Annotated
from urllib.parse import urlsplit

from hedger.domain.errors import ConfigError
from hedger.domain.keys import Key, check_bounds
from hedger.domain.vocabulary import Environment
from hedger.venues.transport.socket import TransportKind

DEFAULT_URLS: dict[Environment, str] = {
    Environment.TESTNET: "wss://test.deribit.com/ws/api/v2",
    Environment.PRODUCTION: "wss://www.deribit.com/ws/api/v2",
}
_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Grant(StrEnum):
    """How the daemon proves who it is (deribit.md 3)."""

    CREDENTIALS = "client_credentials"
    SIGNATURE = "client_signature"


@dataclass(frozen=True, slots=True)
class DeribitParams:
    """One Deribit account; deadlines and back-off are wire time."""

    url: Annotated[str, Key("", "websocket address; empty: the environment's own")] = ""
    client_id: Annotated[str, Key("", "API key: client id")] = ""
    client_secret: Annotated[str, Key("", "API key: client secret", secret=True)] = field(
        default="", repr=False
    )
    auth: Annotated[Grant, Key("", "client_credentials, or client_signature: the secret is never sent")] = (
        Grant.CREDENTIALS
    )
    currencies: Annotated[
        tuple[str, ...], Key("", "currencies whose instruments and account are followed")
    ] = ("BTC",)
    chain: Annotated[bool, Key("", "subscribe the tickers of every option, not only of those held")] = False
    chain_currencies: Annotated[
        tuple[str, ...], Key("", "currencies `chain` applies to; empty: all of `currencies`")
    ] = ()
    transport: Annotated[
        TransportKind, Key("", "websockets, or picows, which frames in C and needs the extra hedger[fast]")
    ] = TransportKind.WEBSOCKETS
    heartbeat_s: Annotated[int, Key("s", "interval of the venue's heartbeat", least=10, most=3600)] = 10
    request_timeout_s: Annotated[
        float, Key("s", "a request not answered for this long has failed", above=0)
    ] = 5.0
    connect_timeout_s: Annotated[float, Key("s", "opening a connection may take this long", above=0)] = 10.0
    health_s: Annotated[
        float, Key("s", "period of the round trip that measures latency and clock skew", above=0)
    ] = 5.0
    probe_after_s: Annotated[
        float, Key("s", "an order waits for a round trip where nothing was heard for this long", above=0)
    ] = 1.0
    backoff_min_s: Annotated[float, Key("s", "first pause before a reconnect", above=0)] = 0.5
    backoff_max_s: Annotated[float, Key("s", "longest pause before a reconnect", above=0)] = 30.0
    cancel_reserve: Annotated[
        int, Key("requests", "credits of the matching engine that only cancels may spend", least=0)
    ] = 4
    ca_file: Annotated[
        str, Key("", "certificate authority of a local exchange with TLS; empty: the system's")
    ] = ""

    def __post_init__(self) -> None:
        check_bounds(self)
        check_address(self.url)
        if not self.currencies:
            raise ValueError("currencies = (): name at least one, for example BTC")
        if self.backoff_max_s < self.backoff_min_s:
            raise ValueError(
                f"backoff_max_s = {self.backoff_max_s}: must be at least backoff_min_s = {self.backoff_min_s}"
            )

    @property
    def chained(self) -> tuple[str, ...]:
        """Currencies whose whole option chain is subscribed."""
        return (self.chain_currencies or self.currencies) if self.chain else ()


def check_address(url: str) -> None:
    """Raises ValueError, without the address, for one that hides a password or is none."""
    try:
        parts = urlsplit(url)
        hidden = "@" in parts.netloc
    except ValueError:
        raise ValueError("url: must be an address like wss://HOST/ws/api/v2") from None
    if hidden:
        raise ValueError("url: must hold no user and no password; they belong in client_id and client_secret")


def endpoint(environment: Environment, params: DeribitParams) -> str:
    """The address to connect to. Raises ConfigError where address and environment are not each other's.

    A production key cannot reach a test address by mistake, nor the other way round: the host is fixed by
    the environment, and `local` is loopback only.
    """
    if environment is Environment.LOCAL:
        return _local(params.url)
    default = DEFAULT_URLS[environment]
    url = params.url or default
    if _endpoint(url) != _endpoint(default):
        raise ConfigError(f"url = {url!r}: environment {environment} is {default}, nothing else")
    return url


def _local(url: str) -> str:
    parts = urlsplit(url)
    if parts.scheme not in ("ws", "wss") or parts.hostname not in _LOOPBACK:
        raise ConfigError(
            f"url = {url!r}: environment local needs an explicit loopback address like ws://127.0.0.1:PORT/ws/api/v2"
        )
    return url


def _endpoint(url: str) -> tuple[str, str | None, int | None]:
    """Scheme, host and port; a malformed port is no address at all."""
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError:
        return "", None, None
    return parts.scheme, parts.hostname, port or (443 if parts.scheme == "wss" else None)
