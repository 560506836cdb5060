"""What a scope takes, and which scopes can stand side by side."""

from __future__ import annotations

import pytest

from hedger.engine.ownership.scope import Scope, disjoint, rival_patterns
from tests.engine.rig import CALL, PERP, PUT, future, option, perpetual

NEXT = "BTC-27MAR26-105000-C"


def test_an_empty_filter_takes_everything() -> None:
    assert Scope().takes(option(CALL))
    assert Scope().takes(perpetual())
    assert Scope().whole


def test_kinds_expiries_and_names_must_all_agree() -> None:
    scope = Scope(kinds=("option",), expiries=("30JAN26",), instruments=("*-C",))
    assert scope.takes(option(CALL))
    assert not scope.takes(option(PUT))
    assert not scope.takes(option(NEXT))
    assert not scope.takes(perpetual())
    assert not scope.whole


def test_a_perpetual_has_no_expiry_to_be_filtered_by() -> None:
    scope = Scope(expiries=("30JAN26",))
    assert scope.takes(perpetual())
    assert scope.takes(future("BTC-30JAN26"))
    assert not scope.takes(future("BTC-27MAR26"))


def test_scopes_are_disjoint_where_a_key_of_both_proves_it() -> None:
    near, far = Scope(expiries=("30JAN26",)), Scope(expiries=("27MAR26", "26JUN26"))
    assert disjoint(near, far, "BTC")
    assert disjoint(Scope(instruments=("*-C",)), Scope(instruments=("*-P",)), "BTC")
    assert disjoint(near, Scope(instruments=("BTC-27MAR26-*",)), "BTC")
    assert disjoint(Scope(kinds=("option",)), Scope(kinds=("future",)), "BTC")


def test_scopes_that_might_take_the_same_option_are_not_disjoint() -> None:
    assert not disjoint(Scope(), Scope(), "BTC")
    assert not disjoint(Scope(expiries=("30JAN26",)), Scope(), "BTC")
    assert not disjoint(Scope(expiries=("30JAN26",)), Scope(instruments=("*-C",)), "BTC")
    assert not disjoint(Scope(instruments=("BTC-*",)), Scope(instruments=("*-C",)), "BTC")


def test_a_future_that_two_adopt_is_found_before_it_is_held() -> None:
    assert rival_patterns(Scope(adopt=("BTC-P*",)), Scope(adopt=(PERP,))) == ("BTC-P*", PERP)
    assert rival_patterns(Scope(adopt=(PERP,)), Scope(adopt=("BTC-27MAR26",))) is None


def test_external_delta_ends_with_its_last_day_in_utc() -> None:
    scope = Scope(external_delta_coin=-2.0, external_owner="treasury", external_until="2026-01-01")
    assert scope.external_end_ms == 1_767_312_000_000  # 2026-01-02 00:00 UTC


@pytest.mark.parametrize(
    ("keys", "told"),
    [
        ({"kinds": ("options",)}, "kinds = 'options': must be of option, future, perpetual"),
        ({"expiries": ("2026-01-30",)}, "expiries = '2026-01-30': must be a date as in instrument names"),
        ({"expiries": ("31FEB26",)}, "expiries = '31FEB26'"),
        ({"adopt": ("BTC[0-9]",)}, r"adopt = 'BTC\[0-9\]': must be a name or a pattern"),
        ({"base_position": {CALL: 1.0}}, f"base_position.{CALL}: must be a future or perpetual"),
        ({"external_delta_coin": 1.0}, "external_owner: must be written"),
        ({"external_delta_coin": 1.0, "external_owner": "ana"}, "external_until: must be written"),
        ({"external_until": "tomorrow"}, "external_until = 'tomorrow': must be a day like 2026-12-31"),
        ({"settle_s": 61.0}, "settle_s = 61.0: must be at most 60 s"),
    ],
)
def test_a_scope_that_cannot_be_meant_is_refused_by_name(keys: dict[str, object], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Scope(**keys)  # type: ignore[arg-type]
