"""Who we are: hello, auth, refresh, and one re-authentication when a token is not accepted (deribit.md 3)."""

from __future__ import annotations

import msgspec

from hedger.domain.errors import AuthError
from hedger.domain.vocabulary import Environment
from hedger.engine.events import Event, Now
from hedger.venues.deribit import encode, wire
from hedger.venues.deribit.decode import UNREADABLE
from hedger.venues.deribit.encode import Request
from hedger.venues.deribit.errors import (
    ACCOUNT_LOCKED,
    AUTH_FATAL,
    LOGIN_OVER_LIMIT,
    UNAUTHENTICATED_DISABLED,
    UNAUTHORIZED,
)
from hedger.venues.deribit.link import Done, Link
from hedger.venues.deribit.params import DeribitParams, Grant, endpoint
from hedger.venues.deribit.rpc import Failure, Reply
from hedger.venues.secret import Secret

REFRESH_SHARE = 0.8  # of a token's life, in wire time
REAUTH_PAUSE_S = 60.0  # a token refused again within this is not a matter of expiry
LOGIN_PAUSE_S = 60.0  # after 12003, while the account is locked, and where a key that was good is refused
TRADE_SCOPE = "trade:read_write"

_AUTHENTICATED = msgspec.json.Decoder(wire.Authenticated)


class Login:
    """Proves who we are on each connection; the secret is revealed only where the frame is built."""

    def __init__(
        self,
        link: Link,
        environment: Environment,
        params: DeribitParams,
        trading: bool,
        version: str,
        done: Done,
    ) -> None:
        self._link, self._environment, self._params = link, environment, params
        self._trading, self._version, self._done = trading, version, done
        self._url = endpoint(environment, params)
        self._secret = Secret(params.client_secret)
        self._refresh_token = Secret("")
        self._opened = Now(0, 0.0)
        self._unix_ms, self._nonce, self._signatures = 0, "", 0
        self._asked, self._last_reauth_wire_s = False, float("-inf")
        self.refresh_at_wire_s: float | None = None
        self.authenticated = False
        self._proved = False  # the venue has taken the key once in this run

    def start(self, now: Now, unix_ms: int, nonce: str) -> None:
        """A connection is open: first learn which environment it is, only then show the key."""
        self._opened, self._unix_ms, self._nonce, self._signatures = now, unix_ms, nonce, 0
        self.authenticated, self.refresh_at_wire_s, self._asked = False, None, False
        self._last_reauth_wire_s = float("-inf")
        if not self._params.client_id or not self._secret:
            missing = "client_secret" if self._params.client_id else "client_id"
            self._link.fatal(
                AuthError(f"{self._link.venue}: {missing} is empty: set the API key of {self._url}")
            )
            return
        self._link.ask(encode.hello(self._version), now, self._greeted, self._not_greeted)

    def _greeted(self, reply: Reply, now: Now) -> list[Event]:
        """Every answer says whether it is the test system's."""
        expected = {Environment.TESTNET: True, Environment.PRODUCTION: False}.get(self._environment)
        if expected is not None and reply.testnet is not None and reply.testnet is not expected:
            self._link.fatal(
                AuthError(
                    f"{self._link.venue}: environment is {self._environment}, but {self._url} "
                    f"says testnet = {str(reply.testnet).lower()}"
                )
            )
            return []
        self._authenticate(now)
        return []

    def _not_greeted(self, failure: Failure, now: Now) -> list[Event]:
        """11056: public calls need a key these days; show it."""
        if failure.code == UNAUTHENTICATED_DISABLED:
            self._authenticate(now)
        else:
            self._link.end(f"public/hello: {failure}")
        return []

    def _authenticate(self, now: Now) -> None:
        self._asked = True
        self._link.ask_first(self._request(now), now, self._accepted, self._not_accepted)

    def _request(self, now: Now) -> Request:
        if self._params.auth is Grant.CREDENTIALS:
            return encode.auth_credentials(self._params.client_id, self._secret)
        self._signatures += 1
        timestamp_ms = self._unix_ms + int((now.wire_s - self._opened.wire_s) * 1000)
        nonce = f"{self._nonce}{self._signatures}"
        return encode.auth_signature(self._params.client_id, self._secret, timestamp_ms, nonce)

    def _accepted(self, reply: Reply, now: Now) -> list[Event]:
        self._asked = False
        try:
            token = _AUTHENTICATED.decode(reply.result)
        except UNREADABLE as error:
            self._link.end(f"public/auth: {error}")
            return []
        if self._trading and token.scope and TRADE_SCOPE not in token.scope.split():
            self._link.fatal(
                AuthError(
                    f"{self._link.venue}: the key's scope is {token.scope!r}, trading needs {TRADE_SCOPE}"
                )
            )
            return []
        self._refresh_token = Secret(token.refresh_token)
        self.refresh_at_wire_s = now.wire_s + REFRESH_SHARE * max(token.expires_in, 1.0)
        first, self.authenticated, self._proved = not self.authenticated, True, True
        return self._done(reply, now) if first else []

    def _not_accepted(self, failure: Failure, now: Now) -> list[Event]:
        self._asked = False
        why = AUTH_FATAL.get(failure.code, "")
        told = (
            f"{self._url} ({self._environment}) refuses client_id {self._params.client_id!r} with {failure}"
        )
        if why and not self._proved:
            self._link.fatal(AuthError(f"{self._link.venue}: {told}: {why}"))
        elif (
            why
        ):  # the venue has a bad hour, our clock was set, or the key was taken from us: nobody can tell
            self._link.end(f"{told}, which it has taken before: {why}", LOGIN_PAUSE_S)
        else:
            later = failure.code == LOGIN_OVER_LIMIT or failure.code in ACCOUNT_LOCKED
            self._link.end(f"public/auth: {failure}", LOGIN_PAUSE_S if later else 0.0)
        return []

    def reauthenticate(self, now: Now) -> None:
        """A call was refused as unauthorized: once with the key again, then a new connection."""
        if self._asked:
            return
        if now.wire_s - self._last_reauth_wire_s < REAUTH_PAUSE_S:
            self._link.end("unauthorized again after a re-authentication")
            return
        self._last_reauth_wire_s = now.wire_s
        self._authenticate(now)

    def tick(self, now: Now) -> None:
        """Refresh the token before it expires, ahead of all that waits for credits and needs it."""
        if self.refresh_at_wire_s is None or now.wire_s < self.refresh_at_wire_s or self._asked:
            return
        self._asked, self.refresh_at_wire_s = True, None
        refresh = encode.auth_refresh(self._refresh_token)
        self._link.ask_first(refresh, now, self._accepted, self._not_refreshed)

    def _not_refreshed(self, failure: Failure, now: Now) -> list[Event]:
        """A refresh token that is not accepted is no fault of the key: show the key itself."""
        self._asked = False
        if failure.code == UNAUTHORIZED or failure.code in AUTH_FATAL:
            self._authenticate(now)
        else:
            self._link.end(f"refresh of the token: {failure}")
        return []
