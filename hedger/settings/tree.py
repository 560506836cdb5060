"""The pydantic-settings tree: merges the layers, reads types, composes the frozen dataclasses.

Bounds are checked by the dataclasses themselves, so a Params that exists is valid wherever it was built.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import Field, ValidationError, model_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from hedger.domain.errors import ConfigError
from hedger.engine.settings import AttributionParams, BookSettings, Timing
from hedger.policies.registry import LIVE_POLICIES
from hedger.settings.catalogue import TABLES
from hedger.settings.problems import lines_of
from hedger.settings.sources import Layer
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

_VENUE_KEYS = ("kind", "environment", "client_id_file", "client_secret_file")


class Tree(BaseSettings):
    """Everything that can be set, typed. Policy parameters are judged by their policy, see rules."""

    model_config = SettingsConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    top: TopSettings = Field(default_factory=TopSettings)
    venues: dict[str, VenueSettings] = Field(default_factory=dict)
    books: dict[str, BookSettings] = Field(default_factory=dict)
    policies: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    """Of each book, the parameter table of every policy that has one: numbers, or words."""
    profiles: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    """Of each book, the parameters of every profile."""
    shadows: dict[str, dict[str, dict[str, Any]]] = Field(default_factory=dict)
    """Of each book, the policy and the parameters of every shadow."""
    presets: dict[str, str] = Field(default_factory=dict)
    timing: Timing = Field(default_factory=Timing)
    attribution: AttributionParams = Field(default_factory=AttributionParams)
    journal: JournalSettings = Field(default_factory=JournalSettings)
    lease: LeaseSettings = Field(default_factory=LeaseSettings)
    web: WebSettings = Field(default_factory=WebSettings)
    log: LogSettings = Field(default_factory=LogSettings)
    recorder: RecorderSettings = Field(default_factory=RecorderSettings)
    watchdog: WatchdogSettings = Field(default_factory=WatchdogSettings)

    @model_validator(mode="before")
    @classmethod
    def _shape(cls, values: dict[str, Any]) -> dict[str, Any]:
        """From the tables of the file to the nesting of the dataclasses."""
        tables = {name: table for name, table in values.items() if name not in TABLES[()]}
        books: dict[str, dict[str, Any]] = tables.get("books", {})
        return {
            **tables,
            "top": {name: value for name, value in values.items() if name in TABLES[()]},
            "venues": {name: _venue(table) for name, table in tables.get("venues", {}).items()},
            "books": {name: _book(name, table) for name, table in books.items()},
            "policies": {name: _parameters(_picked(table, LIVE_POLICIES)) for name, table in books.items()},
            "profiles": {name: _parameters(table.get("profiles", {})) for name, table in books.items()},
            "shadows": {name: _parameters(table.get("shadows", {})) for name, table in books.items()},
            "presets": {name: table["preset"] for name, table in books.items() if "preset" in table},
        }


def _venue(table: Mapping[str, Any]) -> dict[str, Any]:
    params = {name: value for name, value in table.items() if name not in _VENUE_KEYS}
    return {**_picked(table, _VENUE_KEYS), "params": params}


def _book(name: str, table: Mapping[str, Any]) -> dict[str, Any]:
    elsewhere = (*LIVE_POLICIES, "preset", "profiles", "shadows")
    return {"name": name, **{key: value for key, value in table.items() if key not in elsewhere}}


def _parameters(tables: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Texts of the environment as numbers where they are some; a word stays one, its policy judges it."""
    return {name: {key: _number(value) for key, value in table.items()} for name, table in tables.items()}


def _number(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _number(inner) for key, inner in value.items()}
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _picked(table: Mapping[str, Any], names: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    return {name: table[name] for name in names if name in table}


class _LayerSource(PydanticBaseSettingsSource):
    """A layer as pydantic-settings merges it."""

    def __init__(self, settings_cls: type[BaseSettings], layer: Layer) -> None:
        super().__init__(settings_cls)
        self._layer = layer

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:
        return self._layer.values.get(field_name), field_name, False

    def __call__(self) -> dict[str, Any]:
        return self._layer.values


def compose(layers: Sequence[Layer]) -> Tree:
    """The tree of these layers, the first the strongest. Raises ConfigError, one line per problem."""

    class Composed(Tree):
        """The tree with these layers as its sources."""

        @classmethod
        def settings_customise_sources(
            cls, settings_cls: type[BaseSettings], *_sources: Any, **_named: Any
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            return tuple(_LayerSource(settings_cls, layer) for layer in layers)

    try:
        return Composed()
    except ValidationError as error:
        raise ConfigError("\n".join(lines_of(error))) from None  # the cause may hold secrets
