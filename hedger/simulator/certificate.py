"""A self-signed certificate for loopback, made by the `openssl` program."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

VALID_DAYS = 30


def self_signed(folder: Path) -> Path:
    """Make `ca.pem` and `ca.key` in a folder; returns the certificate's path. OSError without openssl."""
    program = shutil.which("openssl")
    if program is None:
        raise OSError("--tls needs the openssl program, which is not in PATH")
    certificate, key = folder / "ca.pem", folder / "ca.key"
    command = [program, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    command += ["-keyout", str(key), "-out", str(certificate), "-days", str(VALID_DAYS)]
    command += ["-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1,DNS:localhost"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise OSError(f"openssl could not make a certificate: {done.stderr.strip()}")
    key.chmod(0o600)
    return certificate
