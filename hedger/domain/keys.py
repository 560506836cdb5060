"""Documentation and bounds of a settings key, written once beside the field it describes.

    stale_after_s: Annotated[float, Key("s", "quotes older than this are not traded on", above=0)] = 10.0

`config/default.toml`, `hedger check` and the validation read the same Key.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import fields
from difflib import get_close_matches
from functools import cache
from typing import Annotated, Any, NamedTuple, get_args, get_origin, get_type_hints


class Key(NamedTuple):
    """Unit and meaning of a key; `least` and `most` are inclusive bounds, `above` an exclusive one.

    `words` are what a file may write for values that a kernel sees as numbers: {"coin": 0.0, "equity": 1.0}.
    """

    unit: str
    meaning: str
    least: float | None = None
    most: float | None = None
    above: float | None = None
    secret: bool = False
    words: Mapping[str, float] | None = None
    unlimited: bool = False  # inf may be written: no limit
    separator: str = ","  # between the items of a list in one text: the environment, --set

    def word_of(self, value: object) -> str | None:
        """The word that stands for a value, None where none does."""
        return next((word for word, number in (self.words or {}).items() if number == value), None)


@cache  # parameters are made anew while orders wait, and hints take half a millisecond
def keys_of(params_type: type) -> tuple[tuple[str, Key], ...]:
    """The documented fields of a Params dataclass, in their order."""
    hints = get_type_hints(params_type, include_extras=True)
    return tuple(
        (field.name, note)
        for field in fields(params_type)
        if get_origin(hints[field.name]) is Annotated
        for note in get_args(hints[field.name])[1:]
        if isinstance(note, Key)
    )


def check_bounds(params: Any) -> None:
    """Refuse a Params value outside its Keys' bounds. Raises ValueError naming field, value and bound."""
    for name, key in keys_of(params.__class__):
        check_value(name, getattr(params, name), key)


def check_value(name: str, value: Any, key: Key) -> None:
    """Refuse a value outside its Key's bounds. Raises ValueError naming field, value and what is right."""
    if key.words is not None and key.word_of(value) is not None:
        return
    if isinstance(value, float) and not math.isfinite(value) and (math.isnan(value) or not key.unlimited):
        raise ValueError(f"{name} = {value}: must be a finite number")
    if key.above is not None and not value > key.above:
        raise ValueError(f"{name} = {value}: must be above {key.above:g}{_unit(key)}")
    if key.least is not None and value < key.least:
        raise ValueError(f"{name} = {value}: must be at least {key.least:g}{_unit(key)}")
    if key.most is not None and value > key.most:
        raise ValueError(f"{name} = {value}: must be at most {key.most:g}{_unit(key)}")


def _unit(key: Key) -> str:
    return f" {key.unit}" if key.unit and key.unit != "fraction" else ""


def named(text: str) -> tuple[str, dict[str, float | str]]:
    """`NAME` or `NAME:KEY=VALUE,KEY=VALUE`, a number where a value is one. ValueError for anything else."""
    name, _, rest = text.partition(":")
    found: dict[str, float | str] = {}
    for pair in rest.split(",") if rest else ():
        key, _, value = (part.strip() for part in pair.partition("="))
        if not key or not value:
            raise ValueError(f"{pair!r}: must be KEY=VALUE, as in NAME:KEY=VALUE,KEY=VALUE")
        if key in found:
            raise ValueError(f"{pair!r}: {key} is given twice")
        found[key] = _number(value)
    return name.strip(), found


def hint(name: str, known: Iterable[str]) -> str:
    """What was probably meant by a name that is none of the known ones."""
    names = list(known)
    near = get_close_matches(name, names, n=1)
    return f"did you mean {near[0]}?" if near else f"known are {', '.join(names)}"


def _number(text: str) -> float | str:
    """A whole one as an integer; what is no number stays as it is."""
    for read in (int, float):
        try:
            return read(text)
        except ValueError:
            continue
    return text
