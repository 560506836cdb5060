"""Every key there is: which table it stands in, its type, unit, meaning and default.

Names, suggestions, environment variables, `config/default.toml` and `hedger check` all read this catalogue;
it is itself read from the dataclasses and the policies, so a key is described in one place only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from difflib import get_close_matches
from typing import Any, NamedTuple, get_type_hints

from hedger.domain.keys import Key, keys_of
from hedger.engine.ownership.scope import BASE_POSITION, Scope
from hedger.engine.settings import AttributionParams, BookSettings, DeltaParams, SettlementParams, Timing
from hedger.execution.by_expiry_params import ByExpiryParams
from hedger.execution.params import ExecutionParams
from hedger.policies.partial import PartialParams
from hedger.policies.presets import PRESETS
from hedger.policies.registry import LIVE_POLICIES, Policy
from hedger.policies.schedule import Schedule
from hedger.risk.envelope import Envelope
from hedger.risk.margin_params import MarginParams
from hedger.settings.tables import (
    JournalSettings,
    LeaseSettings,
    LogSettings,
    RecorderSettings,
    TopSettings,
    VenueSettings,
    WatchdogSettings,
    WebSettings,
)
from hedger.venues.deribit.params import DeribitParams

Path = tuple[str, ...]

ANY = "*"  # stands for the name of a book or venue
REQUIRED = MISSING
_INSTRUMENT = re.compile(r"[A-Z0-9][A-Z0-9_]*-[A-Z0-9]+")
CLOSE = 0.75  # likeness from which a name is suggested: "uper" is "upper", "foo" is nothing


class Entry(NamedTuple):
    """A key: `kind` is its Python type, `default` is REQUIRED where the file must give a value."""

    kind: Any
    key: Key
    default: Any = REQUIRED


Table = Mapping[str, Entry]


class AnyInstrument(Mapping[str, Entry]):
    """A table whose keys are instrument names, as many as a file writes into it."""

    def __init__(self, entry: Entry) -> None:
        self._entry = entry

    def __getitem__(self, name: str) -> Entry:
        if not _INSTRUMENT.fullmatch(name):
            raise KeyError(name)
        return self._entry

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


def _table(*types: type) -> dict[str, Entry]:
    return {name: entry for each in types for name, entry in _entries(each)}


def _entries(params_type: type) -> Iterator[tuple[str, Entry]]:
    hints = get_type_hints(params_type)
    defaults = {field.name: field.default for field in fields(params_type)}
    for name, key in keys_of(params_type):
        yield name, Entry(hints[name], key, defaults[name])


def _policy_table(policy: Policy) -> dict[str, Entry]:
    hints, defaults = get_type_hints(policy.params_type), policy.params_type()
    return {name: Entry(hints[name], key, getattr(defaults, name)) for name, key in policy.doc.items()}


def _book_table() -> dict[str, Entry]:
    venue = Entry(str, Key("", "name of the [venues.NAME] table whose account holds the book"))
    preset = Entry(str, Key("", f"named policy parameters: {', '.join(PRESETS)}; empty: none"), "")
    return {"venue": venue, **_table(BookSettings), "preset": preset}


PROFILE: Path = ("books", ANY, "profiles", ANY)
"""Table of a profile: some parameters of the book's policy."""

SHADOW: Path = ("books", ANY, "shadows", ANY)
"""Table of a shadow: a policy, and some of its parameters."""

_SHADOW_POLICY = Key("", f"asked beside the live one: {', '.join(LIVE_POLICIES)}")


def _every_policy() -> dict[str, Entry]:
    return {name: entry for policy in LIVE_POLICIES.values() for name, entry in _policy_table(policy).items()}


TABLES: Mapping[Path, Table] = {
    (): _table(TopSettings),
    ("venues", ANY): _table(VenueSettings, DeribitParams),
    ("books", ANY): _book_table(),
    **{("books", ANY, policy.name): _policy_table(policy) for policy in LIVE_POLICIES.values()},
    ("books", ANY, "partial"): _table(PartialParams),
    ("books", ANY, "delta"): _table(DeltaParams),
    ("books", ANY, "settlement"): _table(SettlementParams),
    PROFILE: _every_policy(),
    SHADOW: {"policy": Entry(str, _SHADOW_POLICY), **_every_policy()},
    (*SHADOW, "partial"): _table(PartialParams),
    ("books", ANY, "schedule"): _table(Schedule),
    ("books", ANY, "scope"): _table(Scope),
    ("books", ANY, "scope", "base_position"): AnyInstrument(Entry(float, BASE_POSITION)),
    ("books", ANY, "envelope"): _table(Envelope),
    ("books", ANY, "margin"): _table(MarginParams),
    ("books", ANY, "execution"): _table(ExecutionParams),
    ("books", ANY, "by_expiry"): _table(ByExpiryParams),
    ("timing",): _table(Timing),
    ("attribution",): _table(AttributionParams),
    ("journal",): _table(JournalSettings),
    ("lease",): _table(LeaseSettings),
    ("web",): _table(WebSettings),
    ("log",): _table(LogSettings),
    ("recorder",): _table(RecorderSettings),
    ("watchdog",): _table(WatchdogSettings),
}

POINTERS = ("secrets_dir", "client_id_file", "client_secret_file", "password_file")
"""Keys that tell where a value is, not what it is: no part of the configuration's hash."""


def pattern_of(path: Path) -> Path:
    """The path with the name of a book, venue, profile or shadow replaced by ANY."""
    if len(path) < 2 or path[0] not in ("venues", "books"):
        return path
    for named in (PROFILE, SHADOW):
        if len(path) > 3 and path[0] == named[0] and path[2] == named[2]:
            return (*named, *path[4:])
    return (path[0], ANY, *path[2:])


def entry_at(path: Path) -> Entry | None:
    """The key at a path, None where there is none."""
    return TABLES.get(pattern_of(path[:-1]), {}).get(path[-1]) if path else None


def is_table(path: Path) -> bool:
    """Whether a path names a table, or a table of tables."""
    pattern = pattern_of(path)
    return any(known[: len(pattern)] == pattern for known in TABLES)


def names_in(path: Path) -> tuple[str, ...]:
    """Keys and tables that may stand in a table, in the catalogue's order."""
    pattern = pattern_of(path) if len(path) != 1 or path[0] not in ("venues", "books") else path
    depth = len(pattern)
    below = [known[depth] for known in TABLES if len(known) > depth and known[:depth] == pattern]
    return tuple(dict.fromkeys([*TABLES.get(pattern, {}), *(name for name in below if name != ANY)]))


def hint_for(path: Path) -> str:
    """What was probably meant by a path that is no key."""
    if is_table(path):
        inside = names_in(path)
        return f"it is a table, with keys like {dotted((*path, inside[0] if inside else 'NAME'))}"
    known = names_in(path[:-1])
    near = get_close_matches(path[-1], known, n=1, cutoff=CLOSE)
    return f"did you mean {dotted((*path[:-1], near[0]))}?" if near else f"known are {', '.join(known)}"


def dotted(path: Path) -> str:
    return ".".join(path)
