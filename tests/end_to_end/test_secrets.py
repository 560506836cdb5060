"""Planted secrets are in nothing a daemon writes, says or answers, whatever goes wrong, in whatever coat."""

from __future__ import annotations

import base64
import signal
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from typer.testing import CliRunner

from hedger.cli.main import app_for
from tests import secrets
from tests.end_to_end import web
from tests.end_to_end.sides import Daemon, Exchange
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Yard

CANARY = "c4nary+/=\"'&%~äß-2f81b7d0e95a4c36"
PATHS = (
    *(
        "/",
        "/v1/status",
        "/v1/decisions",
        "/v1/why",
        "/v1/plan",
        "/v1/outlook",
        "/v1/chain",
        "/v1/openapi.json",
    ),
    *("/metrics", "/healthz", "/readyz", "/nowhere", "/v1/decisions?limit=x", "/v1/why?book=x"),
)
COMMANDS = (
    *(
        ("status",),
        ("status", "--json"),
        ("why",),
        ("why", "--json"),
        ("plan",),
        ("outlook",),
        ("chain", "BTC"),
    ),
    *(("pause",), ("resume", "--yes"), ("reduce-only",), ("confirm",), ("neutralise",), ("halt",)),
    *(("hold", "5s"), ("hold", "--end"), ("override", "band", "x2", "1h"), ("override", "--clear")),
    *(
        ("set", "books.btc.target_delta_coin=0.01"),
        ("set", "--clear", "books.btc.target_delta_coin"),
        ("set",),
    ),
    ("order", "buy", "BTC-PERPETUAL", "10", "--book", "btc"),
    ("order", "cancel", "h-btc-1-1"),
)


@pytest.fixture
def yard(cold_yard: Yard) -> Yard:
    """What the interpreter itself says of a secret counts, too."""
    return cold_yard


@pytest.fixture
def exchange(yard: Yard) -> Exchange:
    return yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")


@pytest.fixture
def config(yard: Yard, exchange: Exchange) -> Path:
    """The demo's configuration with address and key written into it."""
    text = DEMO_CONFIG.read_text().replace('environment = "local"', _venue(exchange.ready["ws_url"]), 1)
    path = yard.folder / "hedger.toml"
    path.write_text(
        text.replace("THE_ID", exchange.ready["client_id"]).replace("THE_SECRET", exchange.secret)
    )
    return path


def _venue(url: str) -> str:
    return f'environment = "local"\nurl = "{url}"\nclient_id = "THE_ID"\nclient_secret = "THE_SECRET"'


def test_a_run_with_every_kind_of_trouble_leaves_no_trace_of_a_secret(
    yard: Yard, exchange: Exchange, config: Path
) -> None:
    record = yard.folder / "flight.jsonl"
    daemon = _started(yard, config, record)
    token, secret, good = daemon.token, exchange.secret, config.read_text()
    answers = [*_asked(daemon), *_broken_edits(daemon, config, good, secret)]
    exchange.fault("drop")
    until(lambda: daemon.status()["venues"][0]["reconnects"] >= 1, "a reconnect")
    _malformed_requests(daemon)
    answers += [_command(*words, *_whose(daemon, words)) for words in COMMANDS]
    answers += [_command("check", "-c", str(config)), *_asked(daemon)]
    daemon.process.send(signal.SIGABRT)
    daemon.process.wait()
    assert "Current thread" in daemon.process.complained(), "the interpreter told where it was"
    answers.append(_command("replay", str(record)))
    assert record.stat().st_size > 10_000
    for planted, home in ((secret, (exchange.ready_file, config)), (token, (daemon.state_dir / "token",))):
        assert [answer for answer in answers if secrets.found(planted, answer.encode())] == []
        assert secrets.where(planted, yard.folder, *home) == []


def _started(yard: Yard, config: Path, record: Path) -> Daemon:
    """At its loudest, recording, with a handler that prints every thread where the process is shot."""
    state = yard.folder / "state"
    settings = [f"state_dir={str(state)!r}", "log.level='debug'", "log.format='json'", *BRISK]
    words = [word for each in settings for word in ("--set", each)]
    process = yard.start(
        *("run", "-c", str(config), "--port", "0", "--record", str(record), *words),
        environ={"PYTHONFAULTHANDLER": "1"},
    )
    until(lambda: process.said().endswith("\n") or not process.running, "the daemon's address")
    assert process.said(), process.complained()
    daemon = Daemon(process, process.said().split()[1], state, state / "journal.sqlite")
    daemon.until_quiet()
    return daemon


def _asked(daemon: Daemon) -> Iterator[str]:
    for path in PATHS:
        yield daemon.get(path).body
    basic = base64.b64encode(f"x:{daemon.token}".encode()).decode()
    for given in (f"Basic {basic}", f"Bearer {daemon.token}x", f"Bearer {CANARY!a}"):
        asked = {"reason": "x", "by": "x"}
        yield web.post(f"{daemon.url}/v1/commands/pause", asked, Authorization=given).body
    yield daemon.post("/v1/set", key="venues.deribit.client_secret", value="x").body


def _broken_edits(daemon: Daemon, config: Path, good: str, secret: str) -> Iterator[str]:
    """Edits that are refused in places where the secret stands, each told by the status."""
    line = f'client_secret = "{secret}"'
    for broken, told in (
        (f'client_secret = "{secret}', "not TOML"),
        (f'client_secret = ["{secret}"]', "client_secret"),
        (f'client_secret = {{ key = "{secret}" }}', "client_secret"),
        (f'client_secrets = "{secret}"', "client_secrets"),
        (f'client_secret = "{secret}"\ntransport = "{secret}"', "transport"),
        (f'client_secret = "other-{secret}"', "client_secret"),
    ):
        config.write_text(good.replace(line, broken, 1))
        daemon.process.send(signal.SIGHUP)
        until(lambda: told in daemon.status()["settings_error"], f"a refusal of {told}")  # noqa: B023
        yield daemon.get("/v1/status").body
    config.write_text(good)
    daemon.process.send(signal.SIGHUP)
    until(lambda: not daemon.status()["settings_error"], "the good file again")


def _malformed_requests(daemon: Daemon) -> None:
    """Requests the server complains of, with the token in the very line it complains of."""
    at = urlsplit(daemon.url)
    for line in (
        f"GET / HTTP/1.1\r\nAuthorization: Bearer {daemon.token}\x00\r\n\r\n",
        f"GET /?token={daemon.token} HTTP/9.9\r\n\r\n",
        f"{daemon.token}\r\n\r\n",
    ):
        with socket.create_connection((at.hostname or "", at.port or 0), timeout=10) as client:
            client.sendall(line.encode())
            client.recv(65_536)


def _command(*words: str) -> str:
    """A command of the command line, in this process: what it says and how it fails."""
    ended = CliRunner().invoke(app_for(), words)
    return f"{ended.output}{ended.exception!r}"


def _whose(daemon: Daemon, words: tuple[str, ...]) -> tuple[str, ...]:
    """The daemon a command speaks to; those that look need no token."""
    looks = words[0] in ("status", "why", "plan", "outlook", "chain")
    return ("--url", daemon.url) if looks else ("--url", daemon.url, "--state-dir", str(daemon.state_dir))


def test_a_key_the_venue_refuses_is_not_told(yard: Yard, exchange: Exchange) -> None:
    config = yard.folder / "hedger.toml"
    config.write_text(DEMO_CONFIG.read_text())
    environ = {"HEDGER_VENUES__DERIBIT__CLIENT_SECRET": CANARY}
    environ |= {"HEDGER_VENUES__DERIBIT__CLIENT_ID": exchange.ready["client_id"]}
    environ |= {"HEDGER_VENUES__DERIBIT__URL": exchange.ready["ws_url"]}
    words = ("run", "-c", str(config), "--port", "0", "--set", "log.level='debug'")
    assert yard.run(*words, environ=environ).wait() == 3
    assert secrets.where(CANARY, yard.folder) == []


def test_a_certificate_nobody_vouches_for_costs_the_link_and_tells_nothing(yard: Yard) -> None:
    exchange = yard.exchange("--tls", "--book", "strangle")
    config = yard.folder / "hedger.toml"
    config.write_text(DEMO_CONFIG.read_text())
    environ = {
        "HEDGER_VENUES__DERIBIT__URL": exchange.ready["ws_url"],
        "HEDGER_VENUES__DERIBIT__CLIENT_ID": exchange.ready["client_id"],
        "HEDGER_VENUES__DERIBIT__CLIENT_SECRET": CANARY,
    }
    process = yard.start("run", "-c", str(config), "--port", "0", environ=environ)
    until(lambda: "certificate" in process.complained().lower(), "a refused certificate")
    process.stop()
    assert secrets.where(CANARY, yard.folder) == []


BROKEN = (
    'client_secret = "{}',
    "client_secret = {}",
    'client_secret = 1\nx = "{}"',
    'client_secret = "{0}"\ntransport = "{0}"',
    'url = "wss://user:{}@127.0.0.1:1/"',
)


@pytest.mark.parametrize("line", BROKEN)
def test_a_configuration_that_is_refused_does_not_repeat_the_secret_in_it(yard: Yard, line: str) -> None:
    secret = "plain-canary-77c1f0a93e5b"
    config = yard.folder / "hedger.toml"
    spoilt = f'environment = "local"\n{line.format(secret)}'
    config.write_text(DEMO_CONFIG.read_text().replace('environment = "local"', spoilt, 1))
    told = _command("check", "-c", str(config)) + _command("run", "-c", str(config), "--port", "0")
    assert "SystemExit(2)" in told
    assert "ConfigError" in told
    assert secrets.found(secret, told.encode()) == []


def test_what_hides_from_a_search_for_the_plain_text_is_found() -> None:
    """The search itself: every coat, wherever in a text it lies."""
    for before in (b"", b"x", b"ab", b"id:"):
        text = base64.b64encode(before + CANARY.encode() + b"tail")
        assert secrets.found(CANARY, b"Basic " + text), before
    assert secrets.found(CANARY, b"x" + CANARY.encode().hex().encode()) == ["hexadecimal"]
    assert secrets.found(CANARY, b"nothing of it") == []
