"""The calendar of a book: which profile is in force, when no hedge is sent, what is announced. All times UTC.

    DAYS HH:MM-HH:MM            every week: "sat,sun 00:00-24:00", "mon-fri 07:55-08:05", "daily 22:00-02:00"
    FROM/TO                     once: "2026-12-24/2026-12-27", "2026-12-01T09:00/2026-12-01T10:30"

A window that ends before it begins ends on the next day. Times are market time, milliseconds.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from hedger.domain.instants import ms_of, utc
from hedger.domain.time_units import DAY_MS, MINUTE_MS

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
WEEK_MS = 7 * DAY_MS
MONDAY_MS = 4 * DAY_MS  # 1970-01-05, the first Monday of the epoch
MOST_WINDOWS = 200

_HOURS = re.compile(r"(?P<h1>\d\d):(?P<m1>\d\d)-(?P<h2>\d\d):(?P<m2>\d\d)")
_RIGHT = '"DAYS HH:MM-HH:MM", like "sat,sun 00:00-24:00", or "FROM/TO", like "2026-12-24/2026-12-27T12:00"'
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d)?Z?")


class Window(NamedTuple):
    """Times of which `text` speaks: `spans` within a week from Monday, or once where `once`; ms."""

    text: str
    once: bool
    spans: tuple[tuple[int, int], ...]

    def holds(self, ms: int) -> bool:
        """Whether a moment lies in the window; its end does not."""
        at = ms if self.once else (ms - MONDAY_MS) % WEEK_MS
        return any(start <= at < end for start, end in self.spans)

    def edges(self, ms: int) -> Iterator[int]:
        """Moments later than `ms` at which the window begins or ends, the next of each."""
        for edge in (edge for span in self.spans for edge in span):
            if not self.once:
                yield ms + ((edge - (ms - MONDAY_MS)) % WEEK_MS or WEEK_MS)
            elif edge > ms:
                yield edge


class Slot(NamedTuple):
    """A profile and when it is in force."""

    window: Window
    profile: str


class Announced(NamedTuple):
    """An event before which delta is to be at its target: from `lead_ms` before it on."""

    at_ms: int
    lead_ms: int

    def holds(self, ms: int) -> bool:
        return self.at_ms - self.lead_ms <= ms < self.at_ms


class Calendar(NamedTuple):
    """Everything that is scheduled for a book; of several slots that hold, the first counts."""

    slots: tuple[Slot, ...] = ()
    blackouts: tuple[Window, ...] = ()
    announced: tuple[Announced, ...] = ()


class Moment(NamedTuple):
    """What the calendar says at one moment."""

    profile: str = ""  # empty: the book's own parameters
    slot: str = ""  # the window that chose it
    blackout: str = ""  # the window that forbids a hedge; empty: none
    centre_ms: int = 0  # the announced event that is near; 0: none


def at(calendar: Calendar, ms: int) -> Moment:
    """What is in force at a moment."""
    slot = next((slot for slot in calendar.slots if slot.window.holds(ms)), None)
    blackout = next((window.text for window in calendar.blackouts if window.holds(ms)), "")
    centre_ms = min((event.at_ms for event in calendar.announced if event.holds(ms)), default=0)
    return Moment(slot.profile if slot else "", slot.window.text if slot else "", blackout, centre_ms)


def next_change(calendar: Calendar, ms: int) -> tuple[int, Moment] | None:
    """The first later moment at which something else is in force, and what; None: never again."""
    now = at(calendar, ms)
    for edge in sorted(set(_edges(calendar, ms))):
        then = at(calendar, edge)
        if then != now:
            return edge, then
    return None


def _edges(calendar: Calendar, ms: int) -> Iterator[int]:
    for window in (*(slot.window for slot in calendar.slots), *calendar.blackouts):
        yield from window.edges(ms)
    for event in calendar.announced:
        yield from (edge for edge in (event.at_ms - event.lead_ms, event.at_ms) if edge > ms)


def parse_slots(texts: Sequence[str]) -> tuple[Slot, ...]:
    """ "WINDOW PROFILE" each. Raises ValueError naming the text and what would be right."""
    slots = []
    for text in texts:
        window, _, profile = text.strip().rpartition(" ")
        if not window:
            raise ValueError(
                f"{text!r}: must be a window and the name of a profile: {_RIGHT} before the name"
            )
        slots.append(Slot(parse_window(window), profile))
    return tuple(slots)


def parse_windows(texts: Sequence[str]) -> tuple[Window, ...]:
    """Raises ValueError naming the text and what would be right."""
    return tuple(parse_window(text) for text in texts)


def parse_window(text: str) -> Window:
    """A window every week or once. Raises ValueError naming the text and what would be right."""
    words = text.split()
    if len(words) == 2 and (hours := _HOURS.fullmatch(words[1])) is not None:
        start, end = _minutes(text, hours["h1"], hours["m1"]), _minutes(text, hours["h2"], hours["m2"])
        if start == end or start == 1_440:
            raise ValueError(f"{text!r}: must end at another time than it begins, and begin before 24:00")
        return Window(" ".join(words), False, _weekly(_days(text, words[0]), start, end))
    if len(words) == 1 and words[0].count("/") == 1:
        first, last = (parse_moment(word) for word in words[0].split("/"))
        if first >= last:
            raise ValueError(f"{text!r}: must end after it begins")
        return Window(words[0], True, ((first, last),))
    raise ValueError(f"{text!r}: must be {_RIGHT}")


def parse_announced(texts: Sequence[str]) -> tuple[Announced, ...]:
    """ "TIME MINUTES" each: "2026-12-01T09:00 15". Raises ValueError naming the text."""
    events = []
    for text in texts:
        words = text.split()
        if len(words) != 2 or not words[1].isdigit() or not 1 <= int(words[1]) <= 1_440:
            raise ValueError(f'{text!r}: must be "TIME MINUTES" with 1 to 1440 minutes before it, UTC')
        events.append(Announced(parse_moment(words[0]), int(words[1]) * MINUTE_MS))
    return tuple(events)


def parse_moment(text: str) -> int:
    """Market time in ms of "2026-12-24" or "2026-12-24T09:00", UTC. Raises ValueError."""
    try:
        if _MOMENT.fullmatch(text) is None:
            raise ValueError(text)
        moment = datetime.fromisoformat(text.removesuffix("Z")).replace(tzinfo=UTC)
    except ValueError:
        raise ValueError(f"{text!r}: must be a time in UTC like 2026-12-24 or 2026-12-24T09:00") from None
    return ms_of(moment)


def spoken(ms: int) -> str:
    """ "Sat 2026-12-26 00:00 UTC"."""
    return f"{utc(ms):%a %Y-%m-%d %H:%M} UTC"


def _minutes(text: str, hours: str, minutes: str) -> int:
    total = int(hours) * 60 + int(minutes)
    if int(minutes) > 59 or total > 1_440:
        raise ValueError(f"{text!r}: times go from 00:00 to 24:00")
    return total


def _days(text: str, word: str) -> list[int]:
    if word == "daily":
        return list(range(7))
    days: dict[int, None] = {}
    for part in word.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last and last not in DAYS) or part.endswith("-"):
            raise ValueError(f"{text!r}: days are daily, {', '.join(DAYS)}, or ranges like mon-fri")
        start, end = DAYS.index(first), DAYS.index(last or first)
        days.update(dict.fromkeys((start + i) % 7 for i in range((end - start) % 7 + 1)))
    return sorted(days)


def _weekly(days: list[int], start: int, end: int) -> tuple[tuple[int, int], ...]:
    """Spans from Monday 00:00; one that passes the end of the week goes on at its beginning."""
    spans: list[tuple[int, int]] = []
    for day in days:
        begin = day * DAY_MS + start * MINUTE_MS
        over = begin + ((end - start) % 1_440 or 1_440) * MINUTE_MS
        spans.append((begin, min(over, WEEK_MS)))
        if over > WEEK_MS:
            spans.append((0, over - WEEK_MS))
    return tuple(spans)
