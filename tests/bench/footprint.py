"""Memory of a daemon that hears the whole option chain of BTC and ETH, and what its start costs."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.bench.whole_chain import PER_CURRENCY
from tests.end_to_end import web
from tests.end_to_end.waiting import until

CONFIG = """\
[venues.deribit]
environment = "local"
url = "{url}"
client_id = "key"
client_secret = "secret"
currencies = ["BTC", "ETH"]
chain = true

[books.btc]
venue = "deribit"
underlying = "BTC"
hedge_instrument = "BTC-PERPETUAL"
"""
SETTLED_S = 15.0  # several rounds of all tickers, and the freeze of the garbage collector
FAST = ("--set", "loop='uvloop'", "--set", "venues.deribit.transport='picows'")


@contextmanager
def _process(*words: str, folder: str = ".") -> Iterator[subprocess.Popen[str]]:
    environ = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parents[2])}
    with subprocess.Popen(
        [sys.executable, *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=folder,
        env=environ,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def _first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _cpu_s(pid: int) -> float:
    """Processor seconds of a process so far."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    (found,) = re.findall(r"VmRSS:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    return int(found) / 1024


def _ready(url: str) -> bool:
    return web.get(f"{url}/readyz").status == 200


def _measured(venue_url: str, *words: str) -> tuple[float, float, float]:
    """Seconds and CPU seconds from the start to ready, and MB when the chain has been heard for a while."""
    with TemporaryDirectory(prefix="hedger-bench-") as folder:
        config = Path(folder) / "hedger.toml"
        config.write_text(CONFIG.format(url=venue_url))
        began_s = time.monotonic()
        with _process(
            "-m", "hedger", "run", "-c", str(config), "--port", "0", *words, folder=folder
        ) as daemon:
            url = _first_line(daemon).split()[1]
            until(lambda: _ready(url), "the daemon ready")
            ready_s, ready_cpu_s = time.monotonic() - began_s, _cpu_s(daemon.pid)
            time.sleep(SETTLED_S)
            return ready_s, ready_cpu_s, _rss_mb(daemon.pid)


def footprint() -> dict[str, float]:
    """The standard stack and the fast one, with every ticker subscribed."""
    figures: dict[str, float] = {"tickers": 2.0 * PER_CURRENCY}
    with _process("-m", "tests.bench.whole_chain") as venue:
        venue_url = _first_line(venue).strip()
        for name, words in (("standard", ()), ("fast", FAST)):
            ready_s, ready_cpu_s, rss_mb = _measured(venue_url, *words)
            figures |= {
                f"{name}_ready_s": ready_s,
                f"{name}_ready_cpu_s": ready_cpu_s,
                f"{name}_rss_mb": rss_mb,
            }
    return figures
