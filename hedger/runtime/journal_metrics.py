"""The journal as Prometheus sees it: how much it takes, what room is left, what waits."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from hedger.journal.space import SpaceWatch
from hedger.journal.writer import JournalWriter


class JournalCollector(Collector):
    """Reads the writer and the watch at each scrape; what is not known has no sample."""

    def __init__(self, writer: JournalWriter, watch: SpaceWatch) -> None:
        self._writer, self._watch = writer, watch

    def collect(self) -> Iterator[Metric]:
        room = self._watch.room
        yield _gauge(
            "size_bytes", "What the journal takes: its file and log, or its database.", room.size_bytes
        )
        yield _gauge(
            "free_bytes", "Free where the journal's file is; of a server not known.", room.free_bytes
        )
        yield _gauge("waiting_writes", "Writes that are not yet durable.", self._writer.waiting)

    def describe(self) -> list[Metric]:
        """Names are asked for at the scrape only, like those of the engine's picture."""
        return []


def _gauge(name: str, meaning: str, value: int | None) -> Metric:
    family = GaugeMetricFamily(f"hedger_journal_{name}", meaning)
    if value is not None:
        family.add_metric((), value)
    return family
