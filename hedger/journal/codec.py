"""Bodies of rows: typed JSON that refuses unknown fields when it is read back.

JSON has no word for a number that is none: it is written as null, which an optional figure reads as "not
known". Any other field could not be read back, and a row that cannot be read would keep the next start from
starting: such a value is refused where it is written.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from hedger.domain.errors import InvariantError

T = TypeVar("T")

_ENCODER = msgspec.json.Encoder()


def encode(value: msgspec.Struct) -> str:
    """The value as JSON; decimals stay exact. Raises InvariantError for one that could not be read back."""
    kind = type(value)
    try:
        body = _ENCODER.encode(value)
        if b":null" in body:
            msgspec.json.decode(body, type=kind)
    except ValueError as error:
        raise InvariantError(f"journal: {kind.__name__} cannot be written: {error}") from error
    return body.decode()


def decode(kind: type[T], body: str, where: str) -> T:
    """The value of a body. Raises InvariantError naming the row and the field that does not fit."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.ValidationError as error:
        raise InvariantError(f"journal, {where}: not a {getattr(kind, '__name__', kind)}: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvariantError(f"journal, {where}: not JSON: {error}") from error
