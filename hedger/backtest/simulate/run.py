"""Many seeds over processes, and what they came to."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, fields
from itertools import islice

from hedger.backtest.simulate.disk import Shelf
from hedger.backtest.simulate.life import Result, live
from hedger.backtest.simulate.tally import Tally

CHUNK = 8  # lives that a process takes at once


def run(seeds: Iterable[int], workers: int) -> Iterator[Result]:
    """Every seed's life, in the order of the seeds. One worker: in this process."""
    if workers == 1:
        yield from _one_after_another(seeds)
        return
    with ProcessPoolExecutor(workers, initializer=_seldom_collect) as pool:
        left = iter(seeds)
        for results in pool.map(_lived, iter(lambda: tuple(islice(left, CHUNK)), ())):
            yield from results


def _one_after_another(seeds: Iterable[int]) -> Iterator[Result]:
    with Shelf() as shelf:
        for seed in seeds:
            yield live(seed, shelf=shelf)


def _lived(seeds: Sequence[int]) -> list[Result]:
    return list(_one_after_another(seeds))


def _seldom_collect() -> None:
    """What is imported stays and a life leaves few cycles behind: looking for them costs 4 % otherwise."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 100)


@dataclass(slots=True)
class Summary:
    """All lives together."""

    lives: int = 0
    virtual_s: float = 0.0
    tally: Tally = field(default_factory=Tally)
    violations: list[Result] = field(default_factory=list)

    def add(self, result: Result) -> None:
        """One more life."""
        self.lives += 1
        self.virtual_s += result.virtual_s
        _add(self.tally, result.tally)
        if result.violation:
            self.violations.append(result)

    @property
    def blocked_share(self) -> float:
        """Of the watched time, that in which a book could not trade, whatever the reason."""
        return sum(self.tally.blocked_s.values()) / self.tally.watched_s if self.tally.watched_s else 0.0

    @property
    def beyond_share(self) -> float:
        """Of the watched time, that in which delta was beyond the hard limit."""
        return sum(self.tally.beyond_s.values()) / self.tally.watched_s if self.tally.watched_s else 0.0


def _add(total: Tally, more: Tally) -> None:
    for each in fields(Tally):
        before, value = getattr(total, each.name), getattr(more, each.name)
        if isinstance(before, Counter):
            before.update(value)
        elif isinstance(before, dict):
            for name, seconds in value.items():
                before[name] = before.get(name, 0.0) + seconds
        else:
            setattr(total, each.name, before + value)
