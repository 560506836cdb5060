"""How the command line talks to a running daemon: typed answers over loopback HTTP, every wait bounded."""

from __future__ import annotations

import http.client
import os
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TypeVar

import msgspec
import typer

from hedger.domain.errors import AuthError, ConfigError, HedgerError, VenueError
from hedger.web.token import read_token

DEFAULT_URL = "http://127.0.0.1:8787"
DEFAULT_STATE_DIR = Path(".hedger")
TIMEOUT_S = 10.0
_MOST_BYTES = 16 * 1024 * 1024
_WRONG_TOKEN = (
    "the daemon refused the token: give --state-dir of the running daemon, or its token in HEDGER_TOKEN, "
    "which comes first"
)

Url = Annotated[str, typer.Option("--url", help="Address of the running daemon.")]
BookName = Annotated[str, typer.Option("--book", help="One book; all of them when left out.")]
AsJson = Annotated[bool, typer.Option("--json", help="The daemon's answer as JSON.")]

_Answer = TypeVar("_Answer")


class _ErrorBody(msgspec.Struct, frozen=True):
    error: str
    field: str = ""


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A token must not follow a redirect to somewhere else."""

    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


class Client:
    """One daemon by its address. Raises ConfigError, AuthError or VenueError, each a line that says which."""

    def __init__(self, url: str, token: str = "") -> None:
        parts = urllib.parse.urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigError(f"--url {url!r}: must be http://HOST:PORT")
        self._url, self._token = url.rstrip("/"), token
        # Proxies of the environment are for the internet, not for the daemon next door.
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect())

    def get(self, path: str, answer: type[_Answer], **query: str | int) -> _Answer:
        """GET and decode; empty parameters are left out."""
        wanted = {name: value for name, value in query.items() if value != ""}
        suffix = f"?{urllib.parse.urlencode(wanted)}" if wanted else ""
        return self._decoded(urllib.request.Request(f"{self._url}{path}{suffix}"), answer)

    def post(self, path: str, body: Mapping[str, str | float | bool], answer: type[_Answer]) -> _Answer:
        """POST JSON with the bearer token."""
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
        request = urllib.request.Request(
            f"{self._url}{path}", data=msgspec.json.encode(body), headers=headers
        )
        return self._decoded(request, answer)

    def _decoded(self, request: urllib.request.Request, answer: type[_Answer]) -> _Answer:
        body = self._asked(request)
        try:
            return msgspec.json.decode(body, type=answer)
        except (ValueError, RecursionError) as error:
            raise VenueError(f"{self._url} does not answer like a hedger of this version: {error}") from error

    def _asked(self, request: urllib.request.Request) -> bytes:
        try:
            with self._opener.open(request, timeout=TIMEOUT_S) as response:
                body: bytes = response.read(_MOST_BYTES)
                return body
        except urllib.error.HTTPError as error:
            with error:
                raise self._refusal(error.code, error.read(_MOST_BYTES)) from error
        except (OSError, http.client.HTTPException) as error:
            reason = getattr(error, "reason", None) or error or type(error).__name__
            raise VenueError(f"no daemon answers at {self._url}: {reason}") from error

    def _refusal(self, status: int, body: bytes) -> HedgerError:
        if status == 401:
            return AuthError(_WRONG_TOKEN)
        try:
            told = msgspec.json.decode(body, type=_ErrorBody).error
        except (ValueError, RecursionError):
            return VenueError(f"{self._url} does not answer like a hedger: HTTP {status}")
        if status == 403:
            return AuthError(told)
        return ConfigError(told) if status < 500 else VenueError(told)


def token_of(state_dir: Path) -> str:
    """The token of HEDGER_TOKEN, else of the daemon's state directory. Raises AuthError."""
    return os.environ.get("HEDGER_TOKEN", "").strip() or read_token(state_dir)


@contextmanager
def told_errors() -> Iterator[None]:
    """Turn an error of ours into one line on stderr and its exit code."""
    try:
        yield
    except HedgerError as error:
        typer.echo(f"hedger: {error}", err=True)
        raise typer.Exit(error.exit_code) from error


def print_json(answer: object) -> None:
    """The answer as indented JSON on stdout."""
    typer.echo(msgspec.json.format(msgspec.json.encode(answer), indent=2).decode())
