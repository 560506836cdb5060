"""A run of the engine that is recorded while the rig plays the world: every kind of thing that happens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.engine import Engine
from hedger.engine.recording import encode_header, encode_step
from hedger.engine.settings import EngineSettings
from tests.engine.rig import CALL, PUT, START_MS, VENUE, Rig, settings

WIDE = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
STARTED = ev.Now(START_MS, 1000.0)  # the rig's first instant
EVENTFUL = settings(**WIDE)

Watcher = Callable[[ev.Now, Sequence[ev.Event], Sequence[fx.Effect]], None]


class RecordedEngine(Engine):
    """An engine that keeps the line of every step, and tells a watcher after it as the live driver does."""

    def __init__(self, engine_settings: EngineSettings, started: ev.Now, watcher: Watcher | None) -> None:
        super().__init__(engine_settings, started)
        self.lines = [encode_header(engine_settings, started)]
        self._watcher = watcher

    def step(self, now: ev.Now, events: Sequence[ev.Event]) -> list[fx.Effect]:
        made = super().step(now, events)
        self.lines.append(encode_step(now, events, made))
        if self._watcher is not None:
            self._watcher(now, events, made)
        return made


class RecordedRig(Rig):
    """A rig whose run can be written to a file."""

    def __init__(
        self, engine_settings: EngineSettings | None = None, watcher: Watcher | None = None, **keywords: Any
    ) -> None:
        super().__init__(engine_settings, **keywords)
        self.recorded = RecordedEngine(self.settings, self.now, watcher)
        self.engine = self.recorded

    def written(self, path: Path) -> Path:
        path.write_bytes(b"".join(self.recorded.lines))
        return path


def eventful(watcher: Watcher | None = None) -> RecordedRig:
    """Hedging, an unknown order that is found, a reconnect, bad data, commands, a reload, quiet, a stop."""
    rig = RecordedRig(EVENTFUL, watcher)
    rig.start({CALL: "-10", PUT: "-3"})
    rig.step(*rig.fill_of(rig.placed[-1]))
    _unknown_and_found(rig)
    rig.step(ev.LinkDown(venue=VENUE, reason="closed 1006"))
    rig.step(rig.link_up())
    rig.step(rig.snapshot({CALL: "-10", PUT: "-3"}))
    rig.step(*rig.quotes(CALL, PUT))
    rig.step(ev.BadData(venue=VENUE, channel=f"ticker.{CALL}.raw", instrument=CALL, detail="mark_iv = null"))
    rig.step(ev.CommandGiven(command="pause", book="btc", by="desk", reason="lunch – back at 1"))
    rig.step(ev.CommandGiven(command="resume", book="btc", by="desk", reason=""))
    rig.step(ev.SettingsApplied(settings=settings(config_hash="2", **{**WIDE, "upper": 0.05})))
    for _ in range(5):
        rig.step(after_s=1.0)
    rig.move(101_500.0, CALL, PUT)
    rig.step(ev.StopRequested(reason="SIGTERM"))
    rig.step(after_s=11.0)
    return rig


def _unknown_and_found(rig: RecordedRig) -> None:
    rig.move(103_000.0, CALL, PUT)
    order = rig.placed[-1]
    rig.step(ev.PlacementLost(venue=VENUE, label=order.label, reason="reply lost"))
    rig.step(after_s=1.5)
    report, filled = rig.fill_of(order)
    assert isinstance(report, ev.Reported)
    assert isinstance(filled, ev.Filled)
    rig.step(
        ev.LookedUp(
            venue=VENUE,
            label=order.label,
            server_ms=rig.market_ms,
            reports=(report.report,),
            fills=(filled.fill,),
        )
    )
