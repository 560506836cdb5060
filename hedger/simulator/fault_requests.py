"""Faults as they are asked for: the body of POST /sim/faults, and `--fault KIND,key=value,...`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from hedger.simulator.error_codes import ERRORS
from hedger.simulator.fault_kinds import KINDS
from hedger.simulator.faults import DEFAULT_REJECT_CODE, Fault, Faults
from hedger.simulator.params import Params
from hedger.simulator.rpc import ApiError, invalid_param

HALT_STATES = ("halted", "locked")
_TEXTS = ("method", "channel", "instrument", "index")
_SECONDS = ("delay_s", "notice_s", "lifetime_s")
_TIMES = ("duration_s", "after_s")


class Asked(NamedTuple):
    """A fault, how long it lasts (None: as its kind says) and when it begins, seconds from now."""

    fault: Fault
    duration_s: float | None
    after_s: float

    def switch_on(self, faults: Faults, wire_s: float) -> None:
        faults.add(self.fault, wire_s, self.duration_s, self.after_s)


def read_fault(fields: Mapping[str, object]) -> Asked:
    """`{kind, count?, duration_s?, after_s?, method?, channel?, instrument?, ...}`.

    Raises ApiError -32602 that names the field and what would be right.
    """
    params = Params(fields)
    kind = params.required_text("kind")
    if kind not in KINDS:
        raise invalid_param("kind", f"must be one of {', '.join(KINDS)}")
    known = _fields_of(kind)
    for name in fields:
        if name not in known:
            raise invalid_param(name, f"means nothing for {kind}, which knows {', '.join(known)}")
    made = Fault(kind, left=_count(params), state=params.choice("state", HALT_STATES, "halted"))
    for name in _TEXTS:
        setattr(made, name, params.text(name) or None)
    for name in _SECONDS:
        setattr(made, name, _seconds(params, name, getattr(made, name)))
    made.code, made.status = _code(params), _status(params)
    made.share, made.chance = _fraction(params, "share"), _fraction(params, "chance")
    _require(made)
    duration_s = _seconds(params, "duration_s", 0.0) if params.has("duration_s") else None
    return Asked(made, duration_s, _seconds(params, "after_s", 0.0))


def _fields_of(kind: str) -> tuple[str, ...]:
    """What may be said about a fault of this kind."""
    known = KINDS[kind]
    counted = ("count", "chance") if known.counted else ()
    return ("kind", *_TIMES, *counted, *known.filters, *known.settings)


def _require(fault: Fault) -> None:
    """What a fault of this kind cannot do without."""
    if fault.kind in ("delay", "slow_ack", "slow_engine") and fault.delay_s <= 0:
        raise invalid_param("delay_s", f"must be above 0 for {fault.kind}")
    if fault.kind == "short_token" and fault.lifetime_s < 1:
        raise invalid_param("lifetime_s", "must be 1 or more for short_token")


def _count(params: Params) -> int | None:
    count = params.integer("count")
    if count is not None and count < 1:
        raise invalid_param("count", "must be 1 or more")
    return count


def _seconds(params: Params, name: str, default: float) -> float:
    value = params.number(name)
    if value is not None and value < 0:
        raise invalid_param(name, "must be 0 or more seconds")
    return default if value is None else float(value)


def _fraction(params: Params, name: str) -> float:
    value = params.number(name)
    if value is not None and not 0 < value <= 1:
        raise invalid_param(name, "must be above 0 and at most 1")
    return 1.0 if value is None else float(value)


def _code(params: Params) -> int:
    code = params.integer("code")
    if code is not None and code not in ERRORS:
        raise invalid_param("code", "must be an error code of the exchange, for example 10041")
    return DEFAULT_REJECT_CODE if code is None else code


def _status(params: Params) -> int | None:
    status = params.integer("status")
    if status is not None and not 400 <= status <= 599:
        raise invalid_param("status", "must be an HTTP status from 400 to 599")
    return status


def parse_fault(text: str) -> Asked:
    """`lock,after_s=30,duration_s=60,index=btc_usd`. ValueError names what is wrong."""
    kind, *rest = (part.strip() for part in text.split(","))
    fields: dict[str, object] = {"kind": kind}
    for part in rest:
        name, equals, value = part.partition("=")
        if not equals:
            raise ValueError(f"fault {text!r}: {part!r} is not KEY=VALUE, for example duration_s=30")
        fields[name.strip()] = value.strip()
    try:
        return read_fault(fields)
    except ApiError as error:
        raise ValueError(f"fault {text!r}: {explained(error)}") from None


def explained(error: ApiError) -> str:
    """The field and the reason of a refusal, in words."""
    data = error.data if isinstance(error.data, dict) else {}
    return f"{data.get('param', '')} {data.get('reason', error)}".strip()
