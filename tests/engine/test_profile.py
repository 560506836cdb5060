"""Profiles, blackouts, announced events and timed overrides, through the whole engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from hedger.domain.vocabulary import Action, Reason
from hedger.engine import effects as fx
from hedger.engine import events as ev
from hedger.engine.decision import Decision
from hedger.engine.records import Overridden, SettingChanged
from hedger.engine.settings import Edit
from hedger.policies.calendar import parse_moment
from hedger.policies.schedule import Schedule
from hedger.risk.envelope import Envelope
from tests.engine.rig import Rig, settings

HOUR_S = 3_600.0
BAND = {"lower": -0.1, "upper": 0.1, "hard_lower": -50.0, "hard_upper": 50.0}
WIDE = {"calm": {"lower": -5.0, "upper": 5.0}}
THURSDAY = "2026-01-01"  # the rig starts at its 00:00 UTC


def hedged(**keywords: object) -> Rig:
    """A book that has been hedged to its edge."""
    rig = Rig(**{**BAND, **keywords})  # type: ignore[arg-type]
    rig.start()
    if rig.placed:
        rig.step(*rig.fill_of(rig.placed[-1]))
    return rig


def later(rig: Rig, seconds: float, index: float | None = None) -> None:
    """Time passes, and the market has moved."""
    rig.wait(seconds)
    rig.move(rig.index if index is None else index)


def last_hedge(rig: Rig) -> Decision:
    decision = rig.engine.view(rig.now).books[0].last_hedge
    assert decision is not None
    return decision


def override(factor: float = 2.0, duration_s: float = 4 * HOUR_S, book: str = "btc") -> ev.OverrideGiven:
    return ev.OverrideGiven(book=book, factor=factor, duration_s=duration_s, by="cli:desk", reason="CPI")


# --- the schedule ----------------------------------------------------------------------------------------


def test_a_profile_is_in_force_in_its_window_and_the_books_own_parameters_after_it() -> None:
    rig = Rig(profiles=WIDE, schedule=Schedule(profiles=("thu 00:00-06:00 calm",)), **BAND)
    rig.start()
    assert (rig.last.reason, rig.last.upper_coin) == (Reason.WITHIN_BAND, 5.0)
    assert "profile calm; next Thu 2026-01-01 06:00 UTC: the book's own parameters" in rig.last.detail
    assert not rig.placed

    later(rig, 6 * HOUR_S)
    assert (last_hedge(rig).reason, last_hedge(rig).upper_coin) == (Reason.OUTSIDE_BAND, 0.1)
    assert "profile" not in last_hedge(rig).detail


def test_the_view_shows_the_profile_in_force_and_what_comes_next() -> None:
    rig = Rig(profiles=WIDE, schedule=Schedule(profiles=("thu 00:00-06:00 calm",)), **BAND)
    rig.start()
    shown = rig.engine.view(rig.now).books[0].profile
    assert (shown.name, shown.window, shown.available) == ("calm", "thu 00:00-06:00", ("calm",))
    assert (shown.next_change, shown.next_change_ms) == (
        "the book's own parameters",
        parse_moment("2026-01-01T06:00"),
    )


def test_a_change_of_profile_is_said_and_gives_birth_to_no_delta() -> None:
    rig = hedged(profiles=WIDE, schedule=Schedule(profiles=("thu 06:00-12:00 calm",)))
    before = rig.engine.view(rig.now).books[0].profile
    assert (before.name, before.next_change) == ("", "profile calm")
    orders = len(rig.placed)

    later(rig, 6 * HOUR_S, 100_500.0)
    assert (len(rig.placed), rig.last.reason) == (orders, Reason.WITHIN_BAND)
    assert "schedule" in rig.notes()


def test_no_hedge_is_sent_in_a_blackout_until_delta_is_beyond_the_hard_limit() -> None:
    limits = {"lower": -0.1, "upper": 0.1, "hard_lower": -0.5, "hard_upper": 0.5}
    rig = hedged(schedule=Schedule(blackouts=("daily 01:00-03:00",)), **limits)
    orders = len(rig.placed)
    later(rig, 1.5 * HOUR_S, 101_000.0)
    assert (rig.last.action, rig.last.reason) == (Action.WAIT, Reason.BLACKOUT)
    assert "blackout daily 01:00-03:00; next Thu 2026-01-01 03:00 UTC: the blackout ends" in rig.last.detail
    assert len(rig.placed) == orders

    later(rig, 60.0, 103_000.0)
    assert len(rig.placed) == orders + 1
    assert last_hedge(rig).reason is Reason.HARD_LIMIT


def test_what_waited_in_a_blackout_is_hedged_when_it_ends() -> None:
    rig = hedged(schedule=Schedule(blackouts=("daily 01:00-03:00",)))
    orders = len(rig.placed)
    later(rig, 1.5 * HOUR_S, 101_000.0)
    later(rig, 1.5 * HOUR_S)
    assert (last_hedge(rig).reason, len(rig.placed)) == (Reason.OUTSIDE_BAND, orders + 1)


@pytest.mark.parametrize("policy", ["band", "theta_offset"])
def test_before_an_announced_event_the_book_goes_to_its_target_once(policy: str) -> None:
    params = BAND if policy == "band" else {}
    rig = Rig(policy=policy, schedule=Schedule(centre_before=("2026-01-01T01:00 10",)), **params)
    rig.start()
    rig.step(*rig.fill_of(rig.placed[-1]))
    orders = len(rig.placed)
    later(rig, 49 * 60.0, 99_950.0)
    assert len(rig.placed) == orders

    later(rig, 90.0)
    assert last_hedge(rig).reason is Reason.CENTRE_BEFORE
    assert "event at Thu 2026-01-01 01:00 UTC" in last_hedge(rig).detail
    rig.step(*rig.fill_of(rig.placed[-1]))
    assert abs(rig.delta) < 1e-3

    later(rig, 60.0, 100_100.0)
    assert len(rig.placed) == orders + 1  # once, not at every tick until the event


def test_a_maximum_interval_hedges_inside_the_band_and_says_so() -> None:
    rig = hedged(max_interval_s=HOUR_S)
    later(rig, HOUR_S)
    assert (len(rig.placed), last_hedge(rig).reason) == (2, Reason.MAX_INTERVAL)


def test_a_band_in_sigmas_follows_gamma_and_volatility() -> None:
    rig = Rig(unit=2, below_sigmas=1.0, above_sigmas=1.0)
    rig.start()
    before = rig.last.upper_coin
    assert before == pytest.approx(0.355, abs=0.005)  # ten calls like theory's EX-INV
    rig.iv = 0.8
    later(rig, 10.0)
    after = rig.last.upper_coin
    assert before is not None
    assert after is not None
    assert after > before


def test_a_band_in_equity_is_a_share_of_the_account() -> None:
    rig = Rig(unit=1, below_equity_pct=1.0, above_equity_pct=2.0)
    rig.start(equity="10")
    assert (rig.last.lower_coin, rig.last.upper_coin) == pytest.approx((-0.1, 0.2))


# --- timed overrides -------------------------------------------------------------------------------------


def test_an_override_widens_the_band_is_shown_with_its_end_and_lapses() -> None:
    rig = hedged(lower=-0.2, upper=0.2)
    rig.step(override())
    shown = rig.engine.view(rig.now).books[0].profile
    assert (shown.override_factor, shown.override_by, shown.override_reason) == (2.0, "cli:desk", "CPI")
    assert shown.override_until_ms == rig.market_ms + 4 * 3_600_000
    later(rig, 60.0, 100_600.0)
    assert (rig.last.upper_coin, rig.last.reason) == (pytest.approx(0.4), Reason.WITHIN_BAND)
    assert "band x2 until Thu 2026-01-01 04:00 UTC" in rig.last.detail

    later(rig, 4 * HOUR_S)
    assert (last_hedge(rig).upper_coin, len(rig.placed)) == (0.2, 2)
    assert "override_lapsed" in rig.notes()
    assert rig.engine.view(rig.now).books[0].profile.override_factor is None


def test_an_override_is_journalled_and_found_again_after_a_restart_until_its_end() -> None:
    rig = hedged()
    rig.step(override())
    (record,) = [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, Overridden)]
    assert (record.factor, record.until_ms - record.market_ms) == (2.0, 4 * 3_600_000)

    again = Rig(**BAND)
    again.start(overrides={"btc": record})
    assert again.last.upper_coin == pytest.approx(0.2)
    late = Rig(**BAND)
    late.wait(5 * HOUR_S)
    late.start(overrides={"btc": record})
    assert late.last.upper_coin == 0.1


def test_an_override_can_be_ended_and_what_ended_stays_ended() -> None:
    rig = hedged()
    rig.step(override())
    rig.step(ev.OverrideCleared(book="", by="cli:desk", reason="calm again"))
    assert rig.engine.view(rig.now).books[0].profile.band_scale == 1.0
    records = [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, Overridden)]
    assert [r.factor for r in records] == [2.0, 1.0]
    again = Rig(**BAND)
    again.start(overrides={"btc": records[-1]})
    assert again.last.upper_coin == 0.1


def test_what_was_told_in_this_run_counts_more_than_what_the_journal_held() -> None:
    rig = Rig(**BAND)
    rig.step(override(3.0))
    old = Overridden(
        market_ms=0, book="btc", factor=2.0, until_ms=rig.market_ms + 3_600_000, by="cli:desk", reason="old"
    )
    rig.start(overrides={"btc": old})
    assert rig.engine.view(rig.now).books[0].profile.override_factor == 3.0


@pytest.mark.parametrize(
    "event",
    [override(20.0), override(0.0), override(2.0, 59.0), override(2.0, 8 * 86_400.0), override(book="x")],
)
def test_an_override_out_of_bounds_or_of_no_book_changes_nothing(event: ev.OverrideGiven) -> None:
    rig = hedged()
    rig.step(event)
    assert rig.engine.view(rig.now).books[0].profile.override_factor is None
    assert "override_refused" in rig.notes()


def test_override_and_soft_limit_multiply_and_the_hard_limit_stands() -> None:
    nearly = Envelope(max_order_usd=2_000_000.0, max_turnover_hour_usd=400_000.0)  # 357,000 were traded
    rig = hedged(hard_lower=-0.3, hard_upper=0.3, envelope=nearly)
    later(rig, 2.0)  # the guard looks once a second
    rig.step(override())
    later(rig, 10.0)
    shown = rig.engine.view(rig.now).books[0]
    assert (shown.profile.band_scale, shown.profile.soft_scale) == (4.0, 2.0)
    assert shown.band.upper == pytest.approx(0.3)
    assert "band x2 by a soft limit" in rig.last.detail


def test_new_settings_bring_their_own_profiles_and_keep_the_override() -> None:
    rig = hedged()
    rig.step(override())
    fresh = settings(profiles=WIDE, schedule=Schedule(profiles=("daily 00:00-24:00 calm",)), **BAND)
    rig.step(ev.SettingsApplied(settings=fresh))
    shown = rig.engine.view(rig.now).books[0]
    assert (shown.profile.name, shown.band.upper) == ("calm", pytest.approx(10.0))


# --- keys set while running ------------------------------------------------------------------------------


def test_a_key_set_on_the_daemon_is_journalled_with_the_settings_and_shown() -> None:
    rig = hedged()
    edit = Edit(key="books.btc.band.upper", value="0.3", since_ms=rig.market_ms, by="cli:desk")
    change = ev.SettingChange(key=edit.key, value="0.3", before="0.1", by="cli:desk", reason="CPI")
    fresh = replace(settings(config_hash="beef", **{**BAND, "upper": 0.3}), edits=(edit,))
    rig.step(ev.SettingsApplied(settings=fresh, changes=(change,)))

    (record,) = [r for write in rig.of(fx.Write) for r in write.records if isinstance(r, SettingChanged)]
    assert (record.key, record.value, record.before, record.config_hash) == (edit.key, "0.3", "0.1", "beef")
    (shown,) = rig.engine.view(rig.now).edits
    assert (shown.key, shown.value, shown.since_ms, shown.by) == (edit.key, "0.3", edit.since_ms, "cli:desk")
    assert "setting_changed" in rig.notes()
