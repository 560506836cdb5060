"""One net hedge, divided among the perpetual and dated futures by what each part costs over its life. Pure.

What flips stays in the perpetual (`home`). What stands is divided as the book is: each expiry's share may go
to the future of that expiry, which is delivered with its options, and what no expiry ends (collateral) to any
dated future. A share leaves where it stands only for a place that saves more than the move costs, both legs
of it, and `min_saving_fraction` on top: so it does not go to and fro. Shares all have the side of the whole
hedge; what positions hold beyond them stays until long in one and short in another exceed the cap.

All amounts are signed coin; `hedge_coin` is what all instruments together hold.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from hedger.domain.time_units import DAY_MS
from hedger.execution.by_expiry_params import ByExpiryParams
from hedger.execution.carry import Candidate, Cost, cost

COLLATERAL = "collateral"
"""The part of a hedge that no expiry ends."""


class Part(NamedTuple):
    """What one expiry's options, or the collateral, ask of the hedge."""

    name: str  # the expiry's date, or COLLATERAL
    expiration_ms: int | None
    coin: float  # signed; all parts together are the whole hedge


class Wanted(NamedTuple):
    """The hedge as it is to be divided."""

    now_ms: int  # market time
    hedge_coin: float
    standing_coin: float  # of it what is expected to stand, same side
    parts: tuple[Part, ...]


class Choice(msgspec.Struct, frozen=True):
    """Where one share of the standing part is to be, and why."""

    part: str  # the expiry's date, or collateral
    coin: float  # signed
    life_days: float  # how long it is expected to stand
    held_in: str  # the instrument it is in
    instrument: str  # the instrument it is to be in
    saving_usd: float  # of the best other place against staying, both legs of the move paid
    why: str  # in words
    costs: tuple[Cost, ...]  # of every candidate, the perpetual first


class Placed(msgspec.Struct, frozen=True):
    """One instrument's share of the hedge, signed coin."""

    instrument: str  # as the venue names it
    held_coin: float
    target_coin: float


class Allocation(msgspec.Struct, frozen=True):
    """The whole division, and what it rests on."""

    hedge_coin: float  # all instruments together
    standing_coin: float  # of it what is expected to stand
    placed: tuple[Placed, ...]  # the perpetual first, then by expiry
    choices: tuple[Choice, ...]  # one for each share and the place it stands in
    offset_coin: float  # long in one and short in another, at the targets
    saving_usd: float  # of all moves chosen, over the lives of what they move


class _Share(NamedTuple):
    part: Part
    coin: float
    life_days: float
    costs: dict[str, Cost]  # by instrument, home first
    must_leave: frozenset[str]  # futures that expire before the share ends


def allocate(
    wanted: Wanted,
    home: Candidate,
    dated: Sequence[Candidate],
    held: Mapping[str, float],
    params: ByExpiryParams,
) -> Allocation:
    """Divide the hedge. `dated` in the order of expiry; `held`: signed coin by instrument.

    Raises ValueError for a figure that is not finite or a price that is not above 0.
    """
    _check(wanted, held)
    left = {each.instrument: held.get(each.instrument, 0.0) for each in dated}
    shares = dict.fromkeys(left, 0.0)
    choices: list[Choice] = []
    for share in _shares(wanted, home, dated, params):
        for choice in _choices(share, home, left, params):
            choices.append(choice)
            if choice.instrument in shares:
                shares[choice.instrument] += choice.coin
    leaving = {each.held_in for each in choices if each.instrument != each.held_in}
    beyond = {
        each.instrument: 0.0
        if each.instrument in leaving
        else _kept(left[each.instrument], shares[each.instrument], each, wanted, params)
        for each in dated
    }
    _uncross(beyond, wanted.hedge_coin - math.fsum(shares.values()), params.max_offset_coin)
    targets = {name: coin + beyond[name] for name, coin in shares.items()}
    targets = {home.instrument: wanted.hedge_coin - math.fsum(targets.values()), **targets}
    return Allocation(
        hedge_coin=wanted.hedge_coin,
        standing_coin=wanted.standing_coin,
        placed=tuple(Placed(name, held.get(name, 0.0), coin) for name, coin in targets.items()),
        choices=tuple(choices),
        offset_coin=_offset(targets),
        saving_usd=math.fsum(each.saving_usd for each in choices if each.instrument != each.held_in),
    )


def _check(wanted: Wanted, held: Mapping[str, float]) -> None:
    figures = (wanted.hedge_coin, wanted.standing_coin, *(part.coin for part in wanted.parts), *held.values())
    if not all(math.isfinite(figure) for figure in figures):
        raise ValueError(f"hedge, standing, parts and positions {figures} coin: must be finite")


def _shares(
    wanted: Wanted, home: Candidate, dated: Sequence[Candidate], params: ByExpiryParams
) -> Iterator[_Share]:
    """The standing part, divided among the parts on its side in proportion; too little is no share."""
    side = _sign(wanted.hedge_coin)
    along = [part for part in wanted.parts if part.coin * side > 0.0]
    whole = math.fsum(abs(part.coin) for part in along)
    scale = min(1.0, abs(wanted.standing_coin) / whole) if whole else 0.0
    for part in along:
        coin, life_days = part.coin * scale, _life_days(part, wanted.now_ms, params)
        if abs(coin) * home.mark_usd < params.clip_usd or life_days <= 0.0:
            continue
        places = [home, *(each for each in dated if part.expiration_ms in (None, each.expiration_ms))]
        lasts = {each.instrument: _good_days(each, part, wanted.now_ms, params) for each in places}
        costs = {
            each.instrument: cost(
                each,
                side,
                life_days,
                wanted.now_ms,
                good_days=lasts[each.instrument],
                capital_rate=params.capital_rate,
                refused="" if each is home else _refusal(each, side, lasts[each.instrument], params),
            )
            for each in places
        }
        must_leave = frozenset(name for name, days in lasts.items() if days <= 0.0)
        yield _Share(part, coin, life_days, costs, must_leave)


def _life_days(part: Part, now_ms: int, params: ByExpiryParams) -> float:
    """The options end it, or nothing does that could be foreseen."""
    return params.standing_days if part.expiration_ms is None else (part.expiration_ms - now_ms) / DAY_MS


def _good_days(candidate: Candidate, part: Part, now_ms: int, params: ByExpiryParams) -> float:
    """Until a hedge of this part must leave: a future that expires with its options need not be left."""
    if candidate.leave:
        return -math.inf
    if part.expiration_ms is not None and candidate.expiration_ms == part.expiration_ms:
        return math.inf
    return candidate.days_left(now_ms) - params.roll_days


def _refusal(candidate: Candidate, side: int, good_days: float, params: ByExpiryParams) -> str:
    """Why nothing is put there now; empty where it may be."""
    if candidate.shut or candidate.leave:
        return candidate.shut or candidate.leave
    if good_days <= 0.0:
        return f"expires within {params.roll_days:g} days"
    shown = candidate.shown_usd(side)
    if shown < params.clip_usd:
        return f"shows {shown:.0f} USD at the touch, clip_usd = {params.clip_usd:g}"
    return ""


def _choices(
    share: _Share, home: Candidate, left: dict[str, float], params: ByExpiryParams
) -> Iterator[Choice]:
    """One choice for what stands in each dated future already, one for the rest, which is in the perpetual.

    What is used of positions is taken off `left`.
    """
    side, rest = _sign(share.coin), abs(share.coin)
    for name in share.costs:
        here = min(rest, max(0.0, side * left.get(name, 0.0)))
        if here > 0.0:
            rest -= here
            left[name] -= side * here
            yield _choice(share, name, side * here, home.mark_usd, params)
    if rest * home.mark_usd >= params.clip_usd:
        yield _choice(share, home.instrument, side * rest, home.mark_usd, params)


def _choice(share: _Share, held_in: str, coin: float, mark_usd: float, params: ByExpiryParams) -> Choice:
    here = share.costs[held_in]
    others = [each for name, each in share.costs.items() if name != held_in and not each.refused]
    best = min(others, key=lambda each: each.total, default=None)
    saving = -math.inf if best is None else here.standing - here.enter - best.total
    goes = best is not None and (held_in in share.must_leave or saving > params.min_saving_fraction)
    saving_usd = 0.0 if best is None else saving * abs(coin) * mark_usd
    return Choice(
        part=share.part.name,
        coin=coin,
        life_days=share.life_days,
        held_in=held_in,
        instrument=best.instrument if goes and best is not None else held_in,
        saving_usd=saving_usd,
        why=_why(share, held_in, best, saving, goes, params),
        costs=tuple(share.costs.values()),
    )


def _why(
    share: _Share, held_in: str, best: Cost | None, saving: float, goes: bool, params: ByExpiryParams
) -> str:
    here, over = share.costs[held_in], f"over {share.life_days:.1f} days"
    if best is None:
        return f"stays in {held_in}: nowhere else to go"
    if held_in in share.must_leave:
        return f"leaves {held_in}, which {here.refused}, for {best.instrument}"
    saves = f"{best.instrument} saves {saving * 1e4:+.1f} bp {over}, both legs paid"
    needs = f"{params.min_saving_fraction * 1e4:g} bp are asked for"
    return f"leaves {held_in}: {saves}" if goes else f"stays in {held_in}: {saves}; {needs}"


def _kept(
    coin: float, share_coin: float, candidate: Candidate, wanted: Wanted, params: ByExpiryParams
) -> float:
    """Of a position beyond all shares: all of it, unless it is on the other side of a share of its own.

    Before the expiry only what its own options ask for.
    """
    if candidate.leave or coin * share_coin < 0.0:
        return 0.0
    if candidate.days_left(wanted.now_ms) > params.roll_days:
        return coin
    own = math.fsum(part.coin for part in wanted.parts if part.expiration_ms == candidate.expiration_ms)
    return min(coin, own, key=abs) if own * coin > 0.0 else 0.0


def _uncross(beyond: dict[str, float], hedge_coin: float, most_coin: float) -> None:
    """Shrink what positions hold beyond the shares, the largest first, until no more than the cap offsets.

    `hedge_coin`: what the shares leave of the hedge. The perpetual makes up for it: it is whatever the others
    leave.
    """
    side = _sign(hedge_coin)
    against = [name for name, coin in beyond.items() if coin and coin * side <= 0.0]
    _shrink(beyond, against, math.fsum(abs(beyond[name]) for name in against) - most_coin)
    room = most_coin - math.fsum(abs(beyond[name]) for name in against)
    crossing = side * (math.fsum(beyond.values()) - hedge_coin)  # what the perpetual would hold against them
    along = [name for name, coin in beyond.items() if coin * side > 0.0]
    _shrink(beyond, along, crossing - room)


def _shrink(targets: dict[str, float], names: Sequence[str], by: float) -> None:
    for name in sorted(names, key=lambda name: (-abs(targets[name]), name)):
        if by <= 0.0:
            return
        step = min(by, abs(targets[name]))
        targets[name] -= math.copysign(step, targets[name])
        by -= step


def _offset(targets: Mapping[str, float]) -> float:
    longs = math.fsum(coin for coin in targets.values() if coin > 0.0)
    shorts = -math.fsum(coin for coin in targets.values() if coin < 0.0)
    return min(longs, shorts)


def _sign(value: float) -> int:
    return (value > 0.0) - (value < 0.0)
