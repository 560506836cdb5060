"""The account's own fees out of an extended summary, which came in two shapes.

    since December 2025   [{"kind", "index_name", "value": {"default": {"type", "maker", "taker"}}}]
    the specification     {index: {kind: {"default": {"type", "maker", "taker"}}}}

They only refine an expected cost, so a shape we do not know means the listing's fees, never a refused
account.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from hedger.domain.account import Fee


class _Rates(msgspec.Struct):
    maker: float
    taker: float
    type: str = "fixed"


class _Value(msgspec.Struct):
    default: _Rates


class _Row(msgspec.Struct):
    kind: str
    index_name: str
    value: _Value


_ROWS = msgspec.json.Decoder(list[_Row])
_MAP = msgspec.json.Decoder(dict[str, dict[str, _Value]])


def fees_of(raw: msgspec.Raw) -> tuple[Fee, ...]:
    """Every fee that is told; none where none is, or where they are told in a shape we do not know."""
    body = bytes(raw)
    try:
        if body.startswith(b"["):
            return tuple(_fee(row.kind, row.index_name, row.value.default) for row in _ROWS.decode(body))
        return tuple(_mapped(_MAP.decode(body))) if body.startswith(b"{") else ()
    except msgspec.DecodeError:
        return ()


def _mapped(told: dict[str, dict[str, _Value]]) -> Iterator[Fee]:
    for index, kinds in told.items():
        for kind, value in kinds.items():
            yield _fee(kind, index, value.default)


def _fee(kind: str, index: str, rates: _Rates) -> Fee:
    return Fee(kind, index, rates.maker, rates.taker, rates.type == "relative")
