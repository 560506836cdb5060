"""Ways to spoil a payload: its structure, its values, its bytes. Strategies of hypothesis."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

leaves = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["NaN", "Infinity", "-Infinity", "1e400", 1e300, -1.0, 0, "market_price"]),
    st.sampled_from([5e-324, -0.0, 10**30, -(10**30), 2**63, "\x00", "\u202e", "\x1b[2J", "9" * 400]),
)
values = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
)


@st.composite
def mutated(draw: st.DrawFn, value: Any) -> Any:
    """The value with one part replaced, removed or repeated."""
    if isinstance(value, dict) and value and draw(st.integers(0, 4)):
        key = draw(st.sampled_from(sorted(value)))
        if draw(st.booleans()) and not isinstance(value[key], (dict, list)):
            return {name: one for name, one in value.items() if name != key}
        return value | {key: draw(mutated(value[key]))}
    if isinstance(value, list) and value and draw(st.integers(0, 4)):
        index = draw(st.integers(0, len(value) - 1))
        changed = draw(mutated(value[index]))
        return [*value[:index], changed, *value[index + 1 :], *([changed] * draw(st.integers(0, 1)))]
    return draw(values)


@st.composite
def garbled(draw: st.DrawFn, frame: bytes) -> bytes:
    """The frame cut, with bytes flipped, with a piece of it doubled, or with a piece that it did not have."""
    at, end = sorted(draw(st.tuples(st.integers(0, len(frame)), st.integers(0, len(frame)))))
    match draw(st.integers(0, 3)):
        case 0:
            return frame[:at]
        case 1:
            flipped = bytearray(frame)
            for index in draw(st.lists(st.integers(0, len(frame) - 1), min_size=1, max_size=4)):
                flipped[index] ^= 1 << draw(st.integers(0, 7))
            return bytes(flipped)
        case 2:
            return frame[:end] + frame[at:]
        case _:
            return frame[:at] + draw(st.sampled_from(PIECES)) + frame[end:]


PIECES = (
    *(b"1e999", b"-1e999", b"NaN", b"Infinity", b"-0", b"00", b"1e", b"9" * 5_000, b"1" + b"0" * 400),
    *(b'"\\ud800"', b'"\\u0000"', b"\x00", b"\xff\xfe", "\u202e\u0000".encode(), b"\xed\xa0\x80", b"\\"),
    *(b"[" * 100_000, b'{"a":' * 20_000, b"null", b"true", b"{}", b"[]", b'"', b",", b":", b"}", b'{"id":1}'),
)


def spoiled(frame: bytes) -> st.SearchStrategy[bytes]:
    """A frame of JSON, spoiled in structure, in value or byte by byte."""
    return mutated(json.loads(frame)).map(_text) | garbled(frame)


def _text(value: Any) -> bytes:
    """As a careless sender writes it: NaN and Infinity bare, lone surrogates escaped."""
    return json.dumps(value, separators=(",", ":")).encode()
