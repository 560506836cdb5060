"""Where values come from. Each source is a Layer: a nested mapping and the origin of its values.

set while running > override > environment > secret file > file > preset > default
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from difflib import get_close_matches
from pathlib import Path as FilePath
from typing import Any, NamedTuple, get_origin

from hedger.domain.errors import ConfigError
from hedger.policies.presets import PRESETS, Preset
from hedger.policies.registry import POLICIES
from hedger.settings.catalogue import (
    ANY,
    CLOSE,
    TABLES,
    Path,
    dotted,
    entry_at,
    hint_for,
    is_table,
)
from hedger.settings.problems import refuse, unknown, wrong

PREFIX = "HEDGER_"
NOT_SETTINGS = ("HEDGER_TOKEN", "HEDGER_SHARED_DATA", "HEDGER_SLOW")
"""Variables of the command line and of the tests; they configure no daemon."""

_MOST_BITS = 64
_MOST_SECRET_BYTES = 64 * 1024


class Layer(NamedTuple):
    """Values of one source, nested like the file; `origins` by path."""

    values: dict[str, Any]
    origins: dict[Path, str]


def layer_of(rows: Iterable[tuple[Path, Any, str]]) -> Layer:
    """A layer of (path, value, origin) rows."""
    layer = Layer({}, {})
    for path, value, origin in rows:
        table = layer.values
        for step in path[:-1]:
            table = table.setdefault(step, {})
        if value == {}:
            table.setdefault(path[-1], {})
        else:
            table[path[-1]] = value
        layer.origins[path] = origin
    return layer


def merged(layers: Sequence[Layer]) -> Layer:
    """One layer; the first of several that have a value gives it."""
    rows: dict[Path, tuple[Any, str]] = {}
    for layer in reversed(layers):
        rows.update({path: (value, layer.origins[path]) for path, value in leaves(layer.values)})
    return layer_of((path, value, origin) for path, (value, origin) in rows.items())


def leaves(values: Mapping[str, Any], path: Path = ()) -> Iterator[tuple[Path, Any]]:
    """(path, value) of everything that is not a table, and of tables without keys."""
    for name, value in values.items():
        if isinstance(value, dict) and value:
            yield from leaves(value, (*path, name))
        else:
            yield (*path, name), value


def from_file(path: FilePath) -> Layer:
    """The TOML file. Raises ConfigError with every key that is not one."""
    values = _toml(path)
    refuse(list(_misnamed(values)))
    return layer_of((at, _spelled(value), "file") for at, value in leaves(values))


def _spelled(value: Any) -> Any:
    """TOML has days without quotes; a setting that is a day is its text."""
    return value.isoformat() if type(value) is date else value


def _toml(path: FilePath) -> dict[str, Any]:
    try:
        return parsed(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        reason = error.reason if isinstance(error, UnicodeDecodeError) else str(error).splitlines()[0]
        raise ConfigError(f"{path}: is not TOML: {reason}") from None  # the cause holds the file's text


def parsed(text: str) -> dict[str, Any]:
    """TOML. Raises ValueError also for what is nested beyond any setting, and for a number without an end."""
    try:
        values = tomllib.loads(text)
        _refuse_endless(values)
    except RecursionError:
        raise ValueError("nested too deep") from None
    return values


def _refuse_endless(values: Mapping[str, Any]) -> None:
    for (*_, name), value in leaves(values):
        for each in value if isinstance(value, list) else (value,):
            if isinstance(each, int) and each.bit_length() > _MOST_BITS:
                raise ValueError(f"{name}: a whole number of {each.bit_length()} bits")


def _misnamed(values: Mapping[str, Any], path: Path = ()) -> Iterator[str]:
    for name, value in values.items():
        at = (*path, name)
        if isinstance(value, dict) and is_table(at):
            yield from _misnamed(value, at)
        elif is_table(at):
            yield f"{dotted(at)}: must be a table, written [{dotted(at)}]"
        elif isinstance(value, dict) and entry_at(at):
            yield f"{dotted(at)}: must be a value, not a table"
        elif entry_at(at) is None:
            yield unknown(at)


def from_environment(environ: Mapping[str, str]) -> Layer:
    """Variables HEDGER_TABLE__KEY. Raises ConfigError with every variable that is no setting."""
    rows, problems = [], []
    for name in sorted(environ):
        if not name.startswith(PREFIX) or name in NOT_SETTINGS:
            continue
        path = tuple(name.removeprefix(PREFIX).lower().split("__"))
        if entry_at(path) is None:
            problems.append(f"{name}: no such setting; {_variable_hint(path)}")
        else:
            rows.append((path, from_text(path, environ[name]), f"environment {name}"))
    refuse(problems)
    return layer_of(rows)


def variable_name(path: Path) -> str:
    """The environment variable of a key."""
    return PREFIX + "__".join(path).upper()


def _variable_hint(path: Path) -> str:
    known = [variable_name((*_with_name(table, path), key)) for table in TABLES for key in TABLES[table]]
    near = get_close_matches(
        "__".join(path).upper(), [name.removeprefix(PREFIX) for name in known], n=1, cutoff=CLOSE
    )
    return (
        f"did you mean {PREFIX}{near[0]}?" if near else "names are HEDGER_TABLE__KEY, see config/default.toml"
    )


def _with_name(table: Path, path: Path) -> Path:
    """The table of the book or venue that the path speaks of."""
    return tuple(path[i] if step == ANY and i < len(path) else step for i, step in enumerate(table))


def from_text(path: Path, text: str) -> Any:
    """A text as the key's type wants it; numbers and booleans are read by the validation."""
    entry = entry_at(path)
    if entry is None or get_origin(entry.kind) is not tuple:
        return text
    if not text.strip().startswith("["):
        return [item.strip() for item in text.split(entry.key.separator) if item.strip()]
    return _toml_value(path, text)


def from_overrides(overrides: Sequence[str]) -> Layer:
    """`dotted.key=value` with a TOML value, or a bare word. Raises ConfigError for what is no key."""
    rows, problems = [], []
    for override in overrides:
        name, equals, text = override.partition("=")
        path = tuple(name.strip().split("."))
        if not equals:
            problems.append(f"{name.strip()}: must be KEY=VALUE, like books.btc.policy=band")
        elif entry_at(path) is None:
            problems.append(f"{dotted(path)}: no such key; {hint_for(path)}")
        else:
            rows.append((path, override_value(path, text.strip()), "override"))
    refuse(problems)
    return layer_of(rows)


def override_value(path: Path, text: str) -> Any:
    """A TOML string or list, or a bare word, as the key's type wants it. Raises ConfigError."""
    return _toml_value(path, text) if text[:1] in ('"', "'") else from_text(path, text)


def _toml_value(path: Path, text: str) -> Any:
    try:
        return parsed(f"value = {text}")["value"]
    except ValueError:
        raise ConfigError(wrong(path, text, "must be a TOML value")) from None


def from_secret_files(known: Layer, base: FilePath) -> Layer:
    """What `secrets_dir` and the keys NAME_file point at, relative to the folder of the file."""
    rows = [*_from_secrets_dir(known, base), *_from_pointers(known, base)]
    return layer_of((path, value, "secret file") for path, value in rows)


def _from_secrets_dir(known: Layer, base: FilePath) -> Iterator[tuple[Path, Any]]:
    named = known.values.get("secrets_dir", "")
    if not isinstance(named, str) or not named:
        return
    folder = base / named
    if not folder.is_dir():
        raise ConfigError(wrong(("secrets_dir",), named, "must be a folder"))
    for file in sorted(folder.iterdir()):
        path = tuple(file.name.lower().removeprefix(PREFIX.lower()).split("__"))
        if file.name.startswith(".") or not file.is_file():
            continue  # a mounted Secret keeps its versions in hidden folders
        if entry_at(path) is not None:
            yield path, from_text(path, _secret_text(("secrets_dir",), file))
        elif file.name.lower().startswith(PREFIX.lower()):
            raise ConfigError(f"secrets_dir: {file.name}: no such setting; {_variable_hint(path)}")


def _from_pointers(known: Layer, base: FilePath) -> Iterator[tuple[Path, Any]]:
    for path, value in leaves(known.values):
        if not path[-1].endswith("_file") or path[-1] == "ca_file" or not value:
            continue
        if path[0] not in ("venues", "journal"):
            continue
        target = (*path[:-1], path[-1].removesuffix("_file"))
        if (known.origins.get(target), known.origins[path]) == ("file", "file"):
            raise ConfigError(f"{dotted(path)}: {dotted(target)} is given as well; write one of them")
        yield target, _secret_text(path, base / str(value))


def _secret_text(path: Path, file: FilePath) -> str:
    """A secret without its trailing line end."""
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_SECRET_BYTES + 1)
        text = data.decode("utf-8").strip()
    except OSError as error:
        raise ConfigError(f"{dotted(path)}: {file}: cannot be read: {error.strerror}") from error
    except UnicodeDecodeError:
        raise ConfigError(f"{dotted(path)}: {file}: must be UTF-8 text") from None
    if not text or len(data) > _MOST_SECRET_BYTES:
        raise ConfigError(f"{dotted(path)}: {file}: must hold one secret, and is empty or far too long")
    return text


def from_presets(known: Layer) -> Layer:
    """What the presets say of policy and execution, for every book that names one. Raises ConfigError."""
    rows: list[tuple[Path, Any, str]] = []
    books = known.values.get("books", {})
    for name, book in books.items():
        rows += [(path, value, "preset") for path, value in _preset_rows(("books", name), book)]
    return layer_of(rows)


def _preset_rows(at: Path, book: Mapping[str, Any]) -> Iterator[tuple[Path, Any]]:
    named = book.get("preset", "")
    if not named:
        return
    preset = PRESETS.get(str(named))
    if preset is None:
        raise ConfigError(wrong((*at, "preset"), named, f"must be one of {', '.join(PRESETS)}"))
    if book.get("policy", preset.policy) != preset.policy:
        raise ConfigError(
            wrong((*at, "preset"), named, f"belongs to policy {preset.policy}, not {book['policy']}")
        )
    yield (*at, "policy"), preset.policy
    for field, value in preset.params._asdict().items():
        yield (*at, preset.policy, field), word_or_number(preset, field, value)
    for field, worked in preset.execution.items():
        yield (*at, "execution", field), worked


def word_or_number(preset: Preset, field: str, value: float) -> float | str:
    """A parameter as the file would write it."""
    return POLICIES[preset.policy].doc[field].word_of(value) or value
