"""wss and https with the exchange's own authority: who trusts it gets in, who does not refuses."""

from __future__ import annotations

import asyncio
import json
import shutil
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import aiohttp
import pytest
from websockets.asyncio.client import connect

from hedger.domain.errors import VenueError
from hedger.engine import events as ev
from hedger.simulator.certificate import make_certificates
from hedger.simulator.options import Options
from hedger.simulator.server import Running, running_exchange
from tests.venues.deribit.server import PATIENCE_S, running
from tests.venues.deribit.test_client_exchange import connect_to

pytestmark = pytest.mark.skipif(
    shutil.which("openssl") is None, reason="the openssl program is not installed"
)


@asynccontextmanager
async def served() -> AsyncIterator[Running]:
    async with running_exchange(Options(tls=True)) as exchange:
        yield exchange


def trusting(ca_file: str | Path | None) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=ca_file)


async def test_the_websockets_client_gets_in_with_the_announced_authority() -> None:
    async with served() as exchange:
        assert exchange.ready.ws_url.startswith("wss://")
        async with connect(exchange.ready.ws_url, ssl=trusting(exchange.ready.ca_file), proxy=None) as socket:
            await socket.send('{"jsonrpc":"2.0","id":1,"method":"public/test"}')
            assert json.loads(await socket.recv())["result"]["version"]


async def test_https_answers_with_the_announced_authority() -> None:
    async with served() as exchange, aiohttp.ClientSession() as http:
        assert exchange.ready.http_url.startswith("https://")
        trust = trusting(exchange.ready.ca_file)
        async with http.get(f"{exchange.ready.http_url}/public/get_time", ssl=trust) as answer:
            assert answer.status == 200


async def test_the_websockets_client_refuses_what_another_authority_signed(tmp_path: Path) -> None:
    other = make_certificates(tmp_path).ca
    async with served() as exchange:
        for trust in (trusting(other), trusting(None)):
            with pytest.raises(ssl.SSLCertVerificationError):
                async with connect(exchange.ready.ws_url, ssl=trust, proxy=None):
                    pass


async def test_https_refuses_what_another_authority_signed(tmp_path: Path) -> None:
    trust = trusting(make_certificates(tmp_path).ca)
    async with served() as exchange, aiohttp.ClientSession() as http:
        with pytest.raises(aiohttp.ClientConnectorCertificateError):
            await http.get(f"{exchange.ready.http_url}/public/get_time", ssl=trust)


async def test_our_own_venue_gets_in_with_its_ca_file() -> None:
    async with served() as exchange, running(connect_to(exchange)) as (listener, _):
        assert (await listener.until(ev.LinkUp)).venue == "deribit"


async def test_our_own_venue_ends_on_another_authority_and_does_not_try_again(tmp_path: Path) -> None:
    """Whoever else answers there may be listening: no retry, no key shown."""
    other = make_certificates(tmp_path).ca
    async with served() as exchange, running(connect_to(exchange, ca_file=str(other))) as (_, task):
        with pytest.raises(VenueError, match="certificate not accepted"):
            async with asyncio.timeout(PATIENCE_S):
                await task


async def test_our_own_venue_trusts_nobody_of_the_kind_without_a_ca_file() -> None:
    async with served() as exchange, running(connect_to(exchange, ca_file="")) as (_, task):
        with pytest.raises(VenueError, match="certificate not accepted"):
            async with asyncio.timeout(PATIENCE_S):
                await task


def test_the_key_of_the_authority_is_gone_and_the_servers_is_for_its_owner_only(tmp_path: Path) -> None:
    made = make_certificates(tmp_path)
    assert not (tmp_path / "ca.key").exists()
    assert made.key.stat().st_mode & 0o777 == 0o600


def test_without_openssl_it_says_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(OSError, match="openssl"):
        make_certificates(tmp_path)
