"""JSON as the exchange prints it: key order that changes, ints, floats and exponents mixed, unknown fields.

A client that survives this survives the real wire (deribit.md 1). The variation comes from a seed.
"""

from __future__ import annotations

import random
from decimal import Decimal

import msgspec

_ENCODER = msgspec.json.Encoder(decimal_format="number")
_NEVER_VARIED = frozenset({str, int, bool, type(None)})
_AS_IT_IS = 0.8  # this share of numbers is spelled as usual
_FEW_DIGITS = 4
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
        chance, fields = self._random.random, list(value.items())
        start = int(chance() * len(fields))
        varied: dict[str, object] = {}
        for name, item in (*fields[start:], *fields[:start]):
            if type(item) in _NEVER_VARIED:
                varied[name] = item
            elif isinstance(item, float):
                varied[name] = item if chance() < _AS_IT_IS else _respelled(item, chance())
            else:
                varied[name] = self._vary(item, depth + 1)
        if depth >= 2 and len(fields) > 8 and chance() < 0.05:
            unknown, extra = self._random.choice(EXTRA_FIELDS)
            varied[unknown] = extra
        return varied

    def _respell(self, value: float) -> float | int | Decimal:
        chance = self._random.random
        return value if chance() < _AS_IT_IS else _respelled(value, chance())


def _respelled(value: float, roll: float) -> float | int | Decimal:
    """Another spelling of the number, if there is one; `roll` from 0 to 1 says which."""
    if value == 0.0:
        return value
    if roll < 0.5 and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return _exponent_form(value)


def _exponent_form(value: float) -> float | Decimal:
    """A number of few digits as mantissa and exponent, e.g. 3.2E+4; any other as it is."""
    text = repr(value)
    if len(text.strip("-0.").replace(".", "")) > _FEW_DIGITS:
        return value
    sign, digits, exponent = Decimal(text).normalize().as_tuple()
    if not isinstance(exponent, int) or exponent == 0:
        return value
    return Decimal((sign, digits, exponent))
