"""What goes wrong in a life: a mix of kinds drawn from the seed, and the instants at which they happen."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from hedger.backtest.simulate.underlyings import INVERSE, Underlying

_PERPETUAL = "{perpetual}"  # in words, until it is known whose
SETTLE_IN_S = 25.0  # a life begins well: connected, warm, perhaps with its first hedge


@dataclass(frozen=True, slots=True)
class Incident:
    """`kind` happens at `at_s` and lasts `seconds` where it lasts; `told` are further words.

    `about` is the book it concerns where it concerns one.
    """

    at_s: float
    kind: str
    seconds: float = 0.0
    told: str = ""
    about: Underlying = INVERSE


Words = Callable[[random.Random], str]


def _none(chance: random.Random) -> str:
    return ""


def _often(chance: random.Random) -> str:
    return f",count={chance.randrange(1, 6)}"


def _orders(chance: random.Random) -> str:
    """Requests that place; now and then cancels, edits, or anything."""
    method = chance.choice(("private/buy", "private/sell", "private/cancel", "private/edit", ""))
    return f",method={method}" if method else ""


def _late(least: float, most: float) -> Words:
    return lambda chance: f",delay_s={chance.uniform(least, most):.2f}" + _orders(chance)


def _lost(chance: random.Random) -> str:
    return _often(chance) + _orders(chance)


def _rejected(chance: random.Random) -> str:
    code = chance.choice((10_040, 10_041, 10_047, 10_009, 11_094, 13_028, 13_888, 10_028, 11_044))
    return f",code={code}" + _lost(chance)


def _channel(chance: random.Random) -> str:
    hedge = f"ticker.{_PERPETUAL}"
    channel = chance.choice(("user.", "user.changes", "ticker.", hedge, hedge, "deribit_price", ""))
    return f",channel={channel}" if channel else ""


EXCHANGE: Mapping[str, Words] = MappingProxyType(
    {
        "drop": _none,
        "half_open": _none,
        "too_slow": _none,
        "refuse_handshake": _none,
        "delay": lambda chance: f",delay_s={chance.uniform(0.1, 2.5):.2f}",
        "slow_ack": _late(0.3, 8.0),
        "slow_engine": _late(0.3, 9.0),
        "lost_reply": _lost,
        "notification_first": _often,
        "reject": _rejected,
        "rate_limit": _orders,
        "fill_first": lambda chance: f",share={chance.choice((0.3, 1.0))}",
        "login_limit": _none,
        "expire_token": _none,
        "short_token": lambda chance: f",lifetime_s={chance.choice((5, 30))}",
        "silence": _channel,
        "silent_subscription": _channel,
        "duplicate": _channel,
        "reorder": _channel,
        "maintenance": lambda chance: ",notice_s=2",
        "lock": _none,
        "halt": _none,
        "stale_quotes": _none,
        "empty_book": _none,
        "null_quotes": _none,
    }
)
"""Faults of the exchange (simulator/fault_kinds.py), each with the words drawn for it."""

LASTING = frozenset(EXCHANGE) - {
    "drop",
    "too_slow",
    "lost_reply",
    "notification_first",
    "reject",
    "rate_limit",
    "expire_token",
}
"""Those that get a duration; the others happen a number of times."""

NETWORK = ("cut", "stall_up", "stall_down", "stall_both", "slow_network", "no_route")
DISK = ("slow_disk", "full_disk", "hung_disk")
PROCESS = ("crash", "freeze", "stop", "clock_jump", "standby")
PEOPLE = ("trade", "trade_option", "block", "deposit", "command", "hold", "order_by_hand")
EXCHANGE_HAND = ("liquidation", "deleveraging", "account_lock")

_OF_ONE = {
    **dict.fromkeys(("halt", "stale_quotes", "empty_book", "null_quotes"), f",instrument={_PERPETUAL}"),
    "lock": ",index={index}",
}
"""Faults of markets that may befall what one of two books hedges with, and not the other's."""

KINDS = (*EXCHANGE, *NETWORK, *DISK, *PROCESS, *PEOPLE, *EXCHANGE_HAND)
_SELDOM = frozenset({*EXCHANGE_HAND, "maintenance", "login_limit", "stop"})


def draw_incidents(chance: random.Random, until_s: float) -> tuple[Incident, ...]:
    """A swarm: each life knows some kinds only, so that every combination comes up in some of them.

    One crash at least; people trade in every life, or there would be little to hedge.
    """
    mix = [kind for kind in KINDS if chance.random() < (0.08 if kind in _SELDOM else 0.35)]
    mix += ["trade", "trade"]
    rate_s = chance.choice((25.0, 50.0, 80.0))
    incidents = [_incident(chance, "crash", chance.uniform(SETTLE_IN_S, until_s))]
    at_s = SETTLE_IN_S
    while (at_s := at_s + chance.expovariate(1 / rate_s)) < until_s:
        kind = chance.choice(mix)
        incidents.append(_incident(chance, kind, at_s))
        if kind == "freeze":
            incidents += _overtaken(chance, incidents[-1])
        if kind == "silence":  # and something to hedge comes before the session gives up the connection
            late_s = chance.uniform(22.0, 60.0)
            incidents.append(_incident(chance, "trade", at_s + late_s))
        if kind not in PROCESS and chance.random() < 0.05:  # and a process dies amid them
            incidents.append(_incident(chance, "crash", at_s + chance.uniform(0.0, incidents[-1].seconds)))
        if chance.random() < 0.3:  # troubles come together
            incidents.append(_incident(chance, chance.choice(mix), at_s + chance.uniform(0.0, 1.0)))
        if kind not in PEOPLE and chance.random() < 0.5:  # and something to hedge comes amid them
            late_s = incidents[-1].seconds if chance.random() < 0.5 else 2.0
            incidents.append(_incident(chance, "trade", at_s + chance.uniform(0.0, late_s)))
    return tuple(sorted(incidents, key=lambda incident: incident.at_s))


def concern(
    incidents: tuple[Incident, ...], underlyings: tuple[Underlying, ...], chance: random.Random
) -> tuple[Incident, ...]:
    """Each about one of the books; of two books mostly one alone is hit."""
    return tuple(_concerned(incident, underlyings, chance) for incident in incidents)


def _concerned(incident: Incident, underlyings: tuple[Underlying, ...], chance: random.Random) -> Incident:
    about, told = chance.choice(underlyings), incident.told
    if len(underlyings) > 1 and chance.random() < 0.7:
        told += _OF_ONE.get(incident.kind, "")
    told = told.format(perpetual=about.perpetual, index=about.terms.price_index)
    return replace(incident, told=told, about=about)


def _overtaken(chance: random.Random, freeze: Incident) -> list[Incident]:
    """Somebody stands by when the holder is frozen, and there is something to hedge when it thaws."""
    before_s, late_s = chance.uniform(3.0, 15.0), freeze.seconds - chance.uniform(0.0, 1.0)
    return [
        _incident(chance, "standby", max(SETTLE_IN_S, freeze.at_s - before_s)),
        _incident(chance, "trade", max(freeze.at_s, freeze.at_s + late_s)),
    ]


def _incident(chance: random.Random, kind: str, at_s: float) -> Incident:
    seconds = min(chance.choice((1.0, 4.0, 15.0, 60.0)) * chance.uniform(0.5, 1.5), 80.0)
    if kind == "freeze":
        seconds = chance.uniform(2.0, 40.0)  # a lease lasts ten
    if kind == "silence":
        seconds = chance.uniform(40.0, 90.0)  # beyond what makes a ticker stale
    words = EXCHANGE.get(kind)
    if words is None:
        return Incident(at_s, kind, seconds)
    lasts = f",duration_s={seconds:.2f}" if kind in LASTING else ""
    return Incident(at_s, kind, seconds, f"{kind}{lasts}{words(chance)}")
