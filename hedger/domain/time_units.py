"""Units of time, each in the unit its name ends with; market time is in milliseconds since 1970, UTC.

Two places keep their own: `pricing`, which imports nothing of hedger, and the local exchange
(`simulator.time_units`), which is written independently. A limit that happens to be a day long has a name of
its own where it holds.
"""

from __future__ import annotations

MINUTE_S = 60
HOUR_S = 60 * MINUTE_S
DAY_S = 24 * HOUR_S

MINUTE_MS = 1_000 * MINUTE_S
HOUR_MS = 1_000 * HOUR_S
DAY_MS = 1_000 * DAY_S

YEAR_DAYS = 365
"""The exchange's year (see `pricing.black76`)."""
YEAR_S = YEAR_DAYS * DAY_S

EXPIRY_HOUR_UTC = 8
"""Deribit settles and delivers at 08:00 UTC (deribit.md 11); its day begins there."""
EXPIRY_OF_DAY_MS = EXPIRY_HOUR_UTC * HOUR_MS

FUNDING_PERIOD_MS = 8 * HOUR_MS
"""What `funding_8h` is the rate of."""
FUNDINGS_PER_DAY = DAY_MS // FUNDING_PERIOD_MS
