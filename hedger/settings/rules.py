"""Rules between keys: what one key alone cannot tell to be wrong."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from typing import Any

from msgspec import convert

from hedger.domain.errors import ConfigError
from hedger.domain.names import parse_name
from hedger.domain.vocabulary import Environment, Mode, Neutral
from hedger.engine.settings import BookSettings, SettlementMode
from hedger.engine.shadow.terms import MOST_SHADOWS, ShadowSettings, params_over
from hedger.execution.by_expiry_params import Use
from hedger.policies.partial import PartialParams
from hedger.policies.registry import LIVE_POLICIES, live_policy
from hedger.settings.catalogue import TABLES, Path, dotted, entry_at, pattern_of
from hedger.settings.extras import missing_packages
from hedger.settings.problems import refuse, unknown, wrong
from hedger.settings.sharing import equity_counters, shared_problems
from hedger.settings.tables import VenueSettings
from hedger.settings.tree import Tree
from hedger.venues.deribit.params import endpoint

_PROFILE_NAME = re.compile(r"[a-z][a-z0-9_]{0,15}")
_VENUE_NAME = "a-z, 0-9 and single _, starting with a letter"


def checked_books(tree: Tree) -> tuple[BookSettings, ...]:
    """The books with their policies' parameters and `neutral` filled in.

    Raises ConfigError, one line per rule that is broken.
    """
    problems = [*missing_packages(tree), *_venue_problems(tree), *_book_problems(tree)]
    books: list[BookSettings] = []
    for name in tree.books:
        try:
            books.append(_filled(tree, name))
        except ValueError as error:
            problems.append(str(error))
    refuse(problems)
    return equity_counters(tuple(books))


def _venue_problems(tree: Tree) -> Iterator[str]:
    if not tree.venues:
        yield "venues: none; write at least one table [venues.NAME]"
    for name, venue in tree.venues.items():
        if not _is_venue_name(name):
            yield f"venues.{name}: a venue's name is {_VENUE_NAME}"
        if venue.environment is Environment.PRODUCTION and not tree.top.allow_production:
            yield wrong(
                ("venues", name, "environment"),
                venue.environment.value,
                "real money needs allow_production = true at the top of the file",
            )
        yield from _address_problems(name, venue)


def _is_venue_name(name: str) -> bool:
    plain = name.isascii() and name.replace("_", "").isalnum() and name == name.lower()
    return plain and name[0].isalpha() and "__" not in name


def _address_problems(name: str, venue: VenueSettings) -> Iterator[str]:
    """A local venue without an address gets one from the ready file of its exchange."""
    if venue.environment is Environment.LOCAL and not venue.params.url:
        return
    try:
        endpoint(venue.environment, venue.params)
    except (ConfigError, ValueError) as error:
        yield f"{dotted(('venues', name))}.{error}"


def _book_problems(tree: Tree) -> Iterator[str]:
    if not tree.books:
        yield "books: none; write at least one table [books.NAME]"
    for name, book in tree.books.items():
        yield from _instrument_problems(book)
        if book.venue not in tree.venues:
            right = f"must be a table [venues.NAME]; known: {', '.join(tree.venues) or 'none'}"
            yield wrong(("books", name, "venue"), book.venue, right)
        yield from _neutral_problems(tree, book)
        yield from _currency_problems(tree, book)
        yield from _loss_problems(book)
        yield from _by_expiry_problems(book)
    yield from shared_problems(tuple(tree.books.values()))


def _instrument_problems(book: BookSettings) -> Iterator[str]:
    path = ("books", book.name, "hedge_instrument")
    like = " or ".join(_perpetual(book.underlying, currency) for currency in book.currencies)
    right = f"must be a future or perpetual of {book.underlying} with legs = {book.legs}, like {like}"
    try:
        parsed = parse_name(book.hedge_instrument)
    except ValueError:
        yield wrong(path, book.hedge_instrument, right)
        return
    future = parsed.kind in ("future", "perpetual") and parsed.base == book.underlying
    if not future or (parsed.quote or parsed.base) not in book.currencies:
        yield wrong(path, book.hedge_instrument, right)


def _perpetual(underlying: str, currency: str) -> str:
    return f"{underlying}-PERPETUAL" if currency == underlying else f"{underlying}_{currency}-PERPETUAL"


def _currency_problems(tree: Tree, book: BookSettings) -> Iterator[str]:
    """A currency that is not followed has no listings, no account and no positions."""
    venue = tree.venues.get(book.venue)
    if venue is None:
        return
    lacking = [currency for currency in book.currencies if currency not in venue.params.currencies]
    if lacking:
        right = f"must hold {', '.join(lacking)}, which books.{book.name} settles in"
        yield wrong(("venues", book.venue, "currencies"), ", ".join(venue.params.currencies), right)


def _neutral_problems(tree: Tree, book: BookSettings) -> Iterator[str]:
    if tree.top.mode is not Mode.LIVE:
        return
    path, venue = ("books", book.name, "neutral"), tree.venues.get(book.venue)
    if book.neutral is None and venue is not None and venue.environment is Environment.PRODUCTION:
        yield f"{dotted(path)}: missing; a live production book says what it keeps neutral: coin or usd"
    if book.neutral is Neutral.BLACK and not book.allow_naive:
        yield wrong(path, book.neutral.value, "ignores the premiums; to trade it live set allow_naive = true")


def _loss_problems(book: BookSettings) -> Iterator[str]:
    """Losses are counted in what the book keeps neutral: the coin, or USD."""
    usd = book.neutral is Neutral.USD
    wrong_unit, right_unit = ("coin", "usd") if usd else ("usd", "coin")
    for name in ("max_loss_day", "max_loss"):
        value = getattr(book.envelope, f"{name}_{wrong_unit}")
        if value:
            neutral = book.neutral or Neutral.COIN
            right = f"losses of a {neutral} book are counted in {right_unit}: set {name}_{right_unit}"
            yield wrong(("books", book.name, "envelope", f"{name}_{wrong_unit}"), value, right)


def _by_expiry_problems(book: BookSettings) -> Iterator[str]:
    """What flips stays in a perpetual, and a move needs a step inside the band that nothing rests in."""
    path, use = ("books", book.name, "by_expiry", "use"), book.by_expiry.use
    if use is not Use.OFF and not book.hedge_instrument.endswith("-PERPETUAL"):
        yield wrong(path, use.value, f"needs a perpetual as hedge_instrument, not {book.hedge_instrument}")
    if use is Use.MOVE and book.execution.resting:
        yield wrong(path, use.value, "not with execution.resting = true: orders at the band's edges")
    if use is Use.MOVE and book.settlement.mode is not SettlementMode.TWAP:
        why = (
            f"not with settlement.mode = {book.settlement.mode}: a dated hedge is delivered with its options"
        )
        yield wrong(path, use.value, why)


def _filled(tree: Tree, name: str) -> BookSettings:
    """Raises ValueError with the dotted path of what a policy or a profile refuses."""
    book, tables = tree.books[name], tree.policies.get(name, {})
    at = ("books", name)
    params = {
        policy: _validated((*at, policy), policy, table, book.target_delta_coin)
        for policy, table in tables.items()
    }
    if book.policy not in params:
        params[book.policy] = _validated(at, book.policy, {}, book.target_delta_coin)
    profiles = {
        profile: _profile((*at, "profiles", profile), book, params[book.policy], table)
        for profile, table in tree.profiles.get(name, {}).items()
    }
    _check_slots(book, profiles)
    shadows = tuple(
        shadow_of((*at, "shadows", shadow), book, params, table)
        for shadow, table in tree.shadows.get(name, {}).items()
    )
    if len(shadows) > MOST_SHADOWS:
        raise ValueError(f"{dotted(at)}.shadows: {len(shadows)} tables, at most {MOST_SHADOWS}")
    return replace(
        book,
        neutral=book.neutral or Neutral.COIN,
        policy_params=params[book.policy],
        profiles=profiles,
        shadows=shadows,
    )


def _profile(at: Path, book: BookSettings, base: dict[str, float], table: dict[str, Any]) -> dict[str, float]:
    """The profile's own parameters as numbers; with those of the book they must be valid together."""
    if not _PROFILE_NAME.fullmatch(at[-1]):
        raise ValueError(f"{dotted(at)}: a profile's name is 1-16 of a-z, 0-9 and _, starting with a letter")
    try:
        own = live_policy(book.policy).numbers(table)
        live_policy(book.policy).params({**base, **own}, book.target_delta_coin)
    except ValueError as error:
        raise ValueError(_placed(at, str(error))) from error
    return own


def shadow_of(
    at: Path, book: BookSettings, bases: Mapping[str, Mapping[str, float]], table: Mapping[str, Any]
) -> ShadowSettings:
    """A shadow with its parameters whole: what its table leaves out is as in the book's own table of that
    policy, as it would be if the book were switched to it. Raises ValueError with the dotted path.
    """
    name, values = at[-1], dict(table)
    if not _PROFILE_NAME.fullmatch(name):
        raise ValueError(f"{dotted(at)}: a shadow's name is 1-16 of a-z, 0-9 and _, starting with a letter")
    if "policy" not in values:
        raise ValueError(f"{dotted(at)}.policy: missing; must be one of {', '.join(LIVE_POLICIES)}")
    policy, parts = str(values.pop("policy")), dict(values.pop("partial", {}))
    try:
        params = params_over(bases.get(policy, {}), policy, values, book.target_delta_coin)
    except ValueError as error:
        raise ValueError(_placed(at, str(error))) from error
    return ShadowSettings(name, policy, params, _partial((*at, "partial"), book, parts))


def _partial(at: Path, book: BookSettings, table: Mapping[str, Any]) -> PartialParams:
    """The book's own, with what the table says otherwise."""
    other = next((name for name in table if not entry_at((*at, name))), None)
    if other is not None:
        raise ValueError(unknown((*at, other)))
    try:
        parts: PartialParams = convert({**asdict(book.partial), **table}, PartialParams, strict=False)
    except ValueError as error:
        told, _, field = str(error).rstrip("`").partition(" - at `$.")
        if not field:  # it refused itself and begins with the field's name
            raise ValueError(f"{dotted(at)}.{told}") from error
        raise ValueError(wrong((*at, field), table[field], told.replace("Expected", "must be"))) from error
    return parts


def _check_slots(book: BookSettings, profiles: dict[str, dict[str, float]]) -> None:
    for slot, text in zip(book.schedule.calendar().slots, book.schedule.profiles, strict=True):
        if slot.profile not in profiles:
            known = ", ".join(profiles) or "none"
            right = f"{slot.profile!r} is no table [books.{book.name}.profiles.NAME]; known: {known}"
            raise ValueError(wrong(("books", book.name, "schedule", "profiles"), text, right))


def _validated(at: Path, policy: str, table: dict[str, Any], target_delta_coin: float) -> dict[str, float]:
    try:
        params: dict[str, float] = live_policy(policy).params(table, target_delta_coin)._asdict()
    except ValueError as error:
        raise ValueError(_placed(at, str(error))) from error
    return params


def _placed(at: Path, told: str) -> str:
    """A policy's refusal with the dotted path of its field; the target it may name is the book's."""
    field = told.partition(" ")[0]
    if at[:2] == at or entry_at((*at, field)) or not entry_at((*at[:2], field)):
        return f"{dotted(at)}.{told}"
    for name in TABLES[pattern_of(at)]:
        told = told.replace(f" {name} = ", f" {dotted((*at, name))} = ")
    return f"{dotted(at[:2])}.{told}"
