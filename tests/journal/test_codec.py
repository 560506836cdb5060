"""Bodies of rows and lines of a flight record: what is written is read back, and nothing else is."""

from __future__ import annotations

import math
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hedger.domain.errors import InvariantError
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.recording import RecordedStep, RecordError, decode_line, encode_effects, encode_step
from hedger.engine.records import HedgeDone, LossReferenced, Record
from hedger.journal.codec import decode, encode
from hedger.journal.rows import row_of
from tests import values
from tests.journal.records import decided, intended

# Settings are no free values, they hold each other's bounds; tests/backtest/test_replay.py reads them back.
KINDS = [k for k in values.structs_of(Record | ev.Event | fx.Effect) if k is not ev.SettingsApplied]
RECORDS = st.one_of([values.of(kind) for kind in Record.__args__])
EVENTS = st.one_of([values.of(kind) for kind in ev.Event.__args__ if kind is not ev.SettingsApplied])
EFFECTS = st.one_of([values.of(kind) for kind in fx.Effect.__args__])


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_value_is_read_back_as_it_was_written(kind: type[msgspec.Struct]) -> None:
    @given(values.of(kind))
    @settings(max_examples=8, deadline=None)
    def check(value: msgspec.Struct) -> None:
        assert decode(kind, encode(value), "here") == value

    check()


@given(RECORDS)
@settings(max_examples=60, deadline=None)
def test_a_body_with_a_field_nobody_knows_or_cut_anywhere_is_refused(record: Any) -> None:
    kind, body = type(record), encode(record)
    with pytest.raises(InvariantError, match="unknown field `surprise`"):
        decode(kind, body[:-1] + ',"surprise":1}', "row 7")
    for cut in range(len(body)):
        with pytest.raises(InvariantError, match="journal, row 7"):
            decode(kind, body[:cut], "row 7")


@given(st.sampled_from(KINDS), st.data())
@settings(max_examples=150, deadline=None)
def test_a_body_with_a_field_of_another_type_is_refused_or_means_the_same(
    kind: type[msgspec.Struct], data: st.DataObject
) -> None:
    """Never a value of another shape: what is read back can be written again, and is then the same."""
    fields = msgspec.json.decode(encode(data.draw(values.of(kind))))
    if not isinstance(fields, dict) or not fields:
        return
    name = data.draw(st.sampled_from(sorted(fields)))
    wrong = data.draw(st.sampled_from([None, True, "", "NaN", -1, 1.5, 1e300, [], {}, [[]], "\x00"]))
    body = msgspec.json.encode(fields | {name: wrong}).decode()
    try:
        value = decode(kind, body, "row 7")
    except InvariantError:
        return
    assert str(decode(kind, encode(value), "row 7")) == str(value)


@pytest.mark.parametrize("body", ["[" * 100_000, '{"a":' * 100_000, "\ud800", "", "null", "nan"])
def test_what_is_no_body_at_all_is_refused(body: str) -> None:
    with pytest.raises(InvariantError, match="journal, fills row 3"):
        decode(HedgeDone, body, "fills row 3")


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_is_none_is_refused_where_it_could_not_be_read_back(number: float) -> None:
    """It would keep the next start from starting; an optional figure is then simply not known."""
    loss = LossReferenced(
        market_ms=1, venue="deribit", book="btc", period="day", coin=number, coin_usd=1.0, dollars=0.0
    )
    with pytest.raises(InvariantError, match=r"LossReferenced cannot be written: .*\$.coin"):
        row_of(loss)
    decision = msgspec.structs.replace(decided(1).decision, delta_coin=number)
    assert decode(type(decision), encode(decision), "row 1").delta_coin is None


def test_a_text_that_is_no_unicode_is_refused_where_it_is_written() -> None:
    intent = msgspec.structs.replace(intended(1).intent, book="\ud800")
    with pytest.raises(InvariantError, match="OrderIntent cannot be written"):
        encode(intent)


@given(values.of(ev.Now), st.lists(EVENTS, max_size=3), st.lists(EFFECTS, max_size=3))
@settings(max_examples=80, deadline=None)
def test_a_step_is_read_back_as_it_was_recorded(now: Any, events: list[Any], effects: list[Any]) -> None:
    line = encode_step(now, events, effects)
    assert line.count(b"\n") == 1
    step = decode_line(line, 1)
    assert isinstance(step, RecordedStep)
    assert (step.now, step.events) == (now, events)
    assert bytes(step.effects) == encode_effects(effects)


@given(values.of(ev.Now), st.lists(EVENTS, min_size=1, max_size=2), st.data())
@settings(max_examples=60, deadline=None)
def test_a_line_that_was_cut_is_refused_by_its_number(
    now: Any, events: list[Any], data: st.DataObject
) -> None:
    line = encode_step(now, events, []).rstrip()
    cut = data.draw(st.integers(0, len(line) - 1))
    with pytest.raises(RecordError, match="line 9"):
        decode_line(line[:cut], 9)
