"""What is wrong with a configuration, one line per problem, and never a secret in it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from hedger.domain.errors import ConfigError
from hedger.settings.catalogue import Path, dotted, entry_at, hint_for

MASK = "***"

_TYPES = {
    "bool": "must be true or false",
    "dict": "must be a table",
    "float": "must be a number",
    "int": "must be a whole number",
    "mapping": "must be a table",
    "string": "must be a text in quotes",
    "tuple": "must be a list, like [ ... ]",
}
"""What would be right, by the first word of pydantic's name for the mistake."""

_INNER = ("top", "params", "policy_params")  # steps of the tree that are not steps of the file


def refuse(problems: list[str]) -> None:
    """Raise ConfigError when there is any problem."""
    if problems:
        raise ConfigError("\n".join(problems))


def shown(path: Path, value: Any) -> Any:
    """A value as it may be printed: secrets masked, and so is everything of a place that is no key."""
    entry = entry_at(path)
    if entry is None or (entry.key.secret and value):
        return MASK
    return value


def wrong(path: Path, value: Any, right: str) -> str:
    """`dotted.path = value: what would be right`."""
    return f"{dotted(path)} = {shown(path, value)!r}: {right}"


def unknown(path: Path) -> str:
    return f"{dotted(path)}: no such key; {hint_for(path)}"


def lines_of(error: ValidationError) -> list[str]:
    """Pydantic's findings in the words of the file."""
    return [_line(found) for found in error.errors(include_url=False, include_context=False)]


def _line(found: ErrorDetails) -> str:
    path = tuple(str(step) for step in found["loc"] if step not in _INNER)
    if found["type"] == "missing":
        return f"{dotted(path)}: missing; {_meaning(path)}"
    text = _right(found)
    if found["type"] == "value_error":  # a dataclass refused itself and begins with the field's name
        return f"{dotted(path)}.{text}" if entry_at(path) is None else f"{dotted(path)}: {text}"
    owner = path if entry_at(path) or len(path) < 2 else path[:-1]  # an item of a list is told with its key
    return wrong(owner, found["input"], text[:1].lower() + text[1:])


def _right(found: ErrorDetails) -> str:
    kind, _, mistake = found["type"].partition("_")
    if mistake in ("type", "parsing", "from_float") and kind in _TYPES:
        return _TYPES[kind]
    return found["msg"].removeprefix("Value error, ").replace("Input should be", "must be")


def _meaning(path: Path) -> str:
    entry = entry_at(path)
    return "must be written" if entry is None else f"must be written: {entry.key.meaning}"


@contextmanager
def without_secrets(secrets: Iterable[str]) -> Iterator[None]:
    """Masks them in a ConfigError: whoever wrote a secret into a second, wrong place finds it told as ***."""
    try:
        yield
    except ConfigError as error:
        text = str(error)
        for secret in sorted(secrets, key=len, reverse=True):
            text = text.replace(secret, MASK)
        raise ConfigError(text) from None


def refuse_odd(values: Iterable[tuple[Path, Any]]) -> None:
    """Refuse what a lenient reading would let pass: true as a number, and numbers that are not finite."""
    refuse([line for path, value in values for line in _odd(path, value)])


def _odd(path: Path, value: Any) -> Iterator[str]:
    entry = entry_at(path)
    if entry is None or entry.kind not in (int, float):
        return
    if isinstance(value, bool) and entry.key.unit != "0 or 1":
        yield wrong(path, value, "must be a number")
    if str(value).strip().lower().lstrip("+-") in ("inf", "infinity", "nan"):
        yield wrong(path, value, "must be a finite number")
