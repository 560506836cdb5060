"""`load`: from a file, the environment and secret files to everything the daemon is built from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from hedger.domain.errors import ConfigError
from hedger.domain.vocabulary import Environment
from hedger.engine.settings import Edit, EngineSettings, VenueTerms
from hedger.settings import edits as set_keys
from hedger.settings import sources
from hedger.settings.catalogue import Path as KeyPath
from hedger.settings.catalogue import dotted, entry_at
from hedger.settings.effective import effective, hash_of, masked
from hedger.settings.problems import refuse_odd, without_secrets
from hedger.settings.ready import Ready, ready_of
from hedger.settings.rules import checked_books
from hedger.settings.tables import (
    JournalSettings,
    LeaseSettings,
    LogSettings,
    LoopKind,
    MarketClock,
    VenueSettings,
    WatchdogSettings,
    WebSettings,
)
from hedger.settings.tree import Tree, compose
from hedger.venues.deribit.params import DeribitParams

DEFAULT, READY_FILE = "default", "ready file"
_JOURNAL_FILE = "journal.sqlite"


@dataclass(frozen=True, slots=True)
class Loaded:
    """A valid configuration. `values` are the effective ones by dotted key, secrets masked."""

    path: Path
    settings: Tree
    engine: EngineSettings
    venues: Mapping[str, tuple[Environment, DeribitParams]]
    loop: LoopKind
    state_dir: Path
    journal: JournalSettings
    journal_path: Path
    recorder_path: Path | None
    lease: LeaseSettings
    web: WebSettings
    watchdog: WatchdogSettings
    log: LogSettings
    clock: MarketClock
    values: Mapping[str, Any]
    origins: Mapping[str, str]
    config_hash: str
    secrets: tuple[str, ...] = field(repr=False)
    edits: tuple[Edit, ...] = ()  # set while running, in force
    ended_edits: tuple[Edit, ...] = ()  # set while running, until the file said something else
    file_values: Mapping[str, str] = field(default_factory=dict)  # JSON of what can be set, by dotted key

    @property
    def journal_place(self) -> Path | str:
        """Where the journal is: a file, or a database's URL."""
        return self.journal.url or self.journal_path


def load(
    path: Path, environ: Mapping[str, str], overrides: Sequence[str] = (), edits: Sequence[Edit] = ()
) -> Loaded:
    """Read and validate everything; `edits` are the keys set while running.

    Raises ConfigError, one line per problem, secrets masked.
    """
    file = sources.from_file(path)
    values = set_keys.file_values(sources.leaves(file.values))
    kept, ended = set_keys.split(edits, values)
    layers = _layers(path, file, environ, overrides, kept)
    together = sources.merged(layers)
    origins = {dotted(at): origin for at, origin in together.origins.items()}
    with without_secrets(_secrets(dict(sources.leaves(together.values)))):
        made = _assemble(path, compose(layers), origins, MarketClock(), kept)
    return replace(made, ended_edits=ended, file_values=values)


def with_exchange(loaded: Loaded, ready: Mapping[str, Any]) -> Loaded:
    """The same configuration against a local exchange: its address, keys and market time.

    `ready` is the content of the exchange's ready file. Raises ConfigError where it does not fit.
    """
    found = ready_of(ready)
    if len(loaded.settings.venues) != 1:
        names = ", ".join(loaded.settings.venues)
        raise ConfigError(f"venues: a local exchange stands in for exactly one venue, there are: {names}")
    (name, venue), *_ = loaded.settings.venues.items()
    tree = loaded.settings.model_copy(update={"venues": {name: _local(venue, found)}})
    taken = ("environment", "url", "client_id", "client_secret", *(("ca_file",) if found.ca_file else ()))
    origins = {**loaded.origins, **{f"venues.{name}.{key}": READY_FILE for key in taken}}
    made = _assemble(loaded.path, tree, origins, found.clock, loaded.edits)
    return replace(made, ended_edits=loaded.ended_edits, file_values=loaded.file_values)


def _local(venue: VenueSettings, found: Ready) -> VenueSettings:
    params = replace(
        venue.params,
        url=found.ws_url,
        client_id=found.client_id,
        client_secret=found.client_secret,
        ca_file=found.ca_file or venue.params.ca_file,
    )
    return replace(venue, environment=Environment.LOCAL, params=params)


def _layers(
    path: Path,
    file: sources.Layer,
    environ: Mapping[str, str],
    overrides: Sequence[str],
    edits: Sequence[Edit],
) -> list[sources.Layer]:
    """Strongest first."""
    strong = [set_keys.layer(edits), sources.from_overrides(overrides), sources.from_environment(environ)]
    known = sources.merged([*strong, file])
    refuse_odd(sources.leaves(known.values))
    secret = sources.from_secret_files(known, path.absolute().parent)
    return [*strong, secret, file, sources.from_presets(known)]


def _assemble(
    path: Path, tree: Tree, origins: Mapping[str, str], clock: MarketClock, edits: tuple[Edit, ...]
) -> Loaded:
    books = checked_books(tree)
    rows = effective(tree, books)
    config_hash = hash_of(rows, clock)
    values = masked(rows)
    terms = tuple(VenueTerms(name, venue.environment) for name, venue in tree.venues.items())
    state_dir, recorder = tree.top.state_dir, tree.recorder.path
    return Loaded(
        path=path,
        settings=tree,
        engine=EngineSettings(
            tree.top.mode,
            terms,
            books,
            tree.timing,
            clock.speed,
            config_hash,
            edits,
            tree.lease.margin_s,
            tree.attribution,
        ),
        venues={name: (venue.environment, venue.params) for name, venue in tree.venues.items()},
        loop=tree.top.loop,
        state_dir=state_dir,
        journal=tree.journal,
        journal_path=Path(tree.journal.path) if tree.journal.path else state_dir / _JOURNAL_FILE,
        recorder_path=Path(recorder) if recorder else None,
        lease=tree.lease,
        web=tree.web,
        watchdog=tree.watchdog,
        log=tree.log,
        clock=clock,
        values=values,
        origins={name: origins.get(name, DEFAULT) for name in values},
        config_hash=config_hash,
        secrets=_secrets(rows),
        edits=edits,
    )


def _secrets(rows: Mapping[KeyPath, Any]) -> tuple[str, ...]:
    """For the redaction of logs."""
    found = ((path, entry_at(path), value) for path, value in rows.items())
    return tuple(str(value) for _, entry, value in found if entry and entry.key.secret and value)
