"""What belongs to a book: which instruments, whose futures, and what is set aside or held elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from typing import Annotated

from hedger.domain.globs import LEGAL, matches, overlap
from hedger.domain.instants import ms_of
from hedger.domain.instrument import Instrument, Kind
from hedger.domain.keys import Key, check_bounds
from hedger.domain.names import parse_name

KINDS = (Kind.OPTION.value, Kind.FUTURE.value, Kind.PERPETUAL.value)

BASE_POSITION = Key("venue's amount unit", "signed position in this future that is not the book's")


@dataclass(frozen=True, slots=True)
class Scope:
    """What one book counts: options by this filter, futures by the label of their trades or `adopt`."""

    kinds: Annotated[tuple[str, ...], Key("", "kinds of instruments: option, future, perpetual")] = KINDS
    expiries: Annotated[tuple[str, ...], Key("", 'dates like "30JAN26"; empty: every expiry')] = ()
    instruments: Annotated[
        tuple[str, ...], Key("", 'names or patterns like "BTC-*-C"; empty: every instrument')
    ] = ()
    adopt: Annotated[
        tuple[str, ...],
        Key("", 'futures, names or patterns, counted whole beside the book\'s own trades: "BTC-PERPETUAL"'),
    ] = ()
    adopt_labels: Annotated[
        tuple[str, ...], Key("", 'labels or patterns of a person\'s futures trades that count: "hand-*"')
    ] = ()
    base_position: dict[str, float] = field(default_factory=dict)
    external_delta_coin: Annotated[
        float, Key("coin", "delta held elsewhere (cold wallet, OTC, other venue), added to the book's")
    ] = 0.0
    external_owner: Annotated[str, Key("", "who answers for external_delta_coin; empty: nobody")] = ""
    external_until: Annotated[
        str, Key("", "last day (UTC) external_delta_coin holds, like 2026-12-31; later the book is blocked")
    ] = ""
    counts_equity: Annotated[
        bool | None, Key("", "count the wallet's equity; one book per settlement currency and account")
    ] = None
    settle_s: Annotated[
        float,
        Key("s", "wire time for which delta of somebody's trade waits for further legs", least=0, most=60),
    ] = 2.0
    max_wallet_drift_usd: Annotated[
        float,
        Key("USD", "legs both: alarm when more moved between coin and USDC wallets; 0: no limit", least=0),
    ] = 0.0

    def __post_init__(self) -> None:
        check_bounds(self)
        for problem in (*_selection_problems(self), *_external_problems(self)):
            raise ValueError(problem)

    def takes(self, instrument: Instrument) -> bool:
        """Whether the filter lets an instrument in; a perpetual has no expiry to be filtered by."""
        if instrument.kind.value not in self.kinds:
            return False
        if self.expiries and instrument.expiration_ms is not None:
            wanted = {_expiration_ms(expiry) for expiry in self.expiries}
            if instrument.expiration_ms not in wanted:
                return False
        return not self.instruments or _any(self.instruments, instrument.name)

    def adopts(self, instrument: str) -> bool:
        return _any(self.adopt, instrument)

    def adopts_label(self, label: str) -> bool:
        return bool(label) and _any(self.adopt_labels, label)

    @property
    def whole(self) -> bool:
        """Whether everything of the underlying on the account counts."""
        everything = not self.expiries and not self.instruments and {*self.kinds} == {*KINDS}
        return everything and not any(self.base_position.values())

    @property
    def external_end_ms(self) -> int | None:
        """Market time at which external_delta_coin is no longer vouched for; None without one."""
        day = _day(self.external_until) if self.external_delta_coin else None
        if day is None:
            return None
        return ms_of(day + timedelta(days=1))


def disjoint(first: Scope, second: Scope, underlying: str) -> bool:
    """Whether no option of an underlying can belong to both; what the keys cannot tell apart is not."""
    if not {Kind.OPTION.value} <= {*first.kinds} & {*second.kinds}:
        return True
    if first.expiries and second.expiries and not {*first.expiries} & {*second.expiries}:
        return True
    return any(
        bool(one and other) and not any(overlap(a, b) for a in one for b in other)
        for one, other in (
            (first.instruments, second.instruments),
            (_of_expiries(first, underlying), second.instruments),
            (first.instruments, _of_expiries(second, underlying)),
        )
    )


def rival_patterns(first: Scope, second: Scope) -> tuple[str, str] | None:
    """Two patterns of `adopt` that may claim the same future."""
    pairs = ((a, b) for a in first.adopt for b in second.adopt)
    return next((pair for pair in pairs if overlap(*pair)), None)


def _of_expiries(scope: Scope, underlying: str) -> tuple[str, ...]:
    """Patterns of the options' names (domain.names), settled in the coin or in a dollar coin."""
    return tuple(f"{start}-{day}-*" for day in scope.expiries for start in (underlying, f"{underlying}_*"))


def _any(patterns: tuple[str, ...], name: str) -> bool:
    return any(matches(pattern, name) for pattern in patterns)


def _selection_problems(scope: Scope) -> Iterator[str]:
    for kind in scope.kinds:
        if kind not in KINDS:
            yield f"kinds = {kind!r}: must be of {', '.join(KINDS)}"
    for expiry in scope.expiries:
        if _expiration_ms(expiry) is None:
            yield f"expiries = {expiry!r}: must be a date as in instrument names, like 30JAN26"
    for name in ("instruments", "adopt", "adopt_labels"):
        for pattern in getattr(scope, name):
            if not LEGAL.fullmatch(pattern):
                yield f"{name} = {pattern!r}: must be a name or a pattern with * and ?"
    for name in scope.base_position:
        if _kind_of(name) not in ("future", "perpetual"):
            yield f"base_position.{name}: must be a future or perpetual, like BTC-PERPETUAL"


def _external_problems(scope: Scope) -> Iterator[str]:
    if scope.external_until and _day(scope.external_until) is None:
        yield f"external_until = {scope.external_until!r}: must be a day like 2026-12-31"
    if not scope.external_delta_coin:
        return
    why = f"must be written: external_delta_coin = {scope.external_delta_coin:g} needs"
    if not scope.external_owner.strip():
        yield f"external_owner: {why} somebody who answers for it"
    if not scope.external_until:
        yield f"external_until: {why} a last day, like 2026-12-31"


def _day(text: str) -> datetime | None:
    """The beginning of a day in UTC; None where the text is none."""
    try:
        return datetime.combine(date.fromisoformat(text), datetime.min.time(), UTC)
    except ValueError:
        return None


def _expiration_ms(expiry: str) -> int | None:
    try:
        parsed = parse_name(f"BTC-{expiry}")
    except ValueError:
        return None
    return parsed.expiration_ms if parsed.kind == "future" else None


def _kind_of(name: str) -> str:
    try:
        return parse_name(name).kind
    except ValueError:
        return ""
