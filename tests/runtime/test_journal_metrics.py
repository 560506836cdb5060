"""The journal in the metrics: what is known, and nothing in place of what is not."""

from __future__ import annotations

from pathlib import Path

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from hedger.engine.effects import Write
from hedger.journal.journal import Journal
from hedger.journal.space import SpaceWatch
from hedger.journal.writer import JournalWriter
from hedger.runtime.journal_metrics import JournalCollector
from tests.journal.records import configured


async def test_size_room_and_what_waits_are_told_in_base_units(tmp_path: Path) -> None:
    async with await Journal.open(tmp_path / "j") as journal:
        writer, watch = JournalWriter(journal), SpaceWatch(journal.store, warn_mb=0.0, critical_mb=0.0)
        registry = CollectorRegistry()
        registry.register(JournalCollector(writer, watch))

        def samples() -> dict[str, float]:
            families = text_string_to_metric_families(generate_latest(registry).decode())
            assert all(family.documentation for family in families)
            families = text_string_to_metric_families(generate_latest(registry).decode())
            return {sample.name: sample.value for family in families for sample in family.samples}

        writer.submit(Write(sequence=1, records=(configured(1),)))
        assert samples() == {"hedger_journal_waiting_writes": 1.0}
        watch.room = await journal.store.room()
        found = samples()
    assert found["hedger_journal_size_bytes"] > 0
    assert found["hedger_journal_free_bytes"] > 0
