"""The registry: every policy is complete, documented, and builds its parameters from settings."""

from __future__ import annotations

import pytest

from hedger.policies.partial import PartialParams
from hedger.policies.presets import PRESETS
from hedger.policies.reasons import ACTS, EXPLANATION, WORD, Reason
from hedger.policies.registry import LIVE_POLICIES, POLICIES, Policy, in_parts, live_policy, policy_named
from hedger.policies.rounding import Rounding
from tests.policies.books import book

every_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


@every_policy
def test_every_parameter_is_documented_with_its_unit_and_nothing_else_is(policy: Policy) -> None:
    assert tuple(policy.doc) == policy.params_type._fields  # type: ignore[attr-defined]
    assert all(key.unit and key.meaning for key in policy.doc.values())


@every_policy
def test_defaults_are_valid_and_a_flat_book_is_left_alone(policy: Policy) -> None:
    params = policy.params({})
    assert params == policy.params_type()
    memory, answer, reason = policy.decide(params, policy.initial_memory, book())
    assert answer == 0.0
    assert Reason(reason) not in ACTS
    shown = policy.interval(params, memory, book())
    assert shown.hard_lower <= shown.lower_delta <= shown.upper_delta <= shown.hard_upper


@every_policy
def test_rounding_is_defined_for_reasons_that_trade_and_refused_for_the_others(policy: Policy) -> None:
    assert set(policy.roundings) <= ACTS
    for reason in policy.roundings:
        assert isinstance(policy.rounding(int(reason)), Rounding)
    with pytest.raises(ValueError, match=f"reason = DWELL: policy {policy.name} trades only on"):
        policy.rounding(Reason.DWELL)


def test_every_reason_that_trades_is_rounded_by_some_policy() -> None:
    divided = in_parts(POLICIES["band"], PartialParams(first_share=0.75))
    policies = (*POLICIES.values(), divided)
    assert {reason for policy in policies for reason in policy.roundings} == ACTS


def test_to_the_edge_is_rounded_inward_to_the_centre_to_the_smaller_residual_and_a_step_down() -> None:
    band = POLICIES["band"]
    assert band.rounding(Reason.OUTSIDE_BAND_TO_EDGE) is Rounding.INWARD
    assert band.rounding(Reason.OUTSIDE_BAND_TO_CENTRE) is Rounding.NEAREST
    assert band.rounding(Reason.STEP) is Rounding.DOWN_AT_LEAST_ONE


def test_every_reason_is_explained_and_has_an_operators_word() -> None:
    assert set(EXPLANATION) == set(WORD) == set(Reason)
    assert all("\n" not in line and line for line in EXPLANATION.values())


def test_parameters_are_built_from_settings() -> None:
    band = POLICIES["band"]
    assert band.params({"upper": 1, "hard_upper": 2, "to_centre": 1.0}) == band.params_type(
        upper=1.0, hard_upper=2.0, to_centre=1
    )
    assert type(band.params({"to_centre": 1.0}).to_centre) is int
    assert type(band.params({"upper": 0}).upper) is float


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"uper": 0.1}, "uper = 0.1: no such parameter; did you mean upper"),
        ({"zzz": 0.1}, "zzz = 0.1: no such parameter; known are unit, lower, upper"),
        ({"to_centre": 0.5}, "to_centre = 0.5: must be 0 .off. or 1 .on."),
        ({"upper": "0.1"}, "upper = '0.1': must be a number"),
        ({"upper": -0.2}, "target_delta_coin = 0.0: must be at most upper = -0.2"),
    ],
)
def test_settings_that_are_wrong_are_refused_by_name(values: dict[str, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        POLICIES["band"].params(values)


def test_an_unknown_policy_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ValueError, match="policy = 'bend': must be one of band, time, theta_offset"):
        policy_named("bend")
    assert policy_named("band") is POLICIES["band"]


def test_lelands_policy_is_for_the_lab_and_refused_live() -> None:
    with pytest.raises(
        ValueError, match="policy = 'leland': is for lab and backtest only; must be one of band"
    ):
        live_policy("leland")
    assert live_policy("time") is POLICIES["time"]
    assert "leland" not in LIVE_POLICIES


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_is_valid_for_its_policy_and_names_its_source(name: str) -> None:
    preset = PRESETS[name]
    policy = POLICIES[preset.policy]
    assert isinstance(preset.params, policy.params_type)
    policy.validate(preset.params, 0.0)
    assert preset.source


def test_the_fmz_preset_hedges_to_zero_beyond_its_step() -> None:
    preset, policy = PRESETS["fmz"], POLICIES["band"]
    decided = policy.decide(preset.params, policy.initial_memory, book(0.25))
    assert decided[1:] == (0.0, Reason.STEP)
