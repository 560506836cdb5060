"""A life as drawn from its seed: the book, its settings, the market, and what goes wrong when."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace
from decimal import Decimal

from hedger.backtest.simulate.disk import VENUE
from hedger.backtest.simulate.incidents import Incident, concern, draw_incidents
from hedger.backtest.simulate.underlyings import ETHER, INVERSE, LINEAR, Underlying
from hedger.backtest.simulate.venue import walk
from hedger.domain.time_units import DAY_MS, EXPIRY_OF_DAY_MS, HOUR_MS
from hedger.domain.vocabulary import Environment, Mode, Neutral
from hedger.engine.ownership.scope import Scope
from hedger.engine.settings import (
    BookSettings,
    EngineSettings,
    SettlementMode,
    SettlementParams,
    Timing,
    VenueTerms,
)
from hedger.execution.params import ExecutionParams, Style
from hedger.journal.lease import LEASE_S
from hedger.risk.envelope import Envelope
from hedger.simulator.world.expiries import expiry_code
from hedger.simulator.world.fixed import FixedMarket

LIFE_S = 1_200.0
FAULTS_END_S = 840.0
MOVES_END_S = 1_140.0  # the last minute is still: what is to be hedged has been by its end
FIRST_DAY_MS = 1_790_812_800_000  # 2026-10-01 00:00 UTC
IV = 0.6
BAND_BTC, HARD_BTC = 0.1, 0.5  # of other coins as much as that
MOST_INSTRUMENTS = 24
MOST_STRIKES, MOST_HELD = {1: 4, 2: 2}, {1: 5, 2: 3}  # of a book, by the number of books
STALE_S = (20.0, 60.0, 60.0, 60.0)  # the shortest within what a session takes for silence
TICKS_S = (0.36, 0.46)  # of that: tickers come every several seconds, for ticks are what a life costs
SPEEDS = (1.0, 1.0, 1.0, 10.0, 60.0)
PAIRS = ((INVERSE, LINEAR), (INVERSE, ETHER), (LINEAR, ETHER))
KINDS: tuple[tuple[Underlying, ...], ...] = (
    *[(INVERSE,)] * 15,
    *[(LINEAR,)] * 3,
    *[(ETHER,)] * 3,
    *PAIRS,
)
"""What the books of a life are of, as often as it is named here."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Everything of a life that is known before it begins; wire times in seconds from its start."""

    seed: int
    speed: float
    origin_ms: int
    tick_s: float
    underlyings: tuple[Underlying, ...]  # of the books, one each
    markets: tuple[FixedMarket, ...]
    positions: tuple[tuple[str, Decimal], ...]
    settings: EngineSettings
    same_host: bool
    heartbeat_s: int
    busy_s: float
    idle_s: float
    lease_s: float
    margin: str
    incidents: tuple[Incident, ...]

    @property
    def books(self) -> tuple[tuple[Underlying, BookSettings], ...]:
        """Every book and what it is of."""
        return tuple(zip(self.underlyings, self.settings.books, strict=True))

    @property
    def currencies(self) -> tuple[str, ...]:
        """What the books settle in."""
        return tuple(dict.fromkeys(one.currency for one in self.underlyings))


def has_hard_limit(book: BookSettings) -> bool:
    """A kept hedge of delivered options moves the target; other policies have a cap of their own."""
    return book.policy == "band" and book.settlement.mode is not SettlementMode.KEEP


def kind_of(seed: int) -> tuple[Underlying, ...]:
    """What the books of a seed's life are of; from a stream of its own, as all that is not of every life."""
    return random.Random(f"{seed}:kind").choice(KINDS)


def draw(seed: int) -> Plan:
    """The plan of a seed; the same for the same seed, whatever else was drawn before."""
    kind = kind_of(seed)
    plan = _alone(seed, kind[0], len(kind))
    for second in kind[1:]:
        plan = _beside(plan, second, random.Random(f"{seed}:second"))
    return replace(plan, incidents=concern(plan.incidents, kind, random.Random(f"{seed}:about")))


def _alone(seed: int, underlying: Underlying, books: int) -> Plan:
    """A life with the first of so many books."""
    chance = random.Random(f"{seed}:plan")
    speed = chance.choice(SPEEDS)
    settles = chance.random() < 0.3
    origin_ms = _origin_ms(chance, speed, settles)
    names = _options(chance, underlying, origin_ms, MOST_STRIKES[books])
    stale_s = chance.choice(STALE_S)
    market = _market(chance, underlying, names, speed)
    return Plan(
        seed=seed,
        speed=speed,
        origin_ms=origin_ms,
        tick_s=stale_s * chance.uniform(*TICKS_S),
        heartbeat_s=chance.choice((10, 30, 30)),
        busy_s=chance.choice((0.0, 0.01, 0.03, 0.03, 0.03, 0.03)),
        idle_s=1.0 if chance.random() < 0.05 else 12.0,
        lease_s=chance.choice((LEASE_S, LEASE_S, 2 * LEASE_S)),
        margin=chance.choice(("segregated_sm", *["cross_sm"] * 7)),
        underlyings=(underlying,),
        markets=(market,),
        positions=_positions(chance, underlying, names, MOST_HELD[books]),
        settings=_settings(chance, underlying, speed, stale_s),
        same_host=chance.random() < 0.5,
        incidents=draw_incidents(chance, FAULTS_END_S),
    )


def _beside(plan: Plan, second: Underlying, chance: random.Random) -> Plan:
    """The same with another book on the same account, with settings of its own."""
    names = _options(chance, second, plan.origin_ms, MOST_STRIKES[2])
    market = _market(chance, second, names, plan.speed)
    if second.coin == plan.underlyings[0].coin:
        market = replace(market, moves=plan.markets[0].moves)
    settings = plan.settings
    book = _book(chance, second, plan.speed, settings.timing.hedge_stale_s)
    return replace(
        plan,
        underlyings=(*plan.underlyings, second),
        markets=(*plan.markets, market),
        positions=(*plan.positions, *_positions(chance, second, names, MOST_HELD[2])),
        settings=replace(settings, books=(*settings.books, book)),
        margin=chance.choice(("segregated_sm", "cross_sm")),
    )


def _market(
    chance: random.Random, underlying: Underlying, names: tuple[str, ...], speed: float
) -> FixedMarket:
    start_usd = underlying.start_usd
    return FixedMarket(
        underlying=underlying.terms.prefix,
        index_usd=start_usd,
        iv=IV,
        perpetual_usd=start_usd * (1 + chance.uniform(-0.0005, 0.0005)),
        depth_usd=chance.choice((400_000.0, 1_000_000.0, 10_000_000.0)),
        instruments=names,
        moves=walk(chance, MOVES_END_S, speed, start_usd, IV),
    )


def _origin_ms(chance: random.Random, speed: float, settles: bool) -> int:
    """Some time of a day; where the book is to settle, some minutes of wire time before 08:00 UTC."""
    day_ms = FIRST_DAY_MS + chance.randrange(28) * DAY_MS
    if settles:
        return day_ms + EXPIRY_OF_DAY_MS - int(chance.uniform(100, 600) * 1000 * speed)
    return day_ms + EXPIRY_OF_DAY_MS + chance.randrange(HOUR_MS, DAY_MS - 2 * HOUR_MS)


def _options(
    chance: random.Random, underlying: Underlying, origin_ms: int, most_strikes: int
) -> tuple[str, ...]:
    """Calls and puts at a few strikes of the next expiry and of a later one."""
    next_ms = (origin_ms - EXPIRY_OF_DAY_MS) // DAY_MS * DAY_MS + DAY_MS + EXPIRY_OF_DAY_MS
    expiries = (next_ms, next_ms + chance.choice((7, 28, 90)) * DAY_MS)
    count = min(chance.choice((2, 2, 2, 3, 4)), most_strikes)
    strikes = sorted(chance.sample(underlying.strikes, count))
    names = [
        f"{underlying.terms.prefix}-{expiry_code(expiry_ms)}-{strike}-{kind}"
        for expiry_ms in expiries
        for strike in strikes
        for kind in "CP"
    ]
    assert len(names) + len(expiries) + 1 <= MOST_INSTRUMENTS
    return tuple(names)


def _positions(
    chance: random.Random, underlying: Underlying, names: tuple[str, ...], most: int
) -> tuple[tuple[str, Decimal], ...]:
    held = chance.sample(names, chance.randrange(2, most + 1))
    lots = (-10, -8, -5, -3, 3, 5, 8)
    return tuple((name, Decimal(chance.choice(lots) * underlying.coins)) for name in held)


def _book(chance: random.Random, underlying: Underlying, speed: float, stale_s: float) -> BookSettings:
    """How it hedges and how much it may is drawn."""
    coins = underlying.coins
    theta = chance.random() < 0.2
    envelope = Envelope(
        max_order_usd=1_000_000.0,
        max_order_coin=10.0 * coins,
        max_hedge_position_coin=60.0 * coins,
        max_orders_per_minute=60,
        max_quote_age_s=stale_s,
        max_turnover_hour_usd=chance.choice((600_000.0, 3_000_000.0, 50_000_000.0, 50_000_000.0)),
        max_turnover_day_usd=chance.choice((3_000_000.0, 200_000_000.0)),
    )
    wide, hard = BAND_BTC * coins, HARD_BTC * coins
    band = {"lower": -wide, "upper": wide, "hard_lower": -hard, "hard_upper": hard}
    windows = {"window_s": 120.0 * speed, "cap_sigmas": 2.0}
    return BookSettings(
        name=underlying.book,
        venue=VENUE,
        underlying=underlying.coin,
        hedge_instrument=underlying.perpetual,
        legs=underlying.legs,
        neutral=Neutral.COIN,
        policy="theta_offset" if theta else "band",
        policy_params=windows if theta else band,
        settlement=SettlementParams(mode=chance.choice(tuple(SettlementMode))),
        envelope=envelope,
        execution=_execution(chance),
        scope=Scope(adopt=(underlying.perpetual,), settle_s=chance.choice((0.0, 2.0))),
    )


def _settings(chance: random.Random, underlying: Underlying, speed: float, stale_s: float) -> EngineSettings:
    book = _book(chance, underlying, speed, stale_s)
    return EngineSettings(
        mode=Mode.LIVE,
        venues=(VenueTerms(VENUE, Environment.LOCAL),),
        books=(book,),
        timing=Timing(
            hedge_stale_s=stale_s,
            index_stale_s=stale_s,
            reconcile_s=chance.choice((15.0, *[60.0] * 9)),
            refresh_s=chance.choice((1.0, 5.0, 10.0, 10.0)),
        ),
        market_speed=speed,
        config_hash="simulated",
    )


def _execution(chance: random.Random) -> ExecutionParams:
    style = chance.choice((Style.LIMIT_IOC, Style.LIMIT_IOC, Style.MARKET, Style.CHASE))
    return ExecutionParams(
        style=style,
        chase_tries=3,
        chase_s=8.0,
        repeg_s=1.0,
        resting=chance.random() < 0.25,
        validity_s=chance.choice((2.0, 5.0)),
    )
