"""Where a daemon's configuration comes from, now and at every reload."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hedger.settings.load import Loaded, load, with_exchange
from hedger.settings.ready import read_ready


@dataclass(frozen=True, slots=True)
class Source:
    """A file, the environment, overrides on top and, where given, a local exchange's ready file."""

    config: Path
    environ: Mapping[str, str]
    overrides: Sequence[str] = ()
    exchange: Path | None = None

    def load(self) -> Loaded:
        """The whole configuration, validated. Raises ConfigError."""
        made = load(self.config, self.environ, self.overrides)
        return made if self.exchange is None else with_exchange(made, read_ready(self.exchange))
