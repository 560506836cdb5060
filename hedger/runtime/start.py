"""Where a daemon's configuration comes from, now and at every reload, and what it must hold to start."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hedger.domain.errors import AuthError, ConfigError
from hedger.engine.settings import Edit
from hedger.settings.edits import FILE_NAME, read_edits
from hedger.settings.load import Loaded, load, with_exchange
from hedger.settings.ready import read_ready
from hedger.settings.sources import variable_name
from hedger.venues.deribit.params import endpoint

_KEY = ("client_id", "client_secret")


@dataclass(frozen=True, slots=True)
class Source:
    """A file, the environment, overrides on top and, where given, a local exchange's ready file."""

    config: Path
    environ: Mapping[str, str]
    overrides: Sequence[str] = ()
    exchange: Path | None = None

    def load(self, edits: Sequence[Edit] | None = None) -> Loaded:
        """The whole configuration, validated; `edits` instead of those in the state directory where given.

        Raises ConfigError.
        """
        made = load(self.config, self.environ, self.overrides)
        above = read_edits(made.state_dir) if edits is None else edits
        if above:
            made = self._with(above, made.state_dir if edits is None else None)
        return made if self.exchange is None else with_exchange(made, read_ready(self.exchange))

    def _with(self, edits: Sequence[Edit], state_dir: Path | None) -> Loaded:
        """With keys set while running; where they do not fit the file, it says where they are kept."""
        try:
            return load(self.config, self.environ, self.overrides, edits)
        except ConfigError as error:
            if state_dir is None:
                raise
            where = (
                f"{state_dir / FILE_NAME}: holds keys set while running, which do not fit; remove them there"
            )
            raise ConfigError(f"{error}\n{where}") from error


def require_keys(loaded: Loaded) -> None:
    """Raises AuthError, one line per venue, where a part of an API key is missing: before any connection.

    Raises ConfigError for an address that is not the environment's.
    """
    told = []
    for name, (environment, params) in loaded.venues.items():
        try:
            address = endpoint(environment, params)
        except ConfigError as error:
            ready = "" if params.url else "; of a local exchange --exchange FILE tells it"
            raise ConfigError(f"venues.{name}.{error}{ready}") from None
        missing = [part for part in _KEY if not getattr(params, part)]
        if missing:
            variables = " and ".join(variable_name(("venues", name, part)) for part in missing)
            told.append(
                f"venues.{name}: no {' and no '.join(missing)} for {address} ({environment}): set {variables}"
            )
    if told:
        raise AuthError("\n".join(told))
