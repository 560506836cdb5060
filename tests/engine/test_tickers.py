"""What the picture tells of the market beside the marks."""

from __future__ import annotations

import msgspec

from hedger.engine import events as ev
from tests.engine.rig import CALL, Rig


def test_a_held_option_shows_what_is_bid_and_what_nobody_asks() -> None:
    rig = Rig()
    rig.start({CALL: "-10"})
    quoted = msgspec.structs.replace(rig.option_quote(CALL).quote, bid=0.0415, bid_amount=3.0)
    rig.step(ev.Quoted(quoted))
    held = next(p for p in rig.engine.view(rig.now).books[0].positions if p.instrument == CALL)
    assert (held.bid, held.mark, held.ask) == (0.0415, quoted.mark, None)


def test_the_hedge_instrument_is_quoted_before_anything_is_held_in_it() -> None:
    rig = Rig()
    rig.step(rig.listed(CALL), rig.link_up())
    assert rig.engine.view(rig.now).books[0].ticker is None, "nothing was told yet"

    rig.step(rig.perp_quote(bid=99_999.0, bid_amount=20_000.0, ask=None, ask_amount=0.0))
    ticker = rig.engine.view(rig.now).books[0].ticker
    assert ticker is not None
    assert (ticker.bid, ticker.bid_amount) == (99_999.0, 20_000.0)
    assert (ticker.ask, ticker.ask_amount) == (None, None), "nobody asks: not a size of zero"
