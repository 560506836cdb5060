"""A certificate authority for loopback and the server certificate it signs, made by the `openssl` program."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

VALID_DAYS = 30
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")
_SERVER = """basicConstraints=critical,CA:FALSE
keyUsage=critical,digitalSignature
extendedKeyUsage=serverAuth
subjectAltName=IP:127.0.0.1,DNS:localhost
"""


@dataclass(frozen=True, slots=True)
class Certificates:
    """`ca` is what clients trust; `server` and `key` are what the server shows and keeps."""

    ca: Path
    server: Path
    key: Path


def make_certificates(folder: Path) -> Certificates:
    """Make an authority and a server certificate for 127.0.0.1. OSError without openssl.

    The authority's key is removed: nothing else is ever signed with it.
    """
    made = Certificates(folder / "ca.pem", folder / "server.pem", folder / "server.key")
    ca_key, request, extensions = folder / "ca.key", folder / "server.csr", folder / "server.ext"
    extensions.write_text(_SERVER)
    days = ("-days", str(VALID_DAYS))
    _openssl(
        *("req", "-x509", *_NEW_KEY, "-keyout", ca_key, "-out", made.ca, *days),
        *("-subj", "/CN=hedger exchange", "-addext", "basicConstraints=critical,CA:TRUE"),
        *("-addext", "keyUsage=critical,keyCertSign,cRLSign"),
    )
    _openssl("req", *_NEW_KEY, "-keyout", made.key, "-out", request, "-subj", "/CN=localhost")
    _openssl(
        *("x509", "-req", "-in", request, "-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial"),
        *("-out", made.server, "-extfile", extensions, *days),
    )
    ca_key.unlink()
    made.key.chmod(0o600)
    return made


def _openssl(*arguments: str | Path) -> None:
    program = shutil.which("openssl")
    if program is None:
        raise OSError("--tls needs the openssl program, which is not in PATH")
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"openssl could not make a certificate: {done.stderr.strip()}")
