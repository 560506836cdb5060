"""The bearer token of the commands: a file in the state directory that only its owner can read."""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from hedger.domain.errors import AuthError, ConfigError, VenueError

FILE_NAME = "token"
_LEAST_CHARACTERS = 32
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def token_path(state_dir: Path) -> Path:
    return state_dir / FILE_NAME


def ensure_token(state_dir: Path) -> str:
    """The daemon's side: read the token, or create it with mode 0600.

    Raises ConfigError when the file is readable by others or too short to be a token, or cannot be made, and
    VenueError where the disk has no room for it: that may be well at the next start, without a person.
    """
    path = token_path(state_dir)
    try:
        state_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        return _made(path)
    except OSError as error:
        told = f"state_dir = {str(state_dir)!r}: cannot hold the token: {error.strerror}"
        raise (VenueError if error.errno in _NO_ROOM else ConfigError)(told) from error


def read_token(state_dir: Path) -> str:
    """The client's side. Raises AuthError naming the file when there is none to read."""
    path = token_path(state_dir)
    try:
        return path.read_text("ascii").strip()
    except (FileNotFoundError, PermissionError, NotADirectoryError) as error:
        reason = error.strerror or type(error).__name__
        raise AuthError(
            f"token file {path}: {reason}; give --state-dir of the running daemon or set HEDGER_TOKEN"
        ) from error


def _made(path: Path) -> str:
    """A disk that was full must not leave an empty file behind: it would be refused from then on."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return _read_guarded(path)
    token = secrets.token_urlsafe(32)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(token + "\n")
    except OSError:
        path.unlink()
        raise
    return token


def _read_guarded(path: Path) -> str:
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        raise ConfigError(f"token file {path}: mode {mode:04o} lets others read it, must be 0600")
    token = path.read_text("ascii").strip()
    if len(token) < _LEAST_CHARACTERS:
        raise ConfigError(f"token file {path}: shorter than {_LEAST_CHARACTERS} characters; delete it")
    return token
