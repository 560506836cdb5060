"""Where the tasks of a sweep run: in this process, in several, or on a Ray cluster; same answers on all.

A task is a picklable function of one picklable argument. Answers come in the order of the arguments whatever
finished first, so that sums over them do not depend on where they ran.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import AbstractContextManager
from importlib.util import find_spec
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar

from hedger.domain.errors import ConfigError

Task = TypeVar("Task")
Answer = TypeVar("Answer")


class Executor(AbstractContextManager["Executor"], Protocol):
    """Open it with `with`; leaving it ends its workers."""

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        """The answers in the order of the tasks. An exception of a task is raised here."""
        ...


class Serial:
    """In this process, one after the other."""

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        return map(function, tasks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        return None


class Processes:
    """In `workers` processes of this machine."""

    def __init__(self, workers: int) -> None:
        self._pool = ProcessPoolExecutor(workers)

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        return self._pool.map(function, tasks)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


class Ray:
    """On Ray: the cluster at `address`, or one started on this machine's loopback (`hedger[cluster]`)."""

    def __init__(self, workers: int, address: str = "") -> None:
        if find_spec("ray") is None:
            raise ConfigError("executor = 'ray': needs the package ray: pip install 'hedger[cluster]'")
        import ray

        where: dict[str, Any] = {"address": address} if address else _local(workers)
        self._ray, self._workers = ray, workers
        ray.init(log_to_driver=False, logging_level=logging.ERROR, **where)

    def map(self, function: Callable[[Task], Answer], tasks: Iterable[Task]) -> Iterator[Answer]:
        remote = self._ray.remote(function)
        waiting = []
        for task in tasks:
            waiting.append(remote.remote(task))
            if len(waiting) >= 4 * self._workers:  # answers wait in the object store: keep it small
                yield self._ray.get(waiting.pop(0))
        for each in waiting:
            yield self._ray.get(each)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self._ray.shutdown()


def _local(workers: int) -> dict[str, Any]:
    """Nothing listens but on loopback."""
    return {"num_cpus": workers, "include_dashboard": False, "_node_ip_address": "127.0.0.1"}


KINDS = ("processes", "serial", "ray")


def executor(kind: str, workers: int = 0) -> Executor:
    """By name; 0 workers: one per core. Raises ConfigError for an unknown name or a missing package."""
    count = workers or os.cpu_count() or 1
    match kind:
        case "processes":
            return Processes(count)
        case "serial":
            return Serial()
        case "ray":
            return Ray(count)
        case _:
            raise ConfigError(f"executor = {kind!r}: must be one of {', '.join(KINDS)}")
