"""A secret as it may look where it must not be: as it is, and in every coat that hides it from a search."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from urllib.parse import quote, quote_plus


def forms(secret: str) -> dict[str, bytes]:
    """Every form of it, by name; base64 whatever stands before it in the same text."""
    plain = secret.encode()
    made = {
        "plain": plain,
        "in JSON": json.dumps(secret)[1:-1].encode(),
        "in a URL": quote(secret, safe="").encode(),
        "in a form": quote_plus(secret).encode(),
        "hexadecimal": plain.hex().encode(),
        "HEXADECIMAL": plain.hex().upper().encode(),
        "backwards": plain[::-1],
        "as a list of bytes": ", ".join(str(each) for each in plain).encode(),
    }
    for before in range(3):
        # Only the characters that depend on nothing around it: whole groups of three bytes.
        core = base64.b64encode(bytes(before) + plain)[4 if before else 0 :]
        core = core[: 4 * ((before + len(plain)) // 3) - (4 if before else 0)]
        made[f"base64 after {before}"] = core
        made[f"base64 for URLs after {before}"] = core.translate(bytes.maketrans(b"+/", b"-_"))
    return made


def found(secret: str, text: bytes) -> list[str]:
    """The forms in which a text holds it."""
    return [name for name, form in forms(secret).items() if form in text]


def where(secret: str, folder: Path, *except_in: Path) -> list[str]:
    """Files below a folder that hold it, and how; not those it belongs in."""
    files = sorted(path for path in folder.rglob("*") if path.is_file() and path not in except_in)
    held = [(path, found(secret, path.read_bytes())) for path in files]
    return [f"{path.relative_to(folder)}: {', '.join(names)}" for path, names in held if names]
