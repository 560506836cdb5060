"""What the daemon says never holds it up and never ends it, whatever became of the other end."""

from __future__ import annotations

import fcntl
import io
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hedger.runtime.saying import Saying, say

FULL = "/dev/full"  # every write fails with ENOSPC


@contextmanager
def pipe() -> Iterator[tuple[int, int]]:
    reader, writer = os.pipe()
    try:
        yield reader, writer
    finally:
        for end in (reader, writer):
            try:
                os.close(end)
            except OSError:
                continue


def test_what_is_said_arrives_in_order() -> None:
    with pipe() as (reader, writer):
        stream = Saying(writer)
        for number in range(3):
            stream.write(f"line {number} ü\n")
        stream.close()
        assert os.read(reader, 1000).decode() == "line 0 ü\nline 1 ü\nline 2 ü\n"


def test_a_full_disk_loses_lines_and_nothing_else() -> None:
    descriptor = os.open(FULL, os.O_WRONLY)
    stream = Saying(descriptor)
    stream.write("lost\n")
    stream.write("lost as well\n")
    stream.close()
    assert stream.left_out() == 0  # saying so would be lost, too
    os.close(descriptor)


def test_the_lines_lost_are_told_once_it_can_be_written_again() -> None:
    with pipe() as (reader, writer):
        full = os.open(FULL, os.O_WRONLY)
        well = os.dup(writer)
        os.dup2(full, writer)
        stream = Saying(writer)
        stream.write("lost\n")
        while not stream._failing:
            os.sched_yield()
        os.dup2(well, writer)  # room again
        stream.write("kept\n")
        assert os.read(reader, 1000) == b"kept\n"
        while stream._failing:
            os.sched_yield()
        assert (stream.left_out(), stream.left_out()) == (1, 0)
        stream.close()
        os.close(full)
        os.close(well)


def test_a_reader_that_has_died_ends_nobody() -> None:
    with pipe() as (reader, writer):
        os.close(reader)
        stream = Saying(writer)
        stream.write("to nobody\n")
        stream.close()


def test_a_reader_that_does_not_read_holds_nobody_up() -> None:
    with pipe() as (reader, writer):
        stream = Saying(writer, most_texts=4)
        more_than_fits = "x" * (fcntl.fcntl(writer, fcntl.F_GETPIPE_SZ) + 1)
        for _ in range(20):
            stream.write(more_than_fits)
        assert stream.left_out() == 0  # nothing can be said yet
        while not stream._texts.empty():
            os.read(reader, 1 << 20)
        assert stream.left_out() >= 14
        os.close(reader)  # what is being written has nobody to wait for
        stream.close()


class _Gone(io.StringIO):
    def write(self, _text: str) -> int:
        raise BrokenPipeError


def test_a_line_on_a_standard_output_that_is_gone_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", _Gone())
    say("hedger: taken over")
