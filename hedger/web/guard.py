"""What stands before every handler: who may ask, how errors are told, which headers leave."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import msgspec
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware

from hedger.web.port import DaemonPort

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
    "Server": "hedger",
}


class ApiError(Exception):
    """A request that cannot be served; `field` names the part of it that is wrong."""

    def __init__(self, status: int, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.field = status, message, field


class ErrorAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """The body of every refusal."""

    error: str  # what is wrong, and what would be right
    field: str | None = None  # the part of the request that is


def json_response(value: object, status: int = 200) -> web.Response:
    """JSON by msgspec: numbers that are not finite become null."""
    return web.Response(body=msgspec.json.encode(value), status=status, content_type="application/json")


def error_response(status: int, message: str, field: str | None = None) -> web.Response:
    return json_response(ErrorAnswer(error=message, field=field), status)


async def add_security_headers(_request: web.Request, response: web.StreamResponse) -> None:
    """A signal of aiohttp, so that its own error pages carry the headers too."""
    response.headers.update(SECURITY_HEADERS)


@web.middleware
async def errors_as_json(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every refusal is `{error, field?}`, also aiohttp's own 404, 405 and 413."""
    try:
        return await handler(request)
    except ApiError as error:
        response = error_response(error.status, error.message, error.field)
        if error.status == 401:
            response.headers["WWW-Authenticate"] = 'Bearer realm="hedger"'
        return response
    except web.HTTPException as error:
        response = error_response(error.status, _told(request, error))
        if isinstance(error, web.HTTPMethodNotAllowed):
            response.headers["Allow"] = ", ".join(sorted(error.allowed_methods))
        return response


def host_check(allowed_hosts: tuple[str, ...]) -> Middleware:
    """Refuse requests addressed to a name that is not ours.

    A page of another site can make its own name resolve to 127.0.0.1 (DNS rebinding); the browser then
    sends that name as Host.
    """
    allowed = tuple(name.lower() for name in (*LOOPBACK_NAMES, *allowed_hosts))

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        name = host_name(request.headers.get("Host", ""))
        if name not in allowed:
            raise ApiError(421, f"host {name!r} is not served here, only {', '.join(allowed)}", "Host")
        return await handler(request)

    return check


def body_in_time(seconds: float) -> Middleware:
    """A body that does not come is no reason to wait for ever; handlers find it read."""

    @web.middleware
    async def read(request: web.Request, handler: Handler) -> web.StreamResponse:
        if request.can_read_body:
            try:
                async with asyncio.timeout(seconds):
                    await request.read()
            except TimeoutError as error:
                raise ApiError(408, f"the body did not arrive within {seconds:g} s") from error
        return await handler(request)

    return read


def host_name(host: str) -> str:
    """The name of a Host header without its port, lower case; an IPv6 address keeps its brackets."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()


def not_standby(standby_of: Callable[[], str]) -> Middleware:
    """Refuse whatever acts while another run holds the account: the person wants that one."""

    @web.middleware
    async def check(request: web.Request, handler: Handler) -> web.StreamResponse:
        holder = standby_of() if request.method == "POST" else ""
        if holder:
            raise ApiError(409, f"this hedger is a standby; {holder} holds the account, tell that one")
        return await handler(request)

    return check


def require_token(request: web.Request, token: str) -> None:
    """Raises ApiError 401 unless the request carries the token; the comparison takes constant time."""
    scheme, _, given = request.headers.get("Authorization", "").partition(" ")
    same = hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), token.encode())
    if scheme.lower() != "bearer" or not token or not same:
        raise ApiError(401, "commands need the header Authorization: Bearer TOKEN", "Authorization")


TAKEN_IN = "taken in and in force, but not written down"
NOT_KEPT = "a restart before it can be would not know of it, `hedger status` shows how it stands"


@asynccontextmanager
async def deadline(seconds: float, what: str, daemon: DaemonPort | None = None) -> AsyncIterator[None]:
    """A bound on a wait that ends in 504, so that no caller hangs on a stuck daemon.

    `daemon` has been told to act: one that steps has done so, and may only be waiting for its journal.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        why = f"no answer within {seconds:g} s"
        if daemon is not None and daemon.step_age_s < seconds and not daemon.view().journal_ok:
            why = f"{TAKEN_IN} within {seconds:g} s: the journal cannot be written; {NOT_KEPT}"
        raise ApiError(504, f"{what}: {why}") from error


def _told(request: web.Request, error: web.HTTPException) -> str:
    if isinstance(error, web.HTTPNotFound):
        return f"no such path: {request.path}"
    if isinstance(error, web.HTTPMethodNotAllowed):
        return f"{request.method} is not allowed on {request.path}"
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return "the body is too large"
    return error.reason
