"""Which parameters a book's policy obeys now, by the calendar: its own or a profile's; what scales its band.

A profile changes parameters, never the book: delta is not born of it and the policy keeps its memory. A timed
override widens or narrows the band until it lapses. All times are market time.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec

from hedger.domain.vocabulary import Severity
from hedger.engine.records import Overridden
from hedger.policies.calendar import Calendar, Moment, at, next_change, spoken

if TYPE_CHECKING:  # both hold what this file defines
    from hedger.engine.settings import BookSettings
    from hedger.engine.state import BookState, Step


@dataclass(slots=True)
class ProfileState:
    """What the calendar says of a book, looked up once per change, and the override in force."""

    calendar: Calendar = field(default_factory=Calendar)
    moment: Moment = field(default_factory=Moment)
    change_ms: float = -math.inf  # from then on `moment` is to be looked up again; infinite: never
    following: Moment | None = None  # what is in force then
    override: Overridden | None = None
    text: str = ""  # what decisions say of all this, written when it changes

    @property
    def band_scale(self) -> float:
        """By how much the override widens the band."""
        return 1.0 if self.override is None else self.override.factor


class ProfileView(msgspec.Struct, frozen=True):
    """The profile in force, what comes next, and what scales the band."""

    name: str = ""  # empty: the book's own parameters
    window: str = ""  # of the schedule, which chose it
    available: tuple[str, ...] = ()  # profiles that are configured
    blackout: str = ""  # the blackout window that holds now; empty: none
    centre_before_ms: int | None = None  # market time of the announced event that is near
    next_change_ms: int | None = None  # market time; None: nothing is scheduled
    next_change: str = ""  # what begins or ends then
    band_scale: float = 1.0  # override times soft limit: what the band's distances are multiplied by
    soft_scale: float = 1.0  # of the envelope's soft limits alone
    override_factor: float | None = None  # by which a person scaled the band; None: nobody did
    override_until_ms: int | None = None  # market time
    override_by: str = ""  # who
    override_reason: str = ""  # why


def install(book: BookState) -> None:
    """Obey the book's settings as they are now; the calendar is looked up at the next step."""
    profile = book.profile
    profile.calendar = book.settings.schedule.calendar()
    profile.change_ms = -math.inf


def advance(book: BookState, step: Step) -> None:
    """Let an override lapse, and put the parameters of another profile in force when its time has come."""
    profile, now_ms = book.profile, step.now.market_ms
    if profile.override is not None and now_ms >= profile.override.until_ms:
        step.note(Severity.INFO, "override_lapsed", book=book.name, factor=profile.override.factor)
        set_override(profile, None)
    if now_ms < profile.change_ms:
        return
    before, profile.moment = profile.moment, at(profile.calendar, now_ms)
    change = next_change(profile.calendar, now_ms)
    profile.change_ms, profile.following = (math.inf, None) if change is None else change
    profile.text = _text(profile)
    book.params = params_of(book.settings, book.policy.params_type, profile.moment.profile)
    if profile.moment != before:
        detail = spoken_change(before, profile.moment)
        step.note(Severity.INFO, "schedule", book=book.name, profile=profile.moment.profile, detail=detail)


def set_override(profile: ProfileState, override: Overridden | None) -> None:
    """Put an override in force, or end it."""
    profile.override = override
    profile.text = _text(profile)


def params_of(settings: BookSettings, params_type: Any, profile: str) -> Any:
    """The book's own Params, with those of a profile above them."""
    return params_type(**{**settings.policy_params, **settings.profiles.get(profile, {})})


def band_scale(book: BookState) -> float:
    """What the distances of the band are multiplied by now."""
    return book.soft_scale * book.profile.band_scale


def told(book: BookState) -> str:
    """What a decision adds to its sentence: whatever of schedule, override and soft limit had a say in it."""
    parts = [book.profile.text] if book.profile.text else []
    if book.soft_scale != 1.0:
        parts.append(f"band x{book.soft_scale:g} by a soft limit")
    return f" ({'; '.join(parts)})" if parts else ""


def _text(profile: ProfileState) -> str:
    moment = profile.moment
    parts = []
    if moment.profile:
        parts.append(f"profile {moment.profile}")
    if moment.blackout:
        parts.append(f"blackout {moment.blackout}")
    if moment.centre_ms:
        parts.append(f"event at {spoken(moment.centre_ms)}")
    if parts and profile.following is not None:
        parts.append(f"next {spoken(int(profile.change_ms))}: {spoken_change(moment, profile.following)}")
    if profile.override is not None:
        parts.append(f"band x{profile.override.factor:g} until {spoken(profile.override.until_ms)}")
    return "; ".join(parts)


def spoken_change(now: Moment, then: Moment) -> str:
    """What begins and ends between two moments, for a person."""
    parts = []
    if then.profile != now.profile:
        parts.append(f"profile {then.profile}" if then.profile else "the book's own parameters")
    if then.blackout != now.blackout:
        parts.append(f"blackout {then.blackout}" if then.blackout else "the blackout ends")
    if then.centre_ms != now.centre_ms:
        near = f"to the target before {spoken(then.centre_ms)}" if then.centre_ms else "the announced event"
        parts.append(near)
    return ", ".join(parts) or f"profile {then.profile} by {then.slot}"


def view(book: BookState) -> ProfileView:
    """As status shows it."""
    profile, moment, override = book.profile, book.profile.moment, book.profile.override
    following = profile.following
    return ProfileView(
        name=moment.profile,
        window=moment.slot,
        available=tuple(book.settings.profiles),
        blackout=moment.blackout,
        centre_before_ms=moment.centre_ms or None,
        next_change_ms=None if following is None else int(profile.change_ms),
        next_change="" if following is None else spoken_change(moment, following),
        band_scale=band_scale(book),
        soft_scale=book.soft_scale,
        override_factor=None if override is None else override.factor,
        override_until_ms=None if override is None else override.until_ms,
        override_by="" if override is None else override.by,
        override_reason="" if override is None else override.reason,
    )
