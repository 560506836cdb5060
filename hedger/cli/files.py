"""Files that were asked for."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import msgspec

from hedger.domain.errors import ConfigError


def check_writable(*paths: Path | None) -> None:
    """Before the work whose result they are to hold. Raises ConfigError naming the one that cannot be."""
    for path in paths:
        if path is None:
            continue
        where = path if path.exists() else path.parent
        known = errno.EISDIR if path.is_dir() else 0 if where.exists() else errno.ENOENT
        code = known or (0 if os.access(where, os.W_OK) else errno.EACCES)
        if code:
            raise ConfigError(f"{path}: {os.strerror(code)}")


def save(path: Path, content: str | bytes) -> None:
    """Written anew. Raises ConfigError naming the file that cannot be."""
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error


def indented(value: Any) -> bytes:
    """JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
