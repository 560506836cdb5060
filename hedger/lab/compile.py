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
from types import CellType, CodeType, FunctionType, ModuleType
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

    names = {name for code in _codes(function.__code__) for name in _globals(code)}
    attributes = tuple(name for code in _codes(function.__code__) for name in code.co_names)
    seen = {name: value for name, value in function.__globals__.items() if name in names}
    copy = FunctionType(
        function.__code__,
        {**function.__globals__, **{name: _replaced(value, attributes) for name, value in seen.items()}},
        function.__name__,
        function.__defaults__,
        tuple(CellType(_replaced(cell.cell_contents)) for cell in function.__closure__ or ()) or None,
    )
    return njit(nogil=True, forceinline=True)(copy)


def _replaced(value: Any, attributes: tuple[str, ...] = ()) -> Any:
    """Functions of hedger are compiled, modules of hedger hold compiled ones; all else stays as it is."""
    if isinstance(value, FunctionType) and value.__module__.startswith(_OURS):
        return _compiled(value)
    if isinstance(value, ModuleType) and value.__name__.startswith(_OURS):
        found = {name: getattr(value, name) for name in attributes if hasattr(value, name)}
        stand_in = ModuleType(value.__name__)
        vars(stand_in).update({name: _replaced(each) for name, each in found.items()})
        return stand_in
    return value


def _codes(code: CodeType) -> Iterator[CodeType]:
    """A function's code and that of the functions inside it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes(constant)


def _globals(code: CodeType) -> Iterator[str]:
    """The global names it reads."""
    return (each.argval for each in get_instructions(code) if each.opname == "LOAD_GLOBAL")
