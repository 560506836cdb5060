"""Logs by structlog: one JSON object or one console line per note, wall and market time on each, no secrets.

The core does not log: it returns notes, `NoteLog.render` says them. Libraries that use the standard logging
module end in the same stream, through the same redaction.
"""

from __future__ import annotations

import json
import logging
import math
from collections.abc import Callable, Iterable
from typing import Any, TextIO
from urllib.parse import quote

import structlog
from structlog.typing import EventDict, Processor

from hedger.domain.instants import iso_time
from hedger.domain.vocabulary import Action, Severity
from hedger.engine.decision import Decision
from hedger.engine.effects import Note
from hedger.engine.events import Now

MASK = "***"

LEVELS: dict[Severity, int] = {
    Severity.DEBUG: logging.DEBUG,
    Severity.INFO: logging.INFO,
    Severity.WARNING: logging.WARNING,
    Severity.ERROR: logging.ERROR,
    Severity.CRITICAL: logging.CRITICAL,
}

_OWN_KEYS = ("time", "level", "event", "market_time", "logger")  # of every line, in this order
_RESERVED = frozenset({*_OWN_KEYS, "exc_info", "stack_info"})

_CANONICAL = (
    *("book", "mode", "action", "reason", "detail", "label", "instrument", "side"),
    *("amount", "amount_coin", "amount_usd", "amount_contracts"),
    *("delta_coin", "target_delta_coin", "lower_coin", "upper_coin", "in_flight_coin"),
    *("gamma_coin_per_usd", "theta_usd_per_day", "index_usd", "iv", "config_hash"),
)


SHORTEST = 6  # characters


class Redactor:
    """The last line of defence: masks registered secrets wherever they turn up in an event."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._forms: list[str] = []
        self.register(*secrets)

    def register(self, *secrets: str) -> None:
        """Mask these from now on, also as they look inside JSON or a URL.

        Nothing shorter than a secret can be is masked: it would mangle ordinary words.
        """
        forms = {form for secret in secrets if len(secret) >= SHORTEST for form in _forms(secret)}
        self._forms = sorted(forms.union(self._forms), key=lambda form: (-len(form), form))

    def text(self, text: str) -> str:
        for form in self._forms:
            text = text.replace(form, MASK)
        return text

    def value(self, value: Any) -> Any:
        """The same value with secrets masked; anything that is not plain data is shown as masked text."""
        match value:
            case None | bool():
                return value
            case int() | float():
                return self._number(value)
            case dict():
                return {self.text(str(key)): self.value(inner) for key, inner in value.items()}
            case list() | tuple():
                return [self.value(inner) for inner in value]
            case bytes():
                return self.text(value.decode("utf-8", "replace"))
            case _:
                return self.text(str(value))

    def _number(self, value: float) -> float | str:
        """A number whose digits are a secret is masked; JSON has no word for one that is not finite."""
        text = self.text(str(value))
        return text if text != str(value) or not math.isfinite(value) else value

    def __call__(self, _logger: Any, _method: str, event: EventDict) -> EventDict:
        """As a structlog processor."""
        own = {key: value for key, value in event.items() if key.startswith("_")}
        told = {key: value for key, value in event.items() if key not in own}
        lines_own = {key: self.value(told.pop(key)) for key in _OWN_KEYS if key in told}
        return {**lines_own, **self.value(told), **own}


class NoteLog:
    """Says notes and decisions on one stream. `unix_ms` is the wall clock.

    `left_out` tells how many lines the stream has lost since it was asked last.
    """

    def __init__(
        self,
        stream: TextIO,
        unix_ms: Callable[[], int],
        as_json: bool = True,
        level: Severity = Severity.INFO,
        secrets: Iterable[str] = (),
        left_out: Callable[[], int] = lambda: 0,
    ) -> None:
        self.redactor = Redactor(secrets)
        self._stream, self._level, self._left_out = stream, LEVELS[level], left_out
        self._prepare: list[Processor] = [_stamp(unix_ms), structlog.processors.format_exc_info]
        self._finish: list[Processor] = [self.redactor, _renderer(as_json, stream)]
        self._logger = structlog.wrap_logger(
            structlog.WriteLogger(stream),
            processors=[*self._prepare, *self._finish],
            wrapper_class=structlog.make_filtering_bound_logger(self._level),
        ).bind()

    def render(self, note: Note, now: Now) -> None:
        """One line for a note of the engine; before it another where lines were lost."""
        if lost := self._left_out():
            self._say(Severity.WARNING, "log_lines_lost", {"lines": lost}, now)
        self._say(note.severity, note.name, note.fields, now)

    def decided(self, decision: Decision, now: Now) -> None:
        """The canonical line of a decision that did or would trade; others are silent."""
        if decision.action in (Action.HEDGE, Action.WOULD_HEDGE):
            self._say(Severity.INFO, "decision", canonical_fields(decision), now)

    def take_over_standard_logging(self) -> None:
        """Send what libraries say (warnings and up) to this stream, redacted."""
        formatter = structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *self._finish],
            foreign_pre_chain=[_add_foreign, *self._prepare],
        )
        handler = logging.StreamHandler(self._stream)
        handler.setFormatter(formatter)
        root = logging.getLogger()
        root.handlers[:] = [handler]
        root.setLevel(max(self._level, logging.WARNING))
        logging.captureWarnings(True)

    def _say(self, severity: Severity, name: str, fields: dict[str, Any], now: Now) -> None:
        plain = {_free(key): value for key, value in fields.items()}
        self._logger.log(LEVELS[severity], name, market_time=iso_time(now.market_ms), **plain)


def canonical_fields(decision: Decision) -> dict[str, Any]:
    """Everything one needs to judge a hedge, in a fixed order; what is not known is left out."""
    values = {name: getattr(decision, name) for name in _CANONICAL}
    return {name: value for name, value in values.items() if value not in (None, "")}


def _free(key: str) -> str:
    """A field of a note never replaces the line's own keys."""
    return f"field_{key}" if key in _RESERVED or key.startswith("_") else key


def _forms(secret: str) -> tuple[str, ...]:
    quoted, quoted_plain = json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1]
    return (secret, quoted, quoted_plain, quote(secret, safe=""))


def _stamp(unix_ms: Callable[[], int]) -> Processor:
    def stamp(_logger: Any, method: str, event: EventDict) -> EventDict:
        level = event.pop("level", method)
        return {"time": iso_time(unix_ms()), "level": level, "event": event.pop("event"), **event}

    return stamp


def _add_foreign(_logger: Any, _method: str, event: EventDict) -> EventDict:
    """Name the library and the level of a record of the standard logging module."""
    record: logging.LogRecord = event["_record"]
    event["level"], event["logger"] = record.levelname.lower(), record.name
    return event


def _renderer(as_json: bool, stream: TextIO) -> Processor:
    if as_json:
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    plain = structlog.dev.plain_traceback  # the default one prints local variables, secrets among them
    return structlog.dev.ConsoleRenderer(
        colors=stream.isatty(), timestamp_key="time", sort_keys=False, exception_formatter=plain
    )
