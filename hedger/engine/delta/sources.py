"""Which figure of the controlled quantity counts, and which others it is held against.

The tickers' greeks, our own model and the account's total are three opinions on one number. One is obeyed;
where another parts from it by more than the tolerance an alarm is raised and only the hedge that both ask for
is sent (decide.by_policy).
"""

from __future__ import annotations

from typing import NamedTuple, assert_never

from hedger.domain.vocabulary import Neutral, Phase, Severity
from hedger.engine import alarms
from hedger.engine.events import Now
from hedger.engine.settings import DOLLAR
from hedger.engine.state import BookState, State, Step
from hedger.portfolio.exposure import Exposure, Source, controlled

_BEFORE_POSITIONS = (Phase.CONNECTING, Phase.RECOVERING)  # they are asked for; the account may be told first


class Opinion(NamedTuple):
    """The controlled quantity as one source has it, coin, without orders in flight."""

    source: Source
    y: float


class Figures(NamedTuple):
    """The opinion that counts first, then the others; empty while the book is not known."""

    used: Opinion | None
    others: tuple[Opinion, ...]
    tolerance_coin: float

    @property
    def parted(self) -> tuple[Opinion, ...]:
        """Opinions further from the one that counts than the tolerance."""
        used = self.used
        if used is None:
            return ()
        return tuple(other for other in self.others if abs(other.y - used.y) > self.tolerance_coin)

    @property
    def apart_coin(self) -> tuple[float, ...]:
        """By how much those opinions lie above the one that counts."""
        used = self.used
        return () if used is None else tuple(other.y - used.y for other in self.parted)


NO_FIGURES = Figures(None, (), 0.0)


def figures(state: State, book: BookState, exposure: Exposure, now: Now) -> Figures:
    """Every source's opinion. `exposure` was made by the source of the settings (account: by the tickers).

    The account's total counts only where it is usable; until then the tickers' greeks stand in.
    """
    params, neutral = book.settings.delta, book.settings.neutral or Neutral.COIN
    tolerance = params.tolerance_coin + params.tolerance_per_coin * exposure.gross_coin
    y, apart = controlled(exposure, neutral), exposure.disagreement_coin
    if y is None or apart is None:
        return Figures(None, (), tolerance)
    by_model = params.source is Source.MODEL
    exchange = Opinion(Source.EXCHANGE, y + apart if by_model else y)
    model = Opinion(Source.MODEL, y if by_model else y - apart)
    net = account_net_coin(state, book, exposure, now)
    account = None if net is None else Opinion(Source.ACCOUNT, _in_terms_of(exposure, neutral, net))
    known = [opinion for opinion in (exchange, model, account) if opinion is not None]
    wanted = next((opinion for opinion in known if opinion.source is params.source), exchange)
    return Figures(wanted, tuple(opinion for opinion in known if opinion is not wanted), tolerance)


def account_net_coin(state: State, book: BookState, exposure: Exposure, now: Now) -> float | None:
    """The venue's own total (deribit.md 9): DeltaTotal of the coin, the map's entry of linear instruments.

    None where it does not speak of this book alone or not of its hedges (paper), is older than our last fill
    or than the bound, shows a settlement window in the venue's decayed deltas, or meets positions of an
    earlier connection.
    """
    if state.venues[book.settings.venue].phase in _BEFORE_POSITIONS:
        return None
    if not _whole_account(state, book) or book.book.any_settling(now.market_ms):
        return None
    total = 0.0
    for currency in book.book.currencies:
        account = book.book.account(currency)
        if account is None or account.received_wire_s <= book.filled_wire_s:
            return None
        age_s = (now.wire_s - account.received_wire_s) * state.settings.market_speed
        if age_s > book.settings.delta.account_stale_s:
            return None
        if currency == DOLLAR:
            index = f"{book.settings.underlying}_{DOLLAR}".lower()
            total += account.delta_total_by_index.get(index, 0.0)
        elif account.delta_total is None:
            return None
        else:
            total += account.delta_total
    return total + book.settings.scope.external_delta_coin


def _whole_account(state: State, book: BookState) -> bool:
    """No other book of the venue holds instruments of the same underlying, and this one holds all of them.

    What was filled on paper the venue has never heard of.
    """
    if not book.settings.scope.whole or state.settings.paper_apart(book.settings.venue):
        return False
    mine = (book.settings.venue, book.settings.underlying)
    others = (other for other in state.books.values() if other is not book)
    return all((other.settings.venue, other.settings.underlying) != mine for other in others)


def _in_terms_of(exposure: Exposure, neutral: Neutral, net: float) -> float:
    """The controlled quantity of a net transaction delta told by someone else."""
    match neutral:
        case Neutral.COIN:
            return net
        case Neutral.USD:
            return net + (exposure.equity_coin or 0.0)
        case Neutral.BLACK:
            return net + (exposure.options_value_coin or 0.0)
        case _:
            assert_never(neutral)


def tell_parted(state: State, book: BookState, found: Figures, step: Step) -> None:
    """Raise or end the alarm of sources that part."""
    detail = ""
    if found.parted and found.used is not None:
        opinions = ", ".join(f"{each.source} {each.y:+.6g}" for each in (found.used, *found.parted))
        detail = f"delta by {opinions} coin: apart by more than {found.tolerance_coin:.4g}"
    alarms.tell(state, step, "delta_sources_part", detail, book=book.name, severity=Severity.ERROR)
