"""Keys set on a running daemon: kept in the state directory, above the file, until cleared or overtaken.

An edit remembers what the file said of its key. When the file says something else the file was edited since,
and what was set before that ends.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as FilePath

import msgspec

from hedger.domain.errors import ConfigError
from hedger.engine.settings import Edit
from hedger.settings.catalogue import Path, dotted, entry_at, hint_for
from hedger.settings.sources import Layer, layer_of, override_value

FILE_NAME = "set.json"
MOST_EDITS = 100
RELOADABLE = ("books", "timing")
IDENTITY = ("venue", "underlying")  # of a book: another one is another book

_decoder = msgspec.json.Decoder(tuple[Edit, ...])


def path_of(key: str, books: Iterable[str]) -> Path:
    """The path of a key that may be set while running. Raises ConfigError saying why not."""
    path = tuple(key.split("."))
    if entry_at(path) is None:
        raise ConfigError(f"{key}: no such key; {hint_for(path)}")
    if path[0] not in RELOADABLE or path[2:] in {(name,) for name in IDENTITY}:
        raise ConfigError(f"{key}: cannot change while running; write it in the file and restart the daemon")
    known = tuple(books)
    if path[0] == "books" and path[1] not in known:
        raise ConfigError(f"{key}: no such book: {path[1]!r}, known: {', '.join(known) or 'none'}")
    return path


def layer(edits: Sequence[Edit]) -> Layer:
    """The strongest layer. Raises ConfigError for a key there is no more."""
    rows = []
    for edit in edits:
        path = tuple(edit.key.split("."))
        if entry_at(path) is None:
            raise ConfigError(f"{edit.key}: was set while running and is no key any more; {hint_for(path)}")
        rows.append((path, override_value(path, edit.value), f"set by {edit.by}"))
    return layer_of(rows)


def file_values(rows: Iterable[tuple[Path, object]]) -> dict[str, str]:
    """What a file says of the keys that can be set while running: JSON by dotted key."""
    return {
        dotted(path): msgspec.json.encode(value).decode() for path, value in rows if path[0] in RELOADABLE
    }


def split(edits: Sequence[Edit], values: Mapping[str, str]) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
    """(still in force, ended since the file says something else of their key)."""
    kept = tuple(edit for edit in edits if values.get(edit.key, "") == edit.file_value)
    return kept, tuple(edit for edit in edits if edit not in kept)


def with_edit(edits: Sequence[Edit], edit: Edit) -> tuple[Edit, ...]:
    """One more, in place of an earlier one of its key. Raises ConfigError beyond the limit."""
    made = (*without(edits, edit.key), edit)
    if len(made) > MOST_EDITS:
        raise ConfigError(
            f"{edit.key}: {MOST_EDITS} keys are set already; clear some, or write them in the file"
        )
    return made


def without(edits: Sequence[Edit], key: str) -> tuple[Edit, ...]:
    return tuple(edit for edit in edits if edit.key != key)


def find(edits: Sequence[Edit], key: str) -> Edit | None:
    return next((edit for edit in edits if edit.key == key), None)


def read_edits(state_dir: FilePath) -> tuple[Edit, ...]:
    """What was set in this run and in earlier ones. Raises ConfigError for a file that cannot be read."""
    path = state_dir / FILE_NAME
    try:
        return _decoder.decode(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return ()
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path}: not what `hedger set` wrote: {error}; delete it to go without") from error


def write_edits(state_dir: FilePath, edits: Sequence[Edit]) -> None:
    """Whole or not at all, durable, readable by its owner only. Raises ConfigError naming the path."""
    path, fresh = state_dir / FILE_NAME, state_dir / f"{FILE_NAME}.new"
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(tuple(edits)), indent=2) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        directory = os.open(state_dir, os.O_RDONLY | os.O_DIRECTORY)
    except OSError as error:
        raise ConfigError(f"{path}: cannot be written: {error.strerror}") from error
    os.fsync(directory)
    os.close(directory)
