"""Logs: one line per note, both times on it, secrets never."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator

import pytest

from hedger.domain.vocabulary import Action, Severity
from hedger.engine.effects import Note
from hedger.engine.events import Now
from hedger.runtime.log import MASK, NoteLog, Redactor, canonical_fields
from tests.view_fixtures import decision, hedge

SECRET = 's3cr3t/with "quotes" & ümlaut'
NOW = Now(1_770_000_000_123, 7.0)
WALL_MS = 1_795_000_000_456


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def standard_logging() -> Iterator[None]:
    """Put the process's logging back as it was."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)


def log_to(stream: io.StringIO, as_json: bool = True, level: Severity = Severity.INFO) -> NoteLog:
    return NoteLog(stream, lambda: WALL_MS, as_json=as_json, level=level, secrets=[SECRET])


def note(severity: Severity = Severity.INFO, **fields: str | int | float | bool | None) -> Note:
    return Note(severity=severity, name="link_up", fields=fields)


def test_a_note_is_one_json_line_with_wall_and_market_time(stream: io.StringIO) -> None:
    log_to(stream).render(note(venue="deribit", attempt=2), NOW)
    assert stream.getvalue().count("\n") == 1
    assert json.loads(stream.getvalue()) == {
        "time": "2026-11-18T11:06:40.456Z",
        "level": "info",
        "event": "link_up",
        "market_time": "2026-02-02T02:40:00.123Z",
        "venue": "deribit",
        "attempt": 2,
    }


def test_a_console_line_can_be_read_by_a_person(stream: io.StringIO) -> None:
    log_to(stream, as_json=False).render(note(venue="deribit"), NOW)
    assert "link_up" in stream.getvalue()
    assert "venue=deribit" in stream.getvalue()


def test_notes_below_the_level_are_silent(stream: io.StringIO) -> None:
    log_to(stream, level=Severity.WARNING).render(note(Severity.INFO), NOW)
    assert stream.getvalue() == ""


@pytest.mark.parametrize("severity", Severity)
def test_every_severity_can_be_said(stream: io.StringIO, severity: Severity) -> None:
    log_to(stream, level=Severity.DEBUG).render(note(severity), NOW)
    assert json.loads(stream.getvalue())["level"] == severity.value


def test_a_note_cannot_replace_the_lines_own_keys(stream: io.StringIO) -> None:
    log_to(stream).render(note(event="x", level="y", time="z", exc_info=True), NOW)
    line = json.loads(stream.getvalue())
    assert (line["event"], line["level"]) == ("link_up", "info")
    assert line["field_event"] == "x"


def test_a_number_that_is_not_finite_does_not_break_the_line(stream: io.StringIO) -> None:
    log_to(stream).render(note(gamma=float("nan")), NOW)
    assert json.loads(stream.getvalue())["gamma"] == "nan"


@pytest.mark.parametrize("action", Action)
def test_only_a_decision_that_did_or_would_trade_is_a_line(stream: io.StringIO, action: Action) -> None:
    log_to(stream).decided(decision(action=action), NOW)
    lines = stream.getvalue().splitlines()
    assert len(lines) == (1 if action in (Action.HEDGE, Action.WOULD_HEDGE) else 0)


def test_the_canonical_line_tells_the_order_in_three_units_and_what_it_saw() -> None:
    fields = canonical_fields(hedge())
    wanted = {
        "book",
        "reason",
        "label",
        "amount_coin",
        "amount_usd",
        "amount_contracts",
        "delta_coin",
        "config_hash",
    }
    assert wanted <= set(fields)


def test_the_canonical_line_leaves_out_what_is_not_known() -> None:
    assert "iv" not in canonical_fields(hedge(iv=None))


@pytest.mark.parametrize("as_json", [True, False])
def test_a_planted_secret_never_comes_out(stream: io.StringIO, as_json: bool) -> None:
    log = log_to(stream, as_json)
    log.render(Note(severity=Severity.ERROR, name=f"auth {SECRET}", fields={"detail": f"key={SECRET}!"}), NOW)
    log.render(note(**{SECRET: 1}), NOW)
    log.decided(hedge(detail=SECRET), NOW)
    assert "s3cr3t" not in stream.getvalue()
    assert MASK in stream.getvalue()


@pytest.mark.usefixtures("standard_logging")
@pytest.mark.parametrize("as_json", [True, False])
def test_what_libraries_say_ends_in_the_same_stream_without_secrets(
    stream: io.StringIO, as_json: bool
) -> None:
    log_to(stream, as_json).take_over_standard_logging()
    logging.getLogger("aiohttp").warning("bad header %s", SECRET)
    try:
        raise ValueError(SECRET)
    except ValueError:
        logging.getLogger("websockets").exception("closed")
    assert "aiohttp" in stream.getvalue()
    assert "ValueError" in stream.getvalue()
    assert "s3cr3t" not in stream.getvalue()


def test_the_redactor_looks_into_every_kind_of_value() -> None:
    redactor = Redactor(["hunter22"])
    given = {
        "hunter22": ["hunter22", ("x", b"hunter22")],
        "error": ValueError("hunter22"),
        "n": 1,
        "none": None,
    }
    told = redactor.value(given)
    assert "hunter22" not in repr(told)
    assert told["n"] == 1
    assert told["none"] is None


def test_a_secret_is_masked_as_it_looks_in_json_and_in_a_url() -> None:
    redactor = Redactor([SECRET])
    assert redactor.text(json.dumps({"secret": SECRET})) == '{"secret": "***"}'
    assert redactor.text("?key=s3cr3t%2Fwith%20%22quotes%22%20%26%20%C3%BCmlaut") == "?key=***"


def test_a_number_whose_digits_are_a_secret_is_masked() -> None:
    assert Redactor(["123456"]).value(123456) == MASK


def test_a_secret_inside_a_longer_one_leaves_no_tail() -> None:
    assert Redactor(["abc", "abcdef"]).text("abcdef") == MASK


def test_an_empty_secret_masks_nothing() -> None:
    assert Redactor([""]).text("fine") == "fine"
