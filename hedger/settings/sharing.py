"""Rules between books of one account: whose instrument, whose future, whose equity."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import combinations

from hedger.domain.vocabulary import Neutral
from hedger.engine.ownership.scope import disjoint, rival_patterns
from hedger.engine.settings import BookSettings
from hedger.settings.catalogue import dotted
from hedger.settings.problems import wrong


def shared_problems(books: tuple[BookSettings, ...]) -> Iterator[str]:
    """What books of one account may not share."""
    for first, second in combinations(books, 2):
        if _same_market(first, second):
            yield from _scope_problems(first, second)
    for currency, sharing in _wallets(books):
        yield from _equity_problems(currency, sharing)


def _same_market(first: BookSettings, second: BookSettings) -> bool:
    """One account, one underlying, and instruments that settle in the same currency."""
    same = (first.venue, first.underlying) == (second.venue, second.underlying)
    return same and bool({*first.currencies} & {*second.currencies})


def _scope_problems(first: BookSettings, second: BookSettings) -> Iterator[str]:
    if not disjoint(first.scope, second.scope, first.underlying):
        path = dotted(("books", second.name, "scope"))
        yield (
            f"{path}: may take options that books.{first.name} takes, too; an instrument belongs to one "
            "book: give both kinds, expiries or instruments that exclude each other"
        )
    rivals = rival_patterns(first.scope, second.scope)
    if rivals is not None:
        right = f"books.{first.name} adopts {rivals[0]!r}; a future is counted whole by one book only"
        yield wrong(("books", second.name, "scope", "adopt"), rivals[1], right)


def _wallets(books: tuple[BookSettings, ...]) -> Iterator[tuple[str, tuple[BookSettings, ...]]]:
    """Books by the wallet whose equity moves with their coin: (currency, books), in the order of the file."""
    found: dict[tuple[str, str], list[BookSettings]] = {}
    for book in books:
        if book.underlying in book.currencies:
            found.setdefault((book.venue, book.underlying), []).append(book)
    for (_, currency), sharing in found.items():
        yield currency, tuple(sharing)


def _equity_problems(currency: str, books: tuple[BookSettings, ...]) -> Iterator[str]:
    """Equity counted twice is hedged twice; counted by nobody it is not hedged at all."""
    said = [book.name for book in books if book.scope.counts_equity]
    steered = [book for book in books if book.neutral is Neutral.USD]
    if len(said) > 1:
        right = f"books.{said[0]} counts the equity in {currency} already; exactly one book does"
        yield wrong(("books", said[1], "scope", "counts_equity"), True, right)
    undecided = [book.name for book in steered if book.scope.counts_equity is None]
    if not said and len(steered) > 1 and undecided:
        names = ", ".join(book.name for book in steered)
        path = dotted(("books", undecided[0], "scope", "counts_equity"))
        yield f"{path}: missing; of the usd books {names} exactly one counts the equity in {currency}"
    elif steered and not said and not undecided:
        refused = ("books", steered[0].name, "scope", "counts_equity")
        yield wrong(refused, False, f"neutral = usd, and no book counts the equity in {currency}")


def equity_counters(books: tuple[BookSettings, ...]) -> tuple[BookSettings, ...]:
    """The books with `counts_equity` filled in: who said so, else the usd book, else the first."""
    counting = {_counter(sharing).name for _, sharing in _wallets(books)}
    return tuple(
        replace(book, scope=replace(book.scope, counts_equity=book.name in counting)) for book in books
    )


def _counter(books: tuple[BookSettings, ...]) -> BookSettings:
    said = [book for book in books if book.scope.counts_equity]
    open_ = [book for book in books if book.scope.counts_equity is None]
    steered = [book for book in open_ if book.neutral is Neutral.USD]
    return next(iter((*said, *steered, *open_, *books)))
