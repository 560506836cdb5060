"""The two sides of a run as a test sees them: the exchange with its whole truth, the daemon with its API."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.end_to_end import web
from tests.end_to_end.waiting import WITHIN_S, until
from tests.journal.places import Place

if TYPE_CHECKING:
    from tests.end_to_end.yard import Process

PERPETUAL = "BTC-PERPETUAL"
NOISE_COIN = Decimal("1e-9")


class Exchange:
    """A local exchange, asked through its /sim endpoints and its own API."""

    def __init__(self, process: Process, ready_file: Path, ready: dict[str, Any]) -> None:
        self.process, self.ready_file, self.ready = process, ready_file, ready
        self._root = ready["http_url"].removesuffix("/api/v2")

    @property
    def secret(self) -> str:
        secret: str = self.ready["client_secret"]
        return secret

    def state(self) -> dict[str, Any]:
        return self._told("state", web.get(f"{self._root}/sim/state"))

    def hedges(self) -> list[dict[str, Any]]:
        """Every order that carries a label of the daemon."""
        return [order for order in self.state()["orders"] if order["label"].startswith("h-")]

    def pause(self) -> None:
        self._sim("pause")

    def resume(self) -> None:
        self._sim("resume")

    def trade(self, side: str, amount: int, instrument: str = PERPETUAL) -> None:
        """A person trades on the account, at market."""
        self._sim("trade", instrument=instrument, side=side, amount=amount)

    def liquidate(self, rounds: int = 2) -> None:
        """The venue takes the account in hand, whatever its margin."""
        self._sim("liquidate", rounds=rounds)

    def deleverage(self, amount: int, instrument: str = PERPETUAL) -> None:
        """Auto-deleveraging takes a part of a position at the mark."""
        self._sim("adl", instrument=instrument, amount=amount)

    def block(self, *legs: tuple[str, int, str], gap_ms: int = 0) -> None:
        """A person's block of (side, amount, instrument), its legs told one by one."""
        rows = [{"side": side, "amount": amount, "instrument": name} for side, amount, name in legs]
        self._sim("block", legs=rows, gap_ms=gap_ms)

    def deposit(self, amount: float, currency: str = "BTC") -> None:
        self._sim("transfer", type="deposit", currency=currency, amount=amount)

    def fault(self, kind: str, **how: Any) -> None:
        self._sim("faults", kind=kind, **how)

    def move(self, index: float) -> None:
        """The fixed market of a book file jumps to a level."""
        self._sim("market", index=index)

    def private(self, method: str, query: str) -> Any:
        """A private method over HTTP with the account's key."""
        key = f"client_id={self.ready['client_id']}&client_secret={self.secret}"
        token = self._http(f"public/auth?grant_type=client_credentials&{key}")["access_token"]
        return self._http(f"private/{method}?{query}", Authorization=f"Bearer {token}")

    def public(self, method: str, query: str) -> Any:
        """A public method over HTTP."""
        return self._http(f"public/{method}?{query}")

    def _http(self, call: str, **headers: str) -> Any:
        return self._told(call, web.get(f"{self.ready['http_url']}/{call}", **headers))["result"]

    def _sim(self, command: str, **body: Any) -> None:
        self._told(command, web.post(f"{self._root}/sim/{command}", body))

    @staticmethod
    def _told(what: str, answer: web.Answer) -> dict[str, Any]:
        assert answer.status == 200, (what, answer)
        told: dict[str, Any] = answer.json
        return told


class Daemon:
    """A running daemon with one book, asked through its API."""

    def __init__(self, process: Process, url: str, state_dir: Path, journal: Place) -> None:
        self.process, self.url, self.state_dir, self.journal = process, url, state_dir, journal

    @property
    def token(self) -> str:
        return (self.state_dir / "token").read_text().strip()

    def get(self, path: str) -> web.Answer:
        return web.get(f"{self.url}{path}")

    def status(self) -> dict[str, Any]:
        answer = self.get("/v1/status")
        assert answer.status == 200, answer
        status: dict[str, Any] = answer.json
        return status

    def book(self) -> dict[str, Any]:
        book: dict[str, Any] = self.status()["books"][0]
        return book

    def reason(self) -> str:
        """Why the last decision was what it was."""
        last = self.book()["last_decision"]
        return "" if last is None else str(last["reason"])

    def command(self, name: str, **more: Any) -> web.Answer:
        """As an operator with the token."""
        return self.post(f"/v1/commands/{name}", **more)

    def post(self, path: str, **body: Any) -> web.Answer:
        """Anything that needs the token."""
        words = {"reason": "a test", **body}
        return web.post(f"{self.url}{path}", words, Authorization=f"Bearer {self.token}")

    def until_ready(self, within_s: float = WITHIN_S) -> None:
        until(lambda: self.get("/readyz").status == 200, "the daemon ready", within_s)

    def until_reason(self, *reasons: str, within_s: float = WITHIN_S) -> str:
        """Wait for a decision of one of these reasons."""
        return until(lambda: (at := self.reason()) in reasons and at, f"a decision: {reasons}", within_s)

    def until_quiet(self, within_s: float = WITHIN_S) -> dict[str, Any]:
        """Wait until delta lies inside the band with no order on its way; the status of that moment."""
        return until(self._quiet_status, "delta inside the band and no order on its way", within_s)

    def _quiet_status(self) -> dict[str, Any] | None:
        status = self.status()
        return status if is_quiet(status) else None


def inside(book: dict[str, Any]) -> bool:
    """Whether delta is known and inside the band."""
    y, band = book["delta"]["used"], book["band"]
    if y is None or band["lower"] is None or band["upper"] is None:
        return False
    return bool(band["lower"] - NOISE_COIN <= y <= band["upper"] + NOISE_COIN)


def is_quiet(status: dict[str, Any]) -> bool:
    orders, book = status["orders"], status["books"][0]
    if orders["open"] + orders["unknown"] or book["working"]["hedge"] is not None:
        return False  # a hedge may be inside the band already and still be worked, clip by clip
    return status["state"] == "running" and inside(book)
