"""JSON as the exchange prints it: key order that changes, ints, floats and exponents mixed, unknown fields.

A client that survives this survives the real wire (deribit.md 1). The variation comes from a seed.
"""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_NEVER_VARIED = frozenset({str, int, bool, type(None)})
EXTRA_FIELDS: tuple[tuple[str, object], ...] = (
    ("starbase_hint", "0a"),
    ("x_revision", 7),
    ("route", None),
    ("annotations", {"a": []}),
)


class WirePrinter:
    """Turns frames into text with seeded variation."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)

    def text(self, frame: dict[str, object]) -> str:
        """Text with rotated keys, some numbers respelled and now and then a field nobody documented."""
        varied = self._vary(frame, 0)
        return _ENCODER.encode(varied).decode()

    def feed_text(self, frame: dict[str, object]) -> str:
        """Text of a notification: varied one time in eight, which is enough and cheap at full pace."""
        if self._random.random() < 0.125:
            return self.text(frame)
        return _ENCODER.encode(frame).decode()

    def _vary(self, value: object, depth: int) -> object:
        if isinstance(value, float):
            return self._respell(value)
        if isinstance(value, dict):
            return self._vary_object(value, depth)
        if isinstance(value, (list, tuple)):
            return [self._vary(item, depth + 1) for item in value]
        return value

    def _vary_object(self, value: dict[str, object], depth: int) -> dict[str, object]:
        names = list(value)
        if names:
            start = self._random.randrange(len(names))
            names = names[start:] + names[:start]
        varied: dict[str, object] = {}
        for name in names:
            item = value[name]
            if type(item) in _NEVER_VARIED:
                varied[name] = item
            else:
                varied[name] = self._respell(item) if isinstance(item, float) else self._vary(item, depth + 1)
        if depth >= 2 and len(names) > 8 and self._random.random() < 0.05:
            unknown, extra = self._random.choice(EXTRA_FIELDS)
            varied[unknown] = extra
        return varied

    def _respell(self, value: float) -> float | int | Decimal:
        roll = self._random.random()
        if roll < 0.8 or value == 0.0:
            return value
        if roll < 0.9 and value.is_integer() and abs(value) < 1e15:
            return int(value)
        return _exponent_form(value)


def _exponent_form(value: float) -> Decimal:
    """The same number as mantissa and exponent, e.g. 3.2E+4."""
    number = Decimal(repr(value)).normalize()
    sign, digits, exponent = number.as_tuple()
    if len(digits) > 4 or not isinstance(exponent, int) or exponent == 0:
        return Decimal(repr(value))
    return Decimal((sign, digits, exponent))
