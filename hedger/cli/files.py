"""Files that were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from hedger.domain.errors import ConfigError


def save(path: Path, content: str | bytes) -> None:
    """Written anew. Raises ConfigError naming the file that cannot be."""
    try:
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    except OSError as error:
        raise ConfigError(f"{error.filename}: {error.strerror}") from error


def indented(value: Any) -> bytes:
    """JSON that a person can read."""
    return msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n"
