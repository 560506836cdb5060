"""Units of time of the local exchange, which shares none of hedger's values."""

from __future__ import annotations

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS

DAY_MINUTES = 1_440
DAY_S = 86_400
YEAR_DAYS = 365
YEAR_S = YEAR_DAYS * DAY_S

EXPIRY_OF_DAY_MS = 8 * HOUR_MS  # 08:00 UTC (deribit.md 11)
