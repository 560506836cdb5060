"""The route table: every path of the API with what it takes, what it answers and how it refuses.

`web.api` serves exactly these, `web.openapi` describes exactly these.
"""

from __future__ import annotations

from typing import Any, NamedTuple

from hedger.web import answers, reconcile, requests, tuning
from hedger.web.health import HealthAnswer, ReadyAnswer

TEXT = "text/plain"
ANYWHERE = (400, 408, 413, 421)  # no request, a body that is late or too large, a Host that is not ours


class Query(NamedTuple):
    """A parameter behind the question mark, or in the path."""

    name: str
    schema: dict[str, Any]
    meaning: str
    where: str = "query"


class Operation(NamedTuple):
    """One method of one path; `name` is that of its handler."""

    method: str
    path: str
    name: str
    meaning: str
    answer: type[Any] | None  # None: text
    body: type[Any] | None = None
    parameters: tuple[Query, ...] = ()
    refusals: tuple[int, ...] = ()  # beside those of ANYWHERE
    also: int | None = None  # another status that carries the same answer

    @property
    def needs_token(self) -> bool:
        return self.method == "POST"


BOOK = Query("book", {"type": "string"}, "Name of a book; left out: all of them.")
LIMIT = Query(
    "limit",
    {
        "type": "integer",
        "minimum": 1,
        "maximum": requests.MOST_DECISIONS,
        "default": requests.DEFAULT_LIMIT,
    },
    "How many at most.",
)
BEFORE = Query(
    "before_ms",
    {"type": "integer", "minimum": 0, "maximum": requests.LAST_MS},
    "Only decisions before this market time, milliseconds since the epoch.",
)
RESUMED = Query("resumed", {"type": "boolean", "default": False}, "As if every breaker were resumed first.")
UNDERLYING = Query(
    "underlying",
    {"type": "string", "pattern": f"^{requests.UNDERLYING.pattern}$"},
    "The coin; left out: that of the first book.",
)
COMMAND = Query(
    "command",
    {"type": "string", "enum": [command.value for command in requests.Command]},
    "What is to be done.",
    where="path",
)


def _get(path: str, name: str, meaning: str, answer: type[Any] | None, **more: Any) -> Operation:
    return Operation("GET", path, name, meaning, answer, **more)


def _post(path: str, name: str, meaning: str, body: type[Any], answer: type[Any], **more: Any) -> Operation:
    more["refusals"] = (401, *more.get("refusals", ()), 409, 504)  # 409 also of a standby
    return Operation("POST", path, name, meaning, answer, body, **more)


OPERATIONS: tuple[Operation, ...] = (
    _get("/healthz", "healthz", "Whether the engine steps.", HealthAnswer, also=503),
    _get("/readyz", "readyz", "Whether everything a hedge needs is known.", ReadyAnswer, also=503),
    _get("/metrics", "metrics", "Everything counted, for Prometheus.", None),
    _get("/v1/openapi.json", "openapi", "This document.", dict),
    _get("/v1/status", "status", "How it stands.", answers.StatusAnswer),
    _get(
        *("/v1/decisions", "decisions", "Decisions that acted or changed their reason, the newest first."),
        answers.DecisionsAnswer,
        parameters=(LIMIT, BOOK, BEFORE),
        refusals=(404, 504),
    ),
    _get(
        *("/v1/why", "why", "Why each book did not trade, or did."),
        answers.WhysAnswer,
        parameters=(BOOK,),
        refusals=(404,),
    ),
    _get(
        *("/v1/plan", "plan", "What each book would do now; nothing is sent."),
        answers.PlansAnswer,
        parameters=(BOOK, RESUMED),
        refusals=(404,),
    ),
    _get(
        *("/v1/outlook", "outlook", "The next orders by index level, and a spot x vol grid."),
        answers.OutlooksAnswer,
        parameters=(BOOK,),
        refusals=(404,),
    ),
    _get(
        *("/v1/chain", "chain", "Puts and calls of an underlying, side by side."),
        answers.ChainAnswer,
        parameters=(UNDERLYING,),
    ),
    _post(
        *("/v1/commands/{command}", "command", "A breaker, or `confirm`; of one book or of the daemon."),
        requests.CommandBody,
        answers.CommandAnswer,
        parameters=(COMMAND,),
        refusals=(404,),
    ),
    _post(
        *("/v1/orders", "order", "An order by hand, through the same limits and the same journal."),
        requests.OrderBody,
        answers.OrderPlaced,
        refusals=(404,),
    ),
    _post(
        *("/v1/orders/cancel", "cancel", "Cancels one order of ours."),
        requests.CancelBody,
        answers.CancelAnswer,
        refusals=(404,),
    ),
    _post(
        *("/v1/override", "override", "A wider or narrower band that comes back by itself."),
        tuning.OverrideBody,
        tuning.OverrideAnswer,
        refusals=(404,),
    ),
    _post(
        *("/v1/set", "set", "A key of the running daemon, above the file, kept over restarts."),
        tuning.SetBody,
        tuning.SetAnswer,
    ),
    _post(
        *("/v1/hold", "hold", "Waits while a person trades by hand; 0 seconds end it."),
        requests.HoldBody,
        answers.HoldAnswer,
        refusals=(404,),
    ),
    _post(
        *(
            "/v1/reconcile",
            "reconcile",
            "Takes the venue's positions as they are, unexplained as they may be.",
        ),
        reconcile.ReconcileBody,
        reconcile.ReconcileAnswer,
        refusals=(404,),
    ),
)
