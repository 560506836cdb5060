"""Bodies of rows: typed JSON that refuses unknown fields when it is read back."""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hedger.domain.errors import InvariantError

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()


def encode(value: msgspec.Struct) -> str:
    """The value as JSON; decimals stay exact."""
    return _ENCODER.encode(value).decode()


def decode(kind: type[T], body: str, where: str) -> T:
    """The value of a body. Raises InvariantError naming the row and the field that does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise InvariantError(f"journal, {where}: not a {getattr(kind, '__name__', kind)}: {error}") from error
    except msgspec.DecodeError as error:
        raise InvariantError(f"journal, {where}: not JSON: {error}") from error
