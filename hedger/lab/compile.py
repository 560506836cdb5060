"""A plain function and every function of hedger it calls, compiled by numba where numba is installed.

A policy's kernel calls helpers of its module and of its neighbours. A copy of the kernel is made whose global
names lead to compiled copies of those helpers, and so on down; the originals stay as they are, so that what
trades and what is simulated are one text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dis import get_instructions
from functools import cache
from importlib.util import find_spec
from types import CellType, CodeType, FunctionType
from typing import Any

_OURS = "hedger."


def numba_present() -> bool:
    """Whether kernels can be compiled here."""
    return find_spec("numba") is not None


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """numba's version of `function`; the function itself where numba is absent."""
    return _compiled(function) if numba_present() else function


@cache
def _compiled(function: Any) -> Any:
    from numba import njit

    names = set(_names(function.__code__))
    rebound = {name: _replaced(value) for name, value in function.__globals__.items() if name in names}
    closure = tuple(CellType(_replaced(cell.cell_contents)) for cell in function.__closure__ or ())
    copy = FunctionType(
        function.__code__,
        {**function.__globals__, **rebound},
        function.__name__,
        function.__defaults__,
        closure or None,
    )
    return njit(nogil=True, forceinline=True)(copy)


def _replaced(value: Any) -> Any:
    """Functions of hedger are compiled; constants, NamedTuples and other libraries stay."""
    ours = isinstance(value, FunctionType) and value.__module__.startswith(_OURS)
    return _compiled(value) if ours else value


def _names(code: CodeType) -> Iterator[str]:
    """The global names a function's code reads, inner functions included."""
    yield from (each.argval for each in get_instructions(code) if each.opname == "LOAD_GLOBAL")
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
