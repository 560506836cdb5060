"""Parameters that several policies have, described once."""

from __future__ import annotations

from hedger.domain.keys import Key

WINDOW_S = Key("s", "observation window, aligned to 00:00 UTC of 1970", least=60, most=604_800)
COST_BPS = Key(
    "bps", "one-way cost of a hedge: taker fee and half the spread over the price", above=0, most=500
)
