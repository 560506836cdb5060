"""Typed reading of request parameters; a query string gives text where a frame gives JSON values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

from hedger.simulator.rpc import invalid_param


class Params:
    """The named parameters of one call. Every refusal is -32602 with the parameter's name."""

    def __init__(self, raw: Mapping[str, object]) -> None:
        self._raw = raw

    def has(self, name: str) -> bool:
        return self._raw.get(name) is not None

    def text(self, name: str, default: str = "") -> str:
        """Text, or the default when absent."""
        value = self._raw.get(name)
        if value is None:
            return default
        if not isinstance(value, str):
            raise invalid_param(name, "wrong format")
        return value

    def required_text(self, name: str) -> str:
        if not self.has(name):
            raise invalid_param(name, "value required")
        return self.text(name)

    def choice(self, name: str, allowed: tuple[str, ...], default: str) -> str:
        value = self.text(name, default)
        if value not in allowed:
            raise invalid_param(name, "wrong format")
        return value

    def number(self, name: str) -> Decimal | None:
        """A finite number, given as JSON number or as text."""
        value = self._raw.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float, Decimal, str)):
            raise invalid_param(name, "wrong format")
        try:
            number = Decimal(repr(value) if isinstance(value, float) else value)
        except InvalidOperation:
            raise invalid_param(name, "wrong format") from None
        if not number.is_finite():
            raise invalid_param(name, "wrong format")
        return number

    def integer(self, name: str) -> int | None:
        number = self.number(name)
        if number is None:
            return None
        if number != number.to_integral_value():
            raise invalid_param(name, "wrong format")
        return int(number)

    def count(self, default: int = 10, most: int = 1000) -> int:
        """How many rows were asked for (`count`)."""
        asked = self.integer("count")
        if asked is not None and asked < 0:
            raise invalid_param("count", "wrong format")
        return default if asked is None else min(asked, most)

    def flag(self, name: str, default: bool = False) -> bool:
        value = self._raw.get(name)
        if value is None:
            return default
        if isinstance(value, bool):
            return value
        if value in ("true", "false"):
            return value == "true"
        raise invalid_param(name, "wrong format")

    def names(self, name: str) -> list[str]:
        """A list of texts; a query string carries it as JSON text."""
        value = self._raw.get(name)
        if value is None:
            raise invalid_param(name, "value required")
        if isinstance(value, str):
            try:
                value = json.loads(value)
            except ValueError:
                raise invalid_param(name, "wrong format") from None
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise invalid_param(name, "wrong format")
        return list(value)

    def amounts(self, name: str) -> dict[str, Decimal]:
        """An object of numbers by name, none when absent; a query string carries it as JSON text."""
        value = self._raw.get(name)
        if isinstance(value, str):
            try:
                value = json.loads(value, parse_float=Decimal)
            except ValueError:
                raise invalid_param(name, "wrong format") from None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise invalid_param(name, "wrong format")
        return {str(key): required_number(Params(value), key) for key in value}


def required_integer(params: Params, name: str) -> int:
    value = params.integer(name)
    if value is None:
        raise invalid_param(name, "value required")
    return value


def required_number(params: Params, name: str) -> Decimal:
    value = params.number(name)
    if value is None:
        raise invalid_param(name, "value required")
    return value
