"""Who may pass: proof of identity, credits and rights of every request (deribit.md 3 and 5)."""

from __future__ import annotations

from dataclasses import dataclass, field

from hedger.simulator.auth import Authority, Grant
from hedger.simulator.connection import Connection
from hedger.simulator.limits import Buckets, Limits
from hedger.simulator.rpc import ApiError, Request


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP call, already parsed: `uri` is path and query as sent (it is signed)."""

    verb: str
    uri: str
    body: str
    authorization: str
    request: Request


@dataclass(slots=True)
class Admission:
    """Credits are counted per account; callers without a key share a bucket of their own."""

    authority: Authority
    limits: Limits
    account: Buckets = field(init=False)
    anonymous: Buckets = field(init=False)

    def __post_init__(self) -> None:
        self.account, self.anonymous = Buckets(self.limits), Buckets(self.limits)

    def identify(
        self, request: Request, connection: Connection | None, wire_s: float, http: HttpRequest | None
    ) -> Grant | None:
        """What the caller may do: by token in the parameters, by header, or by its connection."""
        token = request.params.get("access_token")
        if isinstance(token, str):
            return self.authority.token_grant(token, connection.id if connection else None, wire_s)
        if http is not None and http.authorization and request.method.startswith("private/"):
            header = http.authorization
            return self.authority.header_grant(header, http.verb, http.uri, http.body, wire_s)
        return connection.grant if connection else None

    def charge(self, grant: Grant | None, method: str, wire_s: float) -> None:
        """Spend a credit. Raises 10028 when there is none."""
        if not self.buckets(grant).take(method, wire_s):
            raise ApiError(10028)

    def buckets(self, grant: Grant | None) -> Buckets:
        return self.anonymous if grant is None else self.account

    def authorize(self, grant: Grant | None, right: tuple[str, str] | None, wire_s: float) -> None:
        """Raises 13009 without a valid grant, 13021 where its scope does not reach."""
        if grant is None:
            raise ApiError(13009)
        if wire_s >= grant.expires_s:
            raise ApiError(13009, {"reason": "invalid_token"})
        if right is not None and not grant.allows(*right):
            raise ApiError(13021)
