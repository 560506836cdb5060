"""What a restored journal does not know: the runs between its copy and its loss, and the labels they gave.

A label that was sent and never traded is in nothing the venue tells afterwards, so the next run could give it
again. Every account therefore goes on from an epoch that no run can have reached: the seconds since 2020.
"""

from __future__ import annotations

import time

EPOCH_ZERO_S = 1_577_836_800  # 2020-01-01: a PostgreSQL integer holds the seconds since then until 2088

RAISE_EPOCHS = """
    INSERT INTO epochs (venue, environment, account_id, epoch, market_ms)
    SELECT venue, environment, account_id, :epoch, max(market_ms) FROM epochs
    GROUP BY venue, environment, account_id HAVING max(epoch) < :epoch
"""
"""For either database."""


def now() -> dict[str, int]:
    """The parameters of `RAISE_EPOCHS`."""
    return {"epoch": int(time.time()) - EPOCH_ZERO_S}
