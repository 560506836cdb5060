"""Who may call what: keys, signatures, tokens and scopes (deribit.md 3)."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from hedger.simulator.params import Params
from hedger.simulator.rpc import ApiError, invalid_param

CONNECTION_TOKEN_S = 31_536_000
SESSION_TOKEN_S = 900
_DEFAULT_RIGHTS = {"account": "read_write", "trade": "read_write", "wallet": "read", "block_trade": "read"}
_RIGHT_LEVELS = {"none": 0, "read": 1, "read_write": 2}


@dataclass(frozen=True, slots=True)
class Keys:
    """The one API key of the exchange. The secret is never printed."""

    client_id: str
    client_secret: str = field(repr=False)

    def signature(self, message: str) -> str:
        """hex(HMAC-SHA256(secret, message))"""
        return hmac.new(self.client_secret.encode(), message.encode(), hashlib.sha256).hexdigest()

    def signed(self, client_id: str, message: str, signature: str) -> bool:
        return client_id == self.client_id and hmac.compare_digest(self.signature(message), signature)


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token or a signed request may do."""

    scope: str
    rights: dict[str, str]
    expires_s: float  # wire time
    connection_id: int | None  # connection scope: the token lives and dies with this connection

    def allows(self, resource: str, level: str) -> bool:
        return _RIGHT_LEVELS[self.rights.get(resource, "none")] >= _RIGHT_LEVELS[level]

    def ending(self, wire_s: float) -> Grant:
        """The same grant, over at an instant of wire time if not before."""
        return replace(self, expires_s=min(self.expires_s, wire_s))


def parse_scope(asked: str, connection_id: int | None, wire_s: float) -> tuple[Grant, int]:
    """The grant for a requested scope and its lifetime in seconds."""
    words = asked.split()
    rights = {}
    lifetime_s = SESSION_TOKEN_S
    for word in words:
        resource, _, level = word.partition(":")
        if resource in _DEFAULT_RIGHTS and level in _RIGHT_LEVELS:
            rights[resource] = level
        elif resource == "expires" and level.isdigit():
            lifetime_s = int(level)
    rights = rights or dict(_DEFAULT_RIGHTS)
    session = next((word for word in words if word.startswith("session:")), None)
    bound = connection_id if session is None else None
    if session is None and not any(word.startswith("expires:") for word in words):
        lifetime_s = CONNECTION_TOKEN_S
    parts = [f"{name}:{level}" for name, level in sorted(rights.items()) if level != "none"]
    scope = " ".join(["connection" if session is None else session, *parts, "mainaccount"])
    return Grant(scope, rights, wire_s + lifetime_s, bound), lifetime_s


class Authority:
    """Issues and checks tokens."""

    def __init__(self, keys: Keys, new_token: Callable[[], str]) -> None:
        self.keys = keys
        self._new_token = new_token
        self._access: dict[str, Grant] = {}
        self._refresh: dict[str, str] = {}  # refresh token -> scope asked for

    def authenticate(
        self, params: Params, connection_id: int | None, wire_s: float, longest_s: int | None = None
    ) -> tuple[Grant, dict[str, object]]:
        """public/auth; the token lives no longer than `longest_s`.

        Raises 13004 for wrong keys or signatures, 13009 for a wrong refresh token.
        """
        scope = self._proven_scope(params)
        grant, lifetime_s = parse_scope(scope, connection_id, wire_s)
        if longest_s is not None:
            lifetime_s = min(lifetime_s, longest_s)
            grant = grant.ending(wire_s + lifetime_s)
        access, refresh = self._new_token(), self._new_token()
        self._access[access] = grant
        self._refresh[refresh] = scope
        result: dict[str, object] = {
            "access_token": access,
            "expires_in": lifetime_s,
            "refresh_token": refresh,
            "scope": grant.scope,
            "token_type": "bearer",
            "enabled_features": [],
        }
        if params.has("state"):
            result["state"] = params.text("state")
        return grant, result

    def _proven_scope(self, params: Params) -> str:
        kind = params.required_text("grant_type")
        if kind == "client_credentials":
            self._check_secret(params)
        elif kind == "client_signature":
            self._check_signature(params)
        elif kind == "refresh_token":
            known = self._refresh.pop(params.required_text("refresh_token"), None)
            if known is None:
                raise ApiError(13009, {"reason": "invalid_token"})
            return params.text("scope", known)
        else:
            raise invalid_param("grant_type", "wrong format")
        return params.text("scope")

    def _check_secret(self, params: Params) -> None:
        client_id, secret = params.required_text("client_id"), params.required_text("client_secret")
        same = hmac.compare_digest(secret.encode(), self.keys.client_secret.encode())
        if client_id != self.keys.client_id or not same:
            raise ApiError(13004)

    def _check_signature(self, params: Params) -> None:
        timestamp = params.integer("timestamp")
        if timestamp is None:
            raise invalid_param("timestamp", "value required")
        message = f"{timestamp}\n{params.text('nonce')}\n{params.text('data')}"
        signature = params.required_text("signature")
        if not self.keys.signed(params.required_text("client_id"), message, signature):
            raise ApiError(13004)

    def token_grant(self, token: str, connection_id: int | None, wire_s: float) -> Grant:
        """The grant of an access token. Raises 13009: unknown, expired, or bound to another connection."""
        grant = self._access.get(token)
        elsewhere = grant is not None and grant.connection_id not in (None, connection_id)
        if grant is None or elsewhere or wire_s >= grant.expires_s:
            raise ApiError(13009, {"reason": "invalid_token"})
        return grant

    def header_grant(self, header: str, method: str, uri: str, body: str, wire_s: float) -> Grant:
        """The grant of an HTTP `Authorization` header: Bearer token or `deri-hmac-sha256` signature.

        The signature covers `ts\\nnonce\\nMETHOD\\nURI\\nBODY\\n`. A repeated timestamp or nonce is accepted:
        real clients send two calls within one millisecond.
        """
        scheme, _, rest = header.partition(" ")
        if scheme.lower() == "bearer":
            return self.token_grant(rest.strip(), None, wire_s)
        if scheme.lower() != "deri-hmac-sha256":
            raise ApiError(13009, {"reason": "invalid_token"})
        fields = dict(part.strip().partition("=")[::2] for part in rest.split(","))
        message = f"{fields.get('ts', '')}\n{fields.get('nonce', '')}\n{method}\n{uri}\n{body}\n"
        if not self.keys.signed(fields.get("id", ""), message, fields.get("sig", "")):
            raise ApiError(13009, {"reason": "invalid_signature"})
        return parse_scope("", None, wire_s)[0]

    def expire_all(self, wire_s: float) -> None:
        """Every token so far is worth nothing any more, refresh tokens included."""
        self._access = {token: grant.ending(wire_s) for token, grant in self._access.items()}
        self._refresh.clear()

    def forget_connection(self, connection_id: int) -> None:
        """Tokens of connection scope die with their connection."""
        self._access = {t: g for t, g in self._access.items() if g.connection_id != connection_id}
