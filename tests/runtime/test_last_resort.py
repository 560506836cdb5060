"""A process that cannot end by itself is ended, with the code and the words it would have ended with."""

from __future__ import annotations

import subprocess
import sys

ENDLESS = """
import threading
from hedger.runtime.last_resort import LastResort
last = LastResort(end_s=0.05)
last.begin(4, "stopped, but the journal did not take its last records")
last.begin(5, "a second word changes nothing")
{}
threading.Event().wait({})
"""


def ended(*, doing: str = "", waits_s: str = "") -> subprocess.CompletedProcess[str]:
    words = [sys.executable, "-c", ENDLESS.format(doing, waits_s)]
    return subprocess.run(words, capture_output=True, text=True, timeout=60)


def test_what_waits_for_ever_is_ended_with_its_code() -> None:
    done = ended()
    assert done.returncode == 4
    assert done.stderr.startswith("hedger: stopped, but the journal did not take its last records; ")


def test_what_ends_by_itself_is_left_alone() -> None:
    done = ended(doing="last.over()", waits_s="0.2")
    assert (done.returncode, done.stderr) == (0, "")


def test_words_that_cannot_be_told_stop_nobody() -> None:
    assert ended(doing="import sys; sys.stderr = open('/dev/full', 'w')").returncode == 4
