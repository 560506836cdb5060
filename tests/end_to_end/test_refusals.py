"""What cannot work is refused with one line and an exit code; secrets are in no line and no file."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from tests.end_to_end.relay import Relay, relayed
from tests.end_to_end.waiting import until
from tests.end_to_end.yard import BRISK, DEMO_CONFIG, Process, Yard, as_words

WRONG = "wrong-secret-3f9d2b7a41c85e60"


@pytest.mark.parametrize(
    ("wrong", "auth"), [("client_id", "client_credentials"), ("client_secret", "client_signature")]
)
async def test_a_wrong_key_ends_the_daemon_at_once(yard: Yard, wrong: str, auth: str) -> None:
    exchange = yard.exchange("--seed", "3")
    async with relayed(exchange.ready["ws_url"]) as relay:
        ready = yard.folder / "wrong.json"
        ready.write_text(json.dumps({**exchange.ready, "ws_url": relay.url, wrong: WRONG}))
        daemon = yard.start(*_run(yard, DEMO_CONFIG, ready, f"venues.deribit.auth='{auth}'"))
        code = await asyncio.to_thread(daemon.wait)

    assert code == 3, daemon.complained()
    _assert_told_once(daemon, ready)
    assert _logins(relay) == 1
    assert relay.connections == 1
    if wrong == "client_secret":
        _assert_nowhere(WRONG, yard, ready)


def _assert_told_once(daemon: Process, ready: Path) -> None:
    """One line on stderr, which names the key that was refused, its address and its environment."""
    (line,) = daemon.complained().splitlines()
    assert line.startswith("hedger: deribit: ws://127.0.0.1")
    assert json.loads(ready.read_text())["client_id"] in line
    assert "13004" in line
    assert "local" in line


def _logins(relay: Relay) -> int:
    return relay.methods().count("public/auth")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('mode = "live"', 'mode = "live', "line"),
        ("upper = 0.1", "uper = 0.1", "did you mean"),
    ],
)
def test_a_broken_file_is_refused(yard: Yard, old: str, new: str, told: str) -> None:
    text = DEMO_CONFIG.read_text()
    assert old in text
    config = yard.folder / "broken.toml"
    config.write_text(text.replace(old, new, 1))
    ready = yard.folder / "ready.json"
    ready.write_text(json.dumps(_READY))

    _assert_refused(yard.run(*_run(yard, config, ready)), told)


def test_a_missing_ready_file_is_refused(yard: Yard) -> None:
    _assert_refused(yard.run(*_run(yard, DEMO_CONFIG, yard.folder / "gone.json")), "gone.json")


def test_the_secret_is_in_nothing_that_a_run_writes(yard: Yard) -> None:
    """Journal, record, log at its loudest, page, status and metrics of a run with hedges and a lost link."""
    exchange = yard.exchange("--seed", "3", "--speed", "60", "--book", "strangle")
    record = yard.folder / "flight.jsonl"
    daemon = yard.daemon(exchange, "--record", str(record), overrides=(*BRISK, "log.level='debug'"))
    daemon.until_quiet()
    exchange.fault("drop")
    until(lambda: daemon.status()["venues"][0]["reconnects"] == 1, "a reconnect")
    exchange.trade("buy", 100_000)
    daemon.until_quiet()
    paths = ("/", "/v1/status", "/v1/decisions", "/v1/why", "/v1/plan", "/metrics", "/healthz", "/readyz")
    answers = [daemon.get(path).body for path in paths]
    token = daemon.token
    assert daemon.process.stop() == 0

    assert record.stat().st_size > 10_000
    for secret in (exchange.secret, token):
        assert all(secret not in answer for answer in answers)
    _assert_nowhere(exchange.secret, yard, exchange.ready_file)
    _assert_nowhere(token, yard, daemon.state_dir / "token")
    assert (daemon.state_dir / "token").stat().st_mode & 0o777 == 0o600
    assert record.stat().st_mode & 0o077 == 0


def _run(yard: Yard, config: Path, ready: Path, *settings: str) -> list[str]:
    own = as_words(f"state_dir={str(yard.folder / 'state')!r}", *settings)
    return ["run", "-c", str(config), "--exchange", str(ready), "--port", "0", *own]


def _assert_refused(process: Process, told: str) -> None:
    """Exit code 2, and a line each that names what is wrong."""
    assert process.wait() == 2, process.complained()
    assert told in process.complained()
    assert "Traceback" not in process.complained()
    assert all(line.startswith("hedger: ") for line in process.complained().splitlines()[:1])


def _assert_nowhere(secret: str, yard: Yard, except_in: Path) -> None:
    """No file of the folder but the one it belongs in holds the secret."""
    holding = [path for path in yard.files() if secret.encode() in path.read_bytes()]
    assert [path for path in holding if path != except_in] == []


_READY = {
    "ws_url": "ws://127.0.0.1:1/ws/api/v2",
    "http_url": "http://127.0.0.1:1/api/v2",
    "client_id": "id",
    "client_secret": "secret",
    "account": "local",
    "speed": 1.0,
    "origin_ms": 0,
    "started_unix_ms": 0,
}
