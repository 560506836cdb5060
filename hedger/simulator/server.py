"""The exchange on loopback: websocket, HTTP, and /sim at the root. The only file that reads clocks.

In a test: `async with running_exchange(Options(seed=7)) as running: ... running.ready.ws_url ...`
"""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import ExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from tempfile import TemporaryDirectory

from aiohttp import WSCloseCode, WSMessage, WSMsgType, web

from hedger.simulator import sim, sim_account
from hedger.simulator.admission import HttpRequest
from hedger.simulator.certificate import Certificates, make_certificates
from hedger.simulator.connection import Connection
from hedger.simulator.exchange import Exchange
from hedger.simulator.launch import Launched, launch
from hedger.simulator.link import Link, abort
from hedger.simulator.model import World
from hedger.simulator.options import Options, Ready
from hedger.simulator.rpc import MAX_REQUEST_BYTES, ApiError, BadFrame, Request, error_body, parse_request

HOST = "127.0.0.1"
TICK_S = 0.1
MAX_FRAME_BYTES = 1 << 20
MAX_WAITING_FRAMES = 20_000
SLOW_CLOSE_S = 1.0  # a socket that does not even take the close frame is cut
MAX_CONNECTIONS = 32  # per address, deribit.md 4
_ENDINGS = (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR)
SOCKET_PATHS = ("/ws/api/v2", "/ws/api/v2/")

_UNIX_S = time.time() - time.monotonic()

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


def wire_s() -> float:
    """Wire time: seconds since the epoch by a clock that never steps, set by the wall clock once."""
    return _UNIX_S + time.monotonic()


@dataclass(slots=True)
class Server:
    """Carries frames between sockets and the exchange."""

    exchange: Exchange
    _links: dict[int, Link] = field(default_factory=dict)

    # -- websocket --------------------------------------------------------------------------------

    async def socket(self, request: web.Request) -> web.StreamResponse:
        """One websocket connection, from handshake to end; 429 when there are too many."""
        self._refuse_handshake()
        # Pings and closes are answered here, not by the library: a half-open connection answers nothing.
        socket = web.WebSocketResponse(
            max_msg_size=MAX_FRAME_BYTES, compress=True, autoping=False, autoclose=False
        )
        await socket.prepare(request)
        connection = self.exchange.connect(wire_s())
        link = self._links[connection.id] = Link(request, wire_s)
        writer = asyncio.create_task(link.write(socket))
        try:
            while not socket.closed:
                message = await socket.receive()
                if message.type in _ENDINGS:
                    break
                await self._heard(connection, socket, message)
        finally:
            await self._end(connection, writer)
        return socket

    def _refuse_handshake(self) -> None:
        status = self.exchange.weather.refused_handshake(wire_s())
        if status is None and len(self.exchange.connections) >= MAX_CONNECTIONS:
            status = HTTPStatus.TOO_MANY_REQUESTS
        if status is not None:
            raise _refusal(status)

    async def _heard(self, connection: Connection, socket: web.WebSocketResponse, message: WSMessage) -> None:
        """One frame of the client."""
        if message.type is WSMsgType.PING and not connection.deaf:
            await socket.pong(message.data)
        elif message.type is WSMsgType.CLOSE:
            while connection.deaf and not self._links[connection.id].gone:
                await asyncio.sleep(TICK_S)  # it does not hear of this: TCP stays up until the client cuts it
            await socket.close()
        elif message.type in (WSMsgType.TEXT, WSMsgType.BINARY):
            text = message.data if message.type is WSMsgType.TEXT else ""
            self.exchange.receive(connection, text, wire_s())
            self.flush()

    async def _end(self, connection: Connection, writer: asyncio.Task[None]) -> None:
        self.exchange.disconnect(connection, wire_s())
        del self._links[connection.id]
        writer.cancel()
        await asyncio.gather(writer, return_exceptions=True)
        self.flush()

    def flush(self) -> None:
        """Hand what the exchange wants to send to the writers; who reads too slowly is closed."""
        for connection in self.exchange.connections.values():
            link = self._links[connection.id]
            if link.waiting + len(connection.outbox) + len(connection.unheard) > MAX_WAITING_FRAMES:
                link.clear()
                connection.too_slow()
                asyncio.get_running_loop().call_later(SLOW_CLOSE_S, link.abort)
            for frame in connection.take():
                link.put(frame)

    async def tick_for_ever(self) -> None:
        """Move the world every 100 ms of wire time."""
        while True:
            self.exchange.tick(wire_s())
            self.flush()
            await asyncio.sleep(TICK_S)

    # -- HTTP -------------------------------------------------------------------------------------

    async def http_get(self, request: web.Request) -> web.StreamResponse:
        """GET with query parameters; an upgrade to websocket is accepted on the socket's path."""
        rpc = Request(None, request.match_info["method"], dict(request.query))
        return await self._http(request, rpc, "")

    async def http_post(self, request: web.Request) -> web.StreamResponse:
        """POST with a JSON-RPC request, or with parameters when the path names the method."""
        body = await request.text()
        try:
            rpc = _posted(request.match_info.get("method", ""), body)
        except BadFrame as bad:
            text = self.exchange.refuse(bad, wire_s())
            return web.Response(status=400, text=text, content_type="application/json")
        return await self._http(request, rpc, body)

    async def _http(self, request: web.Request, rpc: Request, body: str) -> web.StreamResponse:
        broken = self.exchange.weather.broken_http(rpc.method, wire_s())
        if broken is not None:
            raise _refusal(broken)
        header = request.headers.get("Authorization", "")
        call = HttpRequest(request.method, request.raw_path, body, header, rpc)
        answer = self.exchange.http(call, wire_s())
        self.flush()
        if answer is None:
            abort(request)
            raise web.HTTPServiceUnavailable
        status, text = answer
        await asyncio.sleep(self.exchange.late_s(rpc, wire_s()))
        return web.Response(status=status, text=text, content_type="application/json")

    # -- /sim -------------------------------------------------------------------------------------

    async def sim_state(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(sim.state(self.exchange, wire_s()))

    async def sim_faults(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(sim.faults(self.exchange, wire_s()))

    def sim_post(self, run: Callable[[Exchange, Mapping[str, object], float], sim.Json]) -> Handler:
        """A handler for a /sim command with a JSON body."""

        async def handle(request: web.Request) -> web.StreamResponse:
            try:
                body = _json_object(await request.text())
                answer = run(self.exchange, body, wire_s())
            except BadFrame as bad:
                return web.json_response(error_body(bad.error), status=400)
            except ApiError as error:
                return web.json_response(error_body(error), status=400)
            self.flush()
            return web.json_response(answer)

        return handle

    def routes(self) -> list[web.RouteDef]:
        """All paths of the server."""
        return [
            *(web.get(path, self.socket) for path in SOCKET_PATHS),
            web.post("/api/v2", self.http_post),
            web.get("/api/v2/{method:.+}", self.http_get),
            web.post("/api/v2/{method:.+}", self.http_post),
            web.get("/sim/state", self.sim_state),
            web.get("/sim/faults", self.sim_faults),
            web.post("/sim/pause", self.sim_post(lambda exchange, _, now_s: sim.pause(exchange, now_s))),
            web.post("/sim/resume", self.sim_post(lambda exchange, _, now_s: sim.resume(exchange, now_s))),
            web.post("/sim/trade", self.sim_post(sim.trade)),
            web.post("/sim/block", self.sim_post(sim_account.block)),
            web.post("/sim/transfer", self.sim_post(sim_account.move_money)),
            web.post("/sim/liquidate", self.sim_post(sim_account.liquidate)),
            web.post("/sim/adl", self.sim_post(sim_account.deleverage_position)),
            web.post("/sim/lock", self.sim_post(sim_account.lock)),
            web.post("/sim/faults", self.sim_post(sim.fault)),
            web.post("/sim/market", self.sim_post(sim.market)),
        ]


def _posted(method: str, body: str) -> Request:
    """A POST body is a JSON-RPC request; with the method in the path it may hold the parameters alone."""
    if not method or len(body.encode()) > MAX_REQUEST_BYTES:
        return parse_request(body)
    fields = _json_object(body)
    if "params" not in fields and "method" not in fields:
        return parse_request(json.dumps({"method": method, "params": fields}))
    return parse_request(json.dumps({"params": {}, **fields, "method": method}))


def _json_object(text: str) -> dict[str, object]:
    """A JSON object; an empty body is an empty one. Raises BadFrame."""
    if not text:
        return {}
    try:
        value = json.loads(text)
    except ValueError:
        raise BadFrame(ApiError(11050, "invalid json")) from None
    if not isinstance(value, dict):
        raise BadFrame(ApiError(11050, "not an object"))
    return value


def _refusal(status: int) -> web.HTTPException:
    """What stands before the exchange answers in HTML, whatever was asked."""
    title = f"{status} {HTTPStatus(status).phrase}"
    page = f"<html><head><title>{title}</title></head><body><center><h1>{title}</h1></center></body></html>"
    refused = web.HTTPException(text=page, content_type="text/html")
    refused.set_status(status)
    return refused


@dataclass(frozen=True, slots=True)
class Running:
    """A served exchange: how to reach it, and its inside for tests."""

    ready: Ready
    exchange: Exchange
    ticking: asyncio.Task[None]  # ends only by an error


@asynccontextmanager
async def running_exchange(
    options: Options | None = None, world: World | None = None
) -> AsyncIterator[Running]:
    """Serve an exchange on loopback until the block ends. ValueError or OSError: it cannot start."""
    options = options or Options()
    launched = launch(options, wire_s, world)
    with ExitStack() as stack:
        if launched.journal is not None:
            stack.callback(launched.journal.close)
        async with _serving(launched, options, _certificates(stack) if options.tls else None) as running:
            yield running


def _certificates(stack: ExitStack) -> Certificates:
    """Certificates of this run, in a folder that goes with it."""
    return make_certificates(Path(stack.enter_context(TemporaryDirectory(prefix="hedger-exchange-"))))


@asynccontextmanager
async def _serving(
    launched: Launched, options: Options, certificates: Certificates | None
) -> AsyncIterator[Running]:
    server = Server(launched.exchange)
    app = web.Application()
    app.add_routes(server.routes())
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
    await runner.setup()
    try:
        port = await _listen(runner, options.port or launched.origin.port, certificates)
        launched.remember_port(port)
        launched.exchange.tick(wire_s())
        ready = _ready(launched, port, None if certificates is None else certificates.ca)
        if options.ready_file is not None:
            write_ready_file(options.ready_file, ready)
        ticking = asyncio.create_task(server.tick_for_ever())
        try:
            yield Running(ready, launched.exchange, ticking)
        finally:
            ticking.cancel()
            with suppress(asyncio.CancelledError):
                await ticking
    finally:
        for connection in list(launched.exchange.connections.values()):
            connection.close(WSCloseCode.GOING_AWAY, "shutdown")
        server.flush()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int, certificates: Certificates | None) -> int:
    """Listen on loopback; returns the port."""
    context = None
    if certificates is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificates.server, certificates.key)
    site = web.TCPSite(runner, HOST, port, ssl_context=context)
    await site.start()
    bound: int = runner.addresses[0][1]
    return bound


def _ready(launched: Launched, port: int, ca_file: Path | None) -> Ready:
    secure, clock = "s" if ca_file else "", launched.exchange.clock
    return Ready(
        ws_url=f"ws{secure}://{HOST}:{port}/ws/api/v2",
        http_url=f"http{secure}://{HOST}:{port}/api/v2",
        client_id=launched.origin.client_id,
        client_secret=launched.origin.client_secret,
        account=launched.origin.account,
        speed=clock.speed,
        origin_ms=clock.origin_ms,
        started_unix_ms=round(clock.started_unix_ms),
        ca_file=str(ca_file) if ca_file else None,
    )


def write_ready_file(path: Path, ready: Ready) -> None:
    """Write atomically, readable by the owner only: whoever sees the file sees all of it."""
    partial = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(ready.as_json(), file, indent=1)
    partial.replace(path)
