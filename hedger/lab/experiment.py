"""One experiment: book, model, costs, policies and how much of it, as a TOML file says it.

Every key is a documented field of one of the dataclasses here, in `book` or in `models`; a key that is none
is refused with the nearest that is.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Annotated, Any

import msgspec

from hedger.domain.errors import ConfigError
from hedger.domain.keys import Key, check_bounds, hint
from hedger.domain.time_units import DAY_S
from hedger.lab.book import Book, Leg
from hedger.lab.models import MODELS, Model
from hedger.policies.partial import PartialParams
from hedger.policies.registry import Policy, in_parts, policy_named


@dataclass(frozen=True, slots=True)
class Costs:
    """What hedging costs. Shares are of the traded notional, one way."""

    one_way: Annotated[float, Key("fraction", "taker fee and half spread of one trade", least=0, most=1)] = (
        0.0
    )
    per_trade: Annotated[float, Key("USD or coin", "fixed cost of a trade", least=0)] = 0.0
    funding: Annotated[float, Key("per year", "paid by a long hedge", least=-10, most=10)] = 0.0
    first_hedge: Annotated[bool, Key("true or false", "whether the trade at the start counts")] = True
    unwind: Annotated[bool, Key("true or false", "whether closing the hedge at the end costs")] = False
    accrue_interest: Annotated[
        bool, Key("true or false", "cash earns book.rate and the result is discounted to the start")
    ] = True
    lot: Annotated[
        float, Key("coin or USD", "hedge in whole lots, coin (linear) or USD (inverse); 0: any size", least=0)
    ] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class Simulation:
    """How much is simulated. The same seed gives the same figures on every executor."""

    paths: Annotated[int, Key("count", "paths", least=2, most=1_000_000_000)] = 20_000
    steps: Annotated[
        int, Key("count", "steps to the horizon; a policy is asked at each", least=1, most=20_000)
    ] = 250
    seed: Annotated[int, Key("number", "of the random numbers", least=0)] = 1
    horizon_days: Annotated[float, Key("days", "where it ends; 0: at the last expiry", least=0)] = 0.0
    start_s: Annotated[float, Key("s", "market time of the start: windows are aligned to 0", least=0)] = 0.0
    grid_nodes: Annotated[int, Key("count", "nodes of the greeks' grid in ln S", least=64, most=100_000)] = (
        1024
    )

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class Rule:
    """A policy under test: one that trades, by its name and parameters."""

    name: Annotated[str, Key("name", "under which its figures are shown")]
    policy: Annotated[str, Key("name", "band, theta_offset, ...; none: never hedges")]
    params: Annotated[
        Mapping[str, float | str], Key("table", "the policy's parameters, as in a book's file")
    ] = field(default_factory=dict)
    ask_every: Annotated[int, Key("steps", "it is asked at each such step", least=1)] = 1
    hedge_iv: Annotated[
        float, Key("fraction", "volatility of its greeks; 0: the options' own", least=0, most=10)
    ] = 0.0

    band_scale: Annotated[
        float, Key("times", "its no-trade interval is so much wider, as a timed override makes it", above=0)
    ] = 1.0
    partial: Annotated[PartialParams, Key("table", "a hedge in parts, as in a book's file")] = field(
        default_factory=PartialParams
    )

    def __post_init__(self) -> None:
        check_bounds(self)


@dataclass(frozen=True, slots=True)
class Measures:
    """What is reported beside mean, sd, cost, trades and quantiles."""

    risk_aversion: Annotated[
        tuple[float, ...], Key("1/USD or 1/coin", "certainty-equivalent cost at each")
    ] = ()
    tails: Annotated[tuple[float, ...], Key("fraction", "expected shortfall of these tails")] = (0.05, 0.01)

    def __post_init__(self) -> None:
        for share in self.tails:
            if not 0.0 < share < 1.0:
                raise ValueError(f"tails = {share}: must be between 0 and 1")
        for aversion in self.risk_aversion:
            if not 0.0 < aversion < math.inf:
                raise ValueError(f"risk_aversion = {aversion}: must be above 0 and finite")


@dataclass(frozen=True, slots=True)
class Experiment:
    book: Book
    model: Model
    policies: tuple[Rule, ...]
    title: str = ""
    costs: Costs = field(default_factory=Costs)
    simulation: Simulation = field(default_factory=Simulation)
    measures: Measures = field(default_factory=Measures)

    def __post_init__(self) -> None:
        names = [rule.name for rule in self.policies]
        if not names:
            raise ValueError("policies = []: must name at least one")
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice is not None:
            raise ValueError(f"policies: name = {twice!r} is given twice")
        for leg in self.book.options:
            _on_a_step(leg, self.step_days)
        for rule in self.policies:
            params_of(rule, self.book)

    @property
    def horizon_days(self) -> float:
        return self.simulation.horizon_days or max(leg.expiry_days for leg in self.book.options)

    @property
    def step_days(self) -> float:
        return self.horizon_days / self.simulation.steps

    @property
    def step_s(self) -> float:
        return self.horizon_days * DAY_S / self.simulation.steps


NONE = "none"


def params_of(rule: Rule, book: Book) -> tuple[Policy, Any] | None:
    """The policy and its validated parameters; None for the one that never hedges."""
    if rule.policy == NONE:
        return None
    policy = policy_named(rule.policy)
    try:
        return in_parts(policy, rule.partial), policy.params(rule.params, book.target_delta_coin)
    except ValueError as error:
        raise ValueError(f"policies.{rule.name}.params.{error}") from None


def _on_a_step(leg: Leg, step_days: float) -> None:
    steps = leg.expiry_days / step_days
    if abs(steps - round(steps)) > 1e-6:
        raise ValueError(
            f"book.options: expiry_days = {leg.expiry_days}: must be whole steps of {step_days:g} days"
        )


def load(path: Path) -> Experiment:
    """An experiment's file. Raises ConfigError naming file, key, value and what would be right."""
    try:
        found = tomllib.loads(path.read_text())
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: not a TOML file: {error}") from None
    try:
        return read(found)
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def read(found: Mapping[str, Any]) -> Experiment:
    """An experiment from the file's tables. Raises ValueError naming key, value and what would be right."""
    _known("", found, Experiment)
    given = dict(found)
    made: dict[str, Any] = {"model": model_of(_table("model", given.pop("model", None)), _book_iv(given))}
    for name, kind in (("book", Book), ("costs", Costs), ("simulation", Simulation), ("measures", Measures)):
        if name in given:
            made[name] = _converted(name, given.pop(name), kind)
    rules = _list("policies", given.pop("policies", []))
    made["policies"] = tuple(_converted(f"policies[{i}]", rule, Rule) for i, rule in enumerate(rules))
    if "book" not in made:
        raise ValueError("book: missing; must be a table [book]")
    if not isinstance(given.get("title", ""), str):
        raise ValueError(f"title = {given['title']!r}: must be a text")
    return Experiment(**made, **given)


def _book_iv(found: Mapping[str, Any]) -> float:
    """The first option's volatility, which realised_over_implied is a multiple of."""
    try:
        return float(found["book"]["options"][0]["iv"])
    except (KeyError, IndexError, TypeError, ValueError):
        return 0.0


def model_of(found: Mapping[str, Any], iv: float) -> Model:
    """The model of a file's table; `iv` is what realised_over_implied is a multiple of. Raises ValueError."""
    values = dict(found)
    kind = values.pop("kind", None)
    if kind not in MODELS:
        raise ValueError(f"model.kind = {kind!r}: must be one of {', '.join(MODELS)}")
    ratio = values.pop("realised_over_implied", None)
    if ratio is not None:
        if "volatility" in values:
            raise ValueError("model: must have volatility or realised_over_implied, not both")
        if isinstance(ratio, bool) or not isinstance(ratio, int | float):
            raise ValueError(f"model.realised_over_implied = {ratio!r}: must be a number")
        values["volatility"] = ratio * iv
    made: Model = _converted("model", values, MODELS[kind], extra=("kind", "realised_over_implied"))
    return made


def _table(name: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ValueError(f"{name}: missing; must be a table [{name}]")
    return found


def _list(name: str, found: Any) -> list[Any]:
    if not isinstance(found, list):
        raise ValueError(f"{name} = {found!r}: must be tables, [[{name}]]")
    return found


def _converted(where: str, found: Any, kind: Any, extra: tuple[str, ...] = ()) -> Any:
    table = _table(where, found)
    _known(where, table, kind, extra)
    if kind is Rule and "partial" in table:
        _known(f"{where}.partial", _table(f"{where}.partial", table["partial"]), PartialParams)
    if kind is Book:
        for i, leg in enumerate(_list(f"{where}.options", table.get("options", []))):
            _known(f"{where}.options[{i}]", _table(f"{where}.options[{i}]", leg), Leg)
    try:
        return msgspec.convert(table, kind)
    except msgspec.ValidationError as error:
        text, _, at = str(error).partition(" - at `$")
        raise ValueError(f"{where}{at.rstrip('`')}: {text[:1].lower()}{text[1:]}") from None


def _known(where: str, found: Mapping[str, Any], kind: Any, extra: tuple[str, ...] = ()) -> None:
    known = [each.name for each in fields(kind)] + list(extra)
    for name in found:
        if name not in known:
            dotted = f"{where}.{name}" if where else name
            raise ValueError(f"{dotted}: no such key; {hint(name, known)}")
