"""Which quotes of a book are too old, found without walking the book."""

from __future__ import annotations

from collections.abc import Iterator


class Ages:
    """Names in the order in which they were last heard of, the longest silent first."""

    def __init__(self) -> None:
        self._heard: dict[str, float] = {}
        self._newest_wire_s = float("-inf")
        self._in_order = True

    def heard(self, name: str, wire_s: float) -> None:
        """`name` was heard of at `wire_s`; an earlier time than the newest is sorted in when next asked."""
        self._heard.pop(name, None)
        self._heard[name] = wire_s
        if wire_s < self._newest_wire_s:
            self._in_order = False
        else:
            self._newest_wire_s = wire_s

    def forget(self, name: str) -> None:
        """`name` is no longer held."""
        self._heard.pop(name, None)

    def older_than(self, limit_s: float, wire_s: float) -> Iterator[tuple[str, float]]:
        """(name, age in s) of every name silent for longer than `limit_s`, by name."""
        if self._in_order and wire_s - next(iter(self._heard.values()), wire_s) <= limit_s:
            return iter(())
        self._sort()
        stale: list[tuple[str, float]] = []
        for name, heard in self._heard.items():
            if wire_s - heard <= limit_s:
                break
            stale.append((name, wire_s - heard))
        return iter(sorted(stale))

    def _sort(self) -> None:
        if not self._in_order:
            self._heard = dict(sorted(self._heard.items(), key=lambda item: (item[1], item[0])))
            self._in_order = True
