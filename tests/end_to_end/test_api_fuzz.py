"""A real daemon's API against requests made from its own description: it keeps its word, and trades nothing.

Generated commands halt, resume and set whatever they like: the daemon is nobody else's. More requests:
HEDGER_API_EXAMPLES=200.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from tests.end_to_end.sides import Daemon
from tests.end_to_end.yard import BRISK, Yard, _clean_environ

EXAMPLES = os.environ.get("HEDGER_API_EXAMPLES", "2")
WITHIN_S = 100.0 * max(1, int(EXAMPLES) // 20)
CHECKS = (
    *("not_a_server_error", "status_code_conformance", "content_type_conformance"),
    *("response_headers_conformance", "response_schema_conformance", "negative_data_rejection"),
    *("unsupported_method", "allow_header_conformance", "ignored_auth"),
)
NOT_THESE = "^/(static/|favicon|healthz|readyz)"  # files; and two whose 503 is an answer, no error
CONFIG = """
[checks.negative_data_rejection]
expected-statuses = [400, 401, 404, 405, 413]
"""


def generated(daemon: Daemon, folder: Path, *words: str) -> None:
    """Requests made from the description; what breaks a promise fails, with the request that did."""
    config = folder / "schemathesis.toml"
    config.write_text(CONFIG)
    run = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config), "run"),
            f"{daemon.url}/v1/openapi.json",
            *("--checks", ",".join(CHECKS), "--phases", "examples,coverage,fuzzing", "--warnings", "off"),
            *("--exclude-path-regex", NOT_THESE, "--max-examples", EXAMPLES, "--seed", "7"),
            *words,
        ],
        cwd=folder,
        env=_clean_environ(),
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert run.returncode == 0, run.stdout[-8_000:] + run.stderr[-2_000:]
    assert re.search(r"\b[1-9]\d+ generated", run.stdout), run.stdout


def test_an_operators_api_keeps_its_word_and_an_observing_daemon_sends_nothing(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    daemon = yard.daemon(exchange, overrides=(*BRISK, "mode='observe'"))
    daemon.until_ready()
    generated(daemon, yard.folder, "-H", f"Authorization: Bearer {daemon.token}")
    assert daemon.get("/healthz").status == 200
    assert exchange.hedges() == []
    assert daemon.process.stop() in (0, 5)


def test_whoever_has_no_token_tells_a_live_daemon_nothing(yard: Yard) -> None:
    exchange = yard.exchange("--seed", "3", "--speed", "1", "--book", "strangle")
    daemon = yard.daemon(exchange)
    daemon.until_quiet()
    assert daemon.command("halt").status == 200
    before = len(exchange.hedges()), daemon.status()["config_hash"]
    generated(daemon, yard.folder, "--include-method", "POST", "--phases", "fuzzing")
    status = daemon.status()
    assert status["state"] == "halted"
    assert status["edits"] == []
    assert (len(exchange.hedges()), status["config_hash"]) == before
